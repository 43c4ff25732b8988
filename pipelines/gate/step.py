"""Gathers the signals of one version, judges them, and leaves the evidence."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict

from pipelines import specs
from pipelines.contracts import names
from pipelines.contracts.learning import LABELS, REGIME, Case, Labels, Regime
from pipelines.contracts.regression import REGRESSION
from pipelines.contracts.result import GateResult
from pipelines.contracts.spec import ModelSpec
from pipelines.errors import RefusedError
from pipelines.gate.checks import INPUT_SNAPSHOT, examine, leak
from pipelines.gate.evidence import Facts, shortened, shown, write
from pipelines.gate.gather import Evidence, Rows, gather
from pipelines.gate.judge import decide, findings
from pipelines.gate.regression import regression
from pipelines.gate.score import Clock
from pipelines.gate.signals import Check, Signals
from pipelines.lake.golden import freeze, with_parts
from pipelines.lake.history import history
from pipelines.lake.labels import join
from pipelines.lake.labels import read as read_labels
from pipelines.lake.lake import Lake
from pipelines.publication import code_hash, digest, publish_once
from pipelines.registry import ModelVersion, Registry
from pipelines.registry.store import ARTEFACT_HASH, CHAMPION, TRAIN_KEY
from pipelines.settings import Settings
from pipelines.tasks import task

_CODE = ("pipelines.gate", "pipelines.evaluation", "pipelines.extraction", "pipelines.measures")


class GateSpec(BaseModel):
    """What is judged: a version, by the policy of today's model.yaml."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    model: ModelSpec
    version: int


def run(
    spec: GateSpec,
    *,
    registry: Registry,
    lake: Lake,
    settings: Settings,
    clock: Clock = time.process_time,
    cases: Sequence[Case] = (),
) -> GateResult:
    """Judges a version against the champion of now, once for all that the verdict depends on.

    Writes `runs/gate/<model>/<key>/`: evidence.json (signals, policy, findings, verdict),
    table.md, differences.json (ten rows where the two differ), pictures; and regression.json,
    where there are `cases`: past errors that reviewers settled. The checks are made anew every
    time. A version whose training answers an incident says so in its tags: it is judged on the
    rows since that began. Raises NotFoundError for a version that is not there, RefusedError for
    the champion itself.
    """
    version = registry.resolve(spec.model.name, spec.version)
    champion = _champion(version, registry)
    checks, data = _checked(version, spec.model, registry, lake, settings)
    rows = data.rows if data else None
    key = _key(spec, version, champion, checks, rows, cases)
    folder = settings.runs / "gate" / spec.model.name / key

    def make(aside: Path) -> None:
        signals, evidence = Signals(first=champion is None, checks=checks), Evidence()
        if data is not None and all(check.passed for check in checks):
            both = [version] if champion is None else [version, champion]
            signals, evidence = gather(
                lambda: [registry.load(one) for one in both],
                data.rows,
                checks,
                spec.model,
                size_mb=_megabytes(registry.folder(version)),
                clock=clock,
                history=_history(spec.model, lake),
            )
            if cases:
                models = [registry.load(one) for one in both]
                told = regression(cases, models, data.published, data.trained, spec.model)
                text = told.model_dump_json(indent=1) + "\n"
                (aside / REGRESSION).write_text(text, encoding="utf-8")
        found = findings(signals, spec.model.gate)
        facts = Facts(
            model=version.model,
            version=version.version,
            champion=champion.version if champion else None,
            tags=dict(version.tags),
            golden_snapshot_id=rows.golden_snapshot_id if rows else None,
            policy=spec.model.gate,
            signals=signals,
            findings=found,
            verdict=decide(found),
        )
        _publish(aside, facts, evidence, settings.relative(folder))

    publish_once(folder, make)
    return GateResult.model_validate_json((folder / "result.json").read_bytes())


def _publish(aside: Path, facts: Facts, evidence: Evidence, home_folder: str) -> None:
    signals = facts.signals
    result = GateResult(
        model=facts.model,
        version=facts.version,
        champion=facts.champion,
        verdict=shortened(facts.verdict),
        table=shown(signals),
        evidence_dir=home_folder,
        evidence_hash=write(aside, facts, evidence.differences),
        golden_rows=signals.golden.n if signals.golden else 0,
        recent_rows=signals.recent.n if signals.recent else 0,
        golden_snapshot_id=facts.golden_snapshot_id,
    )
    (aside / "result.json").write_text(result.model_dump_json(indent=1), encoding="utf-8")


