"""What of the registry does not agree with the ledger, or lacks its card; and its repair."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from pipelines.contracts.decision import Change, LedgerRow, Person, Why
from pipelines.contracts.spec import ModelSpec
from pipelines.errors import RefusedError
from pipelines.governance import card, promotion, rules, standing
from pipelines.governance.reconcile import moved
from pipelines.opsdb import ledger
from pipelines.opsdb.database import OpsDb
from pipelines.registry import Registry
from pipelines.registry.store import AUTHOR, CHAMPION
from pipelines.settings import Settings

Kind = Literal["no_card", "no_ledger_row", "moved_by_hand", "unfinished", "gone"]


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it should be; `version` is what the registry names, if any."""

    kind: Kind
    model: str
    version: int | None
    text: str


def audit(db: OpsDb, registry: Registry) -> list[Finding]:
    """Everything that is not as it should be, by model. Only reads."""
    with db.read() as session:
        all_rows = ledger.rows(session)
    found: list[Finding] = []
    for model in sorted({*registry.models(), *(row.model for row in all_rows)}):
        found += _of_model(model, [row for row in all_rows if row.model == model], db, registry)
    return found


def _of_model(model: str, rows: list[LedgerRow], db: OpsDb, registry: Registry) -> list[Finding]:
    versions = promotion.known(registry, model)
    found = [
        Finding("no_card", model, number, f"{model} version {number} has no model card")
        for number, version in sorted(versions.items())
        if card.missing(version, registry)
    ]
    for row in promotion.unnoted(rows, versions):
        text = f"{model}: ledger row {row.sequence} was not carried out to the end"
        found.append(Finding("unfinished", model, row.to_version, text))
    champion = promotion.aliased(versions, CHAMPION)
    if not rows and champion is not None:
        text = f"{model}: champion {champion} stands on no ledger row: nobody approved it"
        found.append(Finding("no_ledger_row", model, champion, text))
    for alias, wanted in standing.aliases(rows).items():
        if wanted is not None and wanted not in versions:
            text = f"{model}: version {wanted} is the {alias} by the ledger, and is not registered"
            found.append(Finding("gone", model, wanted, text))
    if rows and not any(one.kind in {"unfinished", "gone"} for one in found):
        found += [
            Finding("moved_by_hand", model, one.registry, one.text)
            for one in moved(db, registry, model)
        ]
    return found


def repair(
    findings: list[Finding],
    *,
    db: OpsDb,
    registry: Registry,
    spec: Callable[[str], ModelSpec],
) -> list[str]:
    """Lets the aliases follow the ledger and makes the missing cards; says what it did.

    A champion without any ledger row loses its alias: nobody approved it. `adopt` keeps it.
    """
    done: list[str] = []
    for model in sorted({one.model for one in findings if one.kind != "no_card"}):
        kinds = {one.kind for one in findings if one.model == model}
        if "no_ledger_row" in kinds:
            registry.point(model, CHAMPION, None)
            done.append(f"{model}: alias champion was taken away")
        elif "gone" not in kinds:
            done += promotion.follow(db, registry, model)
    for one in findings:
        if one.kind == "no_card" and one.version is not None:
            version = registry.resolve(one.model, one.version)
            card.write(version, spec=spec(one.model), db=db, registry=registry)
            done.append(f"{one.model} version {one.version}: card made")
    return done


def adopt(
    finding: Finding,
    person: Person,
    why: Why,
    os_user: str | None,
    *,
    spec: ModelSpec,
    db: OpsDb,
    registry: Registry,
    settings: Settings,
    now: datetime,
) -> LedgerRow:
    """Takes the champion that the registry names into the ledger, on a named person's word.

    For models that were live before there was a ledger, and for a hand that was right. The rules
    of an approval hold: a named approver who did not make it. Raises RefusedError.
    """
    if finding.kind not in {"no_ledger_row", "moved_by_hand"} or finding.version is None:
        raise RefusedError(f"there is nothing to adopt: {finding.text}. Try --repair.")
    version = registry.resolve(finding.model, finding.version)
    if CHAMPION not in version.aliases:
        raise RefusedError(
            f"{finding.text}. Only a champion can be adopted; run: millrace audit --repair"
        )
    allowed = rules.approvers(spec, settings.admins)
    author = version.tags.get(AUTHOR, "")
    if refused := rules.refuse_person(person, finding.model, finding.version, author, allowed):
        raise RefusedError(refused)
    registry.load(version)
    with db.write() as session:
        ledger.lock(session)
        current = standing.champion(ledger.rows(session, finding.model))
        change = Change(
            kind="adopt",
            model=finding.model,
            from_version=current,
            to_version=finding.version,
            person=person,
            why=why,
            via="cli",
            os_user=os_user,
            at=now,
            request_id=None,
            evidence_hash=None,
            **promotion.lineage(version),
        )
        row = promotion.append(session, change, expected=current)
    promotion.follow(db, registry, finding.model)
    card.write(version, spec=spec, db=db, registry=registry)
    return row
