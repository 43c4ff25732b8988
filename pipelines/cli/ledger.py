"""The ledger of decisions, and whether the registry agrees with it."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer
from pydantic import BaseModel

from pipelines.cli.desk import checked, desk, os_user
from pipelines.cli.output import counted, print_table
from pipelines.errors import BadDataError, MisconfiguredError

if TYPE_CHECKING:
    from pipelines.contracts.decision import LedgerRow
    from pipelines.opsdb.database import OpsDb
    from pipelines.registry import Registry
    from pipelines.settings import Settings


class LedgerAction(StrEnum):
    """What to do with the ledger."""

    show = "show"
    verify = "verify"


def register(app: typer.Typer) -> None:
    for command in (ledger, reconcile, audit):
        app.command()(command)


def ledger(
    action: Annotated[LedgerAction, typer.Argument(help="show or verify")] = LedgerAction.show,
    model: Annotated[str | None, typer.Argument(help="Only this model's rows.")] = None,
) -> None:
    """Shows every change of champion, or verifies that none was altered, removed or moved.

    Examples: [bold]millrace ledger show receipts[/bold]; [bold]millrace ledger verify[/bold],
    which exits non-zero where something is wrong.
    """
    from pipelines.governance.verify import verify
    from pipelines.opsdb import ledger as rows_of

    _, db, registry = desk(None)
    if action is LedgerAction.verify:
        count, faults = verify(db, registry)
        for fault in faults:
            typer.echo(fault)
        if faults:
            raise BadDataError(
                f"the ledger is not sound: {counted(len(faults), 'fault')}. Compare it with a "
                "backup, and find out who had the database's password."
            )
        chain = ", each follows the one before" if count > 1 else ""
        typer.echo(f"{counted(count, 'row')}{chain}; head and registry agree")
        return
    with db.read() as session:
        found = rows_of.rows(session, model)
    head = ["row", "when", "model", "change", "version", "who", "why", "hash"]
    print_table("Ledger", head, [_row(row) for row in found])


def reconcile() -> None:
    """Finishes changes of champion that a crash left half done.

    Example: [bold]millrace reconcile[/bold]
    """
    from pipelines.governance.reconcile import moved
    from pipelines.governance.reconcile import reconcile as finish

    _, db, registry = desk(None)
    for line in finish(db, registry) or ["nothing was left half done"]:
        typer.echo(line)
    for one in moved(db, registry):
        typer.echo(f"{one.text}; see: millrace audit")


def audit(
    repair: Annotated[
        bool, typer.Option("--repair", help="Let aliases follow the ledger; make missing cards.")
    ] = False,
    adopt: Annotated[
        str | None, typer.Option("--adopt", help="Model whose champion the ledger shall take in.")
    ] = None,
    person: Annotated[str | None, typer.Option("--as", help="Who adopts.")] = None,
    why: Annotated[str | None, typer.Option("--why", help="Why it is adopted.")] = None,
) -> None:
    """Lists versions without card, champions without ledger row, aliases moved by hand.

    Examples: [bold]millrace audit[/bold] only looks; [bold]millrace audit --repair[/bold];
    [bold]millrace audit --adopt receipts --as ben --why "live before there was a ledger"[/bold]
    """
    from pipelines import specs
    from pipelines.governance import audit as auditing

    settings, db, registry = desk(None)
    if adopt is not None:
        _adopt(adopt, person, why, settings, db, registry)
    if repair:
        findings = auditing.audit(db, registry)
        done = auditing.repair(findings, db=db, registry=registry, spec=specs.model)
        for line in done or ["nothing to repair"]:
            typer.echo(line)
    left = auditing.audit(db, registry)
    for one in left:
        typer.echo(f"{one.kind}: {one.text}")
    if left:
        raise BadDataError(
            f"{counted(len(left), 'finding')}. `millrace audit --repair` lets the aliases follow "
            "the ledger and makes the cards; `--adopt MODEL --as NAME --why TEXT` takes a champion "
            "in."
        )
    typer.echo("every version has its card, every champion its ledger row")


def _adopt(
    model: str,
    person: str | None,
    why: str | None,
    settings: "Settings",
    db: "OpsDb",
    registry: "Registry",
) -> None:
    from pipelines import specs
    from pipelines.contracts.decision import Person, Why
    from pipelines.governance import audit as auditing

    class Word(BaseModel):
        person: Person
        why: Why

    if person is None or why is None:
        raise MisconfiguredError("an adoption is a decision: say --as NAME and --why TEXT.")
    word = checked(Word, person=person, why=why)
    kinds = {"no_ledger_row", "moved_by_hand"}
    found = [one for one in auditing.audit(db, registry) if one.model == model]
    finding = next((one for one in found if one.kind in kinds), None)
    if finding is None:
        raise MisconfiguredError(
            f"{model} has no champion that the ledger lacks. `millrace audit` lists what there is."
        )
    row = auditing.adopt(
        finding,
        word.person,
        word.why,
        os_user(),
        spec=specs.model(model),
        db=db,
        registry=registry,
        settings=settings,
        now=datetime.now(UTC),
    )
    typer.echo(f"{model} version {row.to_version} adopted, ledger row {row.sequence}")


def _row(row: "LedgerRow") -> list[str]:
    return [
        str(row.sequence),
        f"{row.at:%Y-%m-%d %H:%M:%S}Z",
        row.model,
        row.kind,
        f"{row.from_version or '–'} → {row.to_version}",
        f"{row.person} ({row.via})",
        row.why,
        row.hash[:12],
    ]