def _megabytes(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def _champion(version: ModelVersion, registry: Registry) -> ModelVersion | None:
    if CHAMPION in version.aliases:
        raise RefusedError(
            f"version {version.version} of {version.model!r} is the champion: there is nothing "
            "to compare it with. Give another version."
        )
    versions = registry.versions(version.model)
    return next((one for one in versions if CHAMPION in one.aliases), None)


def _checked(
    version: ModelVersion, spec: ModelSpec, registry: Registry, lake: Lake, settings: Settings
) -> tuple[list[Check], "_Data | None"]:
    """The checks, and the rows to score where the version says what it was trained on."""
    checks = examine(version, spec, registry=registry, lake=lake)
    if not all(check.passed for check in checks):
        return checks, None
    key, snapshot = specs.key(spec), int(version.tags[INPUT_SNAPSHOT])
    published = lake.read(names.published_table(spec.dataset), snapshot_id=snapshot)
    if LABELS in version.tags:
        # What reviewers said is the truth of the tested documents too, as it was of the trained.
        labels = Labels.model_validate_json(version.tags[LABELS])
        published = join(published, read_labels(lake, spec, labels, snapshot, key), key)
    split = pq.read_table(registry.split_file(version)).to_pydict()
    parts = dict(zip(split[key], split[names.PART], strict=True))
    rows = with_parts(published, key, parts).sort_by(key)
    tested = rows.filter(pc.is_in(rows[names.PART], pa.array(names.TEST_PARTS)))
    trained = rows.filter(pc.equal(rows[names.PART], names.TRAIN))
    policy = spec.gate
    golden = freeze(lake, settings, spec.name, key, tested, snapshot, policy.golden_rows)
    found, sound = leak(golden.rows, trained, spec)
    regime = _regime(version)
    if regime is None:
        recent = _recent(tested, policy.recent_days, policy.min_rows)
    else:
        recent = tested.filter(pc.greater_equal(tested[names.DAY], regime.since))
    return [*checks, found], _Data(
        Rows(golden.rows.filter(sound), golden.snapshot_id, recent, regime),
        published,
        frozenset(trained[key].to_pylist()),
    )


@dataclass(frozen=True)
class _Data:
    rows: Rows
    published: pa.Table
    """With the labels that the version was made with."""
    trained: frozenset[str]
    """Keys of the rows that it was trained on."""


def _regime(version: ModelVersion) -> Regime | None:
    told = version.tags.get(REGIME)
    return None if told is None else Regime.model_validate_json(told)


def _recent(tested: pa.Table, days: int, least: int) -> pa.Table:
    """Rows of the newest `days` days that have any, of more where they are fewer than `least`."""
    counted: dict[str, int] = {}
    for day in tested[names.DAY].to_pylist():
        counted[day] = counted.get(day, 0) + 1
    kept: list[str] = []
    for day in sorted(counted, reverse=True):
        if len(kept) >= days and sum(counted[one] for one in kept) >= least:
            break
        kept.append(day)
    return tested.filter(pc.is_in(tested[names.DAY], pa.array(kept, pa.string())))


def _history(spec: ModelSpec, lake: Lake) -> partial[pa.Table] | None:
    if spec.history is None:
        return None
    columns = task(spec.task).input_columns(spec)
    return partial(history, lake, spec, columns=columns)


def _key(
    spec: GateSpec,
    version: ModelVersion,
    champion: ModelVersion | None,
    checks: list[Check],
    rows: Rows | None,
    cases: Sequence[Case],
) -> str:
    """Names the verdict by all that it depends on but the time of an answer."""
    tags = version.tags
    return digest(
        str(version.version),
        tags.get(TRAIN_KEY, ""),
        tags.get(ARTEFACT_HASH, ""),
        f"{champion.version} {champion.tags.get(ARTEFACT_HASH)}" if champion else "",
        str(rows.golden_snapshot_id) if rows else "",
        json.dumps([check.model_dump() for check in checks]),
        spec.model.model_dump_json(exclude={"review", "corrections", "monitoring"}),
        tags.get(REGIME, ""),
        code_hash(*_CODE),
        *(case.model_dump_json() for case in cases),
    )[:32]
