"""A home with decisions, a ledger and the gate's evidence, for the pages that show them."""

import json
from datetime import timedelta
from hashlib import sha256

from factories.corrections import correction, write
from factories.operations import NOW, answer, change
from fakes.registry import FakeRegistry

from pipelines import specs
from pipelines.contracts.correction import Correction, RetrainReason
from pipelines.contracts.decision import PLATFORM
from pipelines.contracts.learning import LABELS, Case, Labels
from pipelines.contracts.regression import REGRESSION, Answered, Regression, Tally
from pipelines.contracts.result import Comparison, GateResult
from pipelines.contracts.verdict import Verdict
from pipelines.corrections import hold, training
from pipelines.governance import promotion
from pipelines.governance.decide import ask, decide
from pipelines.opsdb import corrections, ledger
from pipelines.opsdb.database import OpsDb
from pipelines.settings import Settings

POLICY = {
    "level": 0.05, "margin": 0.01, "field_margin": 0.03, "field_margins": {"date": 0.02},
    "slice_margin": 0.05, "floor": 0.7, "field_floor": 0.5, "field_floors": {},
    "min_slice_rows": 20,
}  # fmt: skip
_GAINS = {
    ("all", "overall"): (0.031, 0.008),
    ("all", "company"): (0.082, 0.03),
    ("all", "date"): (0.0, 0.011),
    ("all", "address"): (-0.041, 0.019),
    ("all", "total"): (0.012, 0.034),
    ("seen_group", "overall"): (0.011, 0.016),
    ("unseen_group", "overall"): (0.044, 0.015),
}


def compared(first: bool) -> list[dict]:
    """One set as evidence.json has it."""
    found = []
    for (part, field), (gain, half) in _GAINS.items():
        score = 0.85 if field != "total" else 0.71
        found.append({
            "slice": part,
            "field": field,
            "n": 103 if part == "all" else 51,
            "champion": None if first else score,
            "candidate": score + gain,
            "difference": None if first else gain,
            "error": half / 1.6,
            "low": (score if first else 0) + gain - half,
            "high": (score if first else 0) + gain + half,
            "gain_low": 0.0,
        })
    return found


def difference(index: int, **different) -> dict:
    """One answer as differences.json has it."""
    return {
        "row": f"{index:032x}",
        "field": "company",
        "champion": "ACME TRADING",
        "candidate": "ACME TRADING SDN BHD",
        "truth": "ACME TRADING SDN BHD",
        "better": "candidate",
    } | different


def settle(home: Settings, version: int, answer: str = "9.00") -> None:
    """Leaves three settled errors beside a version's evidence, of which one came back."""
    one = Case(
        document_id="r-17", content_hash=None, field="total", before="20.00", wanted="11.30",
        model_version=1, correction_id=4, adjudicated=True,
    )  # fmt: skip
    whole = Tally(cases=3, candidate=2, champion=1)
    found = Regression(
        overall=whole,
        fields={"total": whole},
        untrained=Tally(cases=1, candidate=1, champion=0),
        gone=0,
        came_back=[Answered(case=one, candidate=answer, champion="11.30")],
    )
    folder = home.runs / "gate" / "receipts" / f"{version:032x}"
    (folder / REGRESSION).write_text(found.model_dump_json())


def judge(home: Settings, version: int, champion: int | None, decision: str, **given) -> GateResult:
    """What the gate hands over, with its folder in the home."""
    reasons = given.get("reasons") or [f"Overall is a reason to {decision}."]
    lines = compared(champion is None)
    group = {"n": 103, "unit": "documents", "compared": lines}
    content = {
        "version": version,
        "policy": POLICY,
        "signals": {"golden": group, "recent": group},
        "findings": [
            {"name": f"n{at}", "outcome": "passed", "sentence": reason}
            for at, reason in enumerate(reasons)
        ],
    }
    folder = home.runs / "gate" / "receipts" / f"{version:032x}"
    folder.mkdir(parents=True)
    raw = json.dumps(content).encode()
    (folder / "evidence.json").write_bytes(raw)
    differences = given.get("differences", [difference(at) for at in range(10)])
    (folder / "differences.json").write_text(json.dumps([] if champion is None else differences))
    known = set(Comparison.model_fields) - {"rows"}
    return GateResult(
        model="receipts",
        version=version,
        champion=champion,
        verdict=Verdict(decision=decision, reasons=reasons, more_rows=given.get("more_rows")),
        table=[Comparison(rows="golden", **{name: one[name] for name in known}) for one in lines],
        evidence_dir=home.relative(folder),
        evidence_hash=sha256(raw).hexdigest(),
        golden_rows=103,
        recent_rows=103,
        golden_snapshot_id=5,
    )


def lived(home: Settings, db: OpsDb, *, why: str = "better on totals", **given) -> FakeRegistry:
    """Version 1 live, then 2, back to 1 by a rollback; 3 rejected by the gate, 4 waits."""
    spec = specs.model("receipts").model_copy(update={"approvers": ["ben", "dee"]})
    registry = FakeRegistry(spec, versions=(1, 2, 3, 4))
    registry.settings = home
    rest = {"spec": spec, "db": db, "registry": registry, "settings": home}
    for version, champion, decision in (
        (1, None, "promote"), (2, 1, "promote"), (3, 1, "reject"), (4, 1, "inconclusive"),
    ):  # fmt: skip
        now = NOW + timedelta(hours=version)
        result = judge(home, version, champion, decision, **given)
        ask(result, author="cy", db=db, registry=registry, now=now, hours=72)
        if version < 3:
            decide(answer(version, why=why), now=now + timedelta(minutes=20), **rest)
        if version == 2:
            back = change(1, kind="rollback", from_version=2, why=why, at=now + timedelta(hours=1))
            with db.write() as session:
                ledger.lock(session)
                promotion.append(session, back, expected=2)
            promotion.follow(db, registry, "receipts")
    return registry


FIGURE = (
    "the model is better without: by 12.5% of the golden score, surely by more than 6.1%, for 40 "
    "labels"
)
"""Why a reviewer is held back whom a training without him showed."""


def hold_back(
    db: OpsDb, registry: FakeRegistry, version: int, *, before=("gus",), after=("bob",), why=FIGURE
) -> None:
    """A version that learnt from three reviewers of whom some were held back before it was trained
    and some after it; of one word of his each took one back."""
    spec = registry.spec
    said = [
        correction(f"doc-{number}", field, after="8.00", reviewer=name)
        for number, (name, field) in enumerate(
            (name, field)
            for name in ("ann", "bob", "gus")
            for field in ("total", "date", "company")
        )
    ]
    written = write(db, *said)
    with db.write() as session:
        for row in written[::3]:
            taken_back = row.model_copy(update={"key": f"undo-{row.key}"})
            corrections.write(
                session, Correction(**taken_back.model_dump(exclude={"correction_id", "undoes"})),
                undoes=row.correction_id,
            )  # fmt: skip
        for name in before:
            hold.hold(session, spec.name, name, why, PLATFORM, NOW)
        reason = RetrainReason(key="hand", kind="hand", detail="By hand.", person="cy", at=NOW)
        request = training.start(session, spec, "run-1", (), NOW, reason)
        training.finish(session, spec.name, "run-1", version, None, NOW)
        for name in after:
            hold.hold(session, spec.name, name, why, PLATFORM, NOW)
    labels = Labels(
        snapshot_id=1, key="k", until=request.labels_until, batches=[1], documents=4, labels=4
    )
    registry.tag(registry.resolve(spec.name, version), LABELS, labels.model_dump_json())
    # Said later, so no part of the version.
    write(db, correction("doc-99", reviewer="gus"))
