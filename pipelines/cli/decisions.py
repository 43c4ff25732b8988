"""The decisions about versions, as a named person: the same path and rules as in Airflow's pages.

On a laptop whoever owns the home may act as any named user: `--as` says as whom, and the account
of the operating system is recorded beside it.
"""

import getpass
import os
import tempfile
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from pydantic import BaseModel, ValidationError
from rich.console import Console

from pipelines.cli.output import print_table
from pipelines.errors import BadDataError, MisconfiguredError

if TYPE_CHECKING:
    from pipelines.contracts.decision import DecisionResult, LedgerRow
    from pipelines.contracts.result import FeaturesResult, TrainResult
    from pipelines.contracts.spec import ModelSpec
    from pipelines.governance.reproduce import Reads
    from pipelines.opsdb.database import OpsDb
    from pipelines.registry import Registry
    from pipelines.settings import Settings

Model = Annotated[str, typer.Argument(help="Name of the model.")]
Version = Annotated[str, typer.Argument(help="Number of the version, or an alias of it.")]
Person = Annotated[str, typer.Option("--as", help="The named user who decides.")]
Why = Annotated[str, typer.Option("--why", help="The reason, as it will stand on record.")]


class LedgerAction(StrEnum):
    """What to do with the ledger."""

    show = "show"
    verify = "verify"


def register(app: typer.Typer) -> None:
    for command in (approve, reject, rollback, ledger, reconcile, audit, reproduce):
        app.command()(command)


def approve(
    model: Model,
    version: Version,
    person: Person,
    why: Why,
    shadow: Annotated[
        bool, typer.Option("--shadow", help="Score it beside the champion, unseen.")
    ] = False,
    override: Annotated[
        bool,
        typer.Option("--override-inconclusive", help="Promote although the gate could not decide."),
    ] = False,
) -> None:
    """Makes a judged version the champion.

    Example: [bold]millrace approve receipts 2 --as ben --why "totals are better"[/bold]
    """
    choice: Literal["shadow", "promote"] = "shadow" if shadow else "promote"
    _show(_decide(model, version, choice, person, why, override))


def reject(model: Model, version: Version, person: Person, why: Why) -> None:
    """Rejects a version that waits for a decision.

    Example: [bold]millrace reject receipts 2 --as ben --why "addresses are worse"[/bold]
    """
    _show(_decide(model, version, "reject", person, why, False))


def rollback(
    model: Model,
    person: Person,
    why: Why,
    to: Annotated[
        str | None, typer.Option("--to", help="Version; default: the champion before this one.")
    ] = None,
) -> None:
    """Makes an earlier champion the champion again.

    Example: [bold]millrace rollback receipts --as ben --why "dates came out wrong"[/bold]
    """
    from pipelines import specs
    from pipelines.gate.preflight import answer_golden
    from pipelines.governance import rollback as going_back
    from pipelines.lake.lake import Lake

    settings, db, registry = _desk(model)
    word = _checked(going_back.Rollback, person=person, why=why, via="cli", os_user=_os_user())
    lake, spec = Lake.open(settings), specs.model(model)
    prepared = going_back.preflight(
        model,
        None if to is None else registry.resolve(model, to).version,
        spec=spec,
        db=db,
        registry=registry,
        score=lambda artefact: answer_golden(artefact, lake),
    )
    for line in prepared.seen:
        typer.echo(line)
    _show(
        going_back.rollback(
            word,
            prepared,
            spec=spec,
            db=db,
            registry=registry,
            settings=settings,
            now=datetime.now(UTC),
        )
    )


def ledger(
    action: Annotated[LedgerAction, typer.Argument(help="show or verify")] = LedgerAction.show,
    model: Annotated[str | None, typer.Argument(help="Only this model's rows.")] = None,
) -> None:
    """Shows every change of champion, or verifies that none was altered or removed.

    Example: [bold]millrace ledger verify[/bold]
    """
    from pipelines.governance.verify import verify
    from pipelines.opsdb import ledger as rows_of

    _, db, registry = _desk(None)
    if action is LedgerAction.verify:
        count, faults = verify(db, registry)
        for fault in faults:
            typer.echo(fault)
        if faults:
            raise BadDataError(
                f"the ledger is not sound: {len(faults)} faults. Compare it with a backup, and "
                "find out who had the database's password."
            )
        typer.echo(f"{count} rows, each follows the one before; head and registry agree")
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

    _, db, registry = _desk(None)
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

    Example: [bold]millrace audit --repair[/bold]
    """
    from pipelines import specs
    from pipelines.governance import audit as auditing

    settings, db, registry = _desk(None)
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
            f"{len(left)} findings. `millrace audit --repair` lets the aliases follow the ledger "
            "and makes the cards; `--adopt MODEL --as NAME --why TEXT` takes a champion in."
        )
    typer.echo("every version has its card, every champion its ledger row")


def reproduce(model: Model, version: Version) -> None:
    """Trains a version again from its recorded snapshots and compares the files.

    Example: [bold]millrace reproduce receipts 2[/bold]
    """
    from pipelines import settings
    from pipelines.governance.reproduce import reproduce as train_again
    from pipelines.lake.lake import Lake
    from pipelines.registry import Registry

    current = settings.load()
    registry = Registry.open(current)
    chosen = registry.resolve(model, version)
    with tempfile.TemporaryDirectory(prefix="millrace-reproduce-") as scratch:
        found = train_again(
            chosen,
            registry=registry,
            lake=Lake.open(current),
            scratch=Path(scratch),
            train=partial(_train, plant=chosen.tags.get("plant")),
        )
    typer.echo(f"{model} version {chosen.version}: features {found.features}")
    typer.echo(f"registered {found.registered_hash}")
    typer.echo(f"trained    {found.trained_hash}")
    for line in found.differences:
        typer.echo(f"differs: {line}")
    if not found.same:
        raise BadDataError(
            "the files are not the same. Check out the registered revision with its "
            "requirements.txt, and try again."
        )
    typer.echo("the same, byte for byte")


def _train(
    spec: "ModelSpec",
    features: "FeaturesResult",
    lake: "Reads",
    scratch: Path,
    *,
    plant: str | None,
) -> "TrainResult":
    from pipelines.settings import Settings
    from pipelines.training.step import TrainSpec, run

    # Of the lake a training only reads, and it is handed the rows.
    reads: Any = lake
    again = TrainSpec(model=spec, features=features, plant=plant)
    return run(again, lake=reads, settings=Settings(home=scratch))


def _decide(
    model: str,
    version: str,
    choice: Literal["promote", "reject", "shadow"],
    person: str,
    why: str,
    override: bool,
) -> "DecisionResult":
    from pipelines import specs
    from pipelines.contracts.decision import Answer
    from pipelines.governance.decide import decide

    settings, db, registry = _desk(model)
    answer = _checked(
        Answer,
        model=model,
        version=registry.resolve(model, version).version,
        choice=choice,
        person=person,
        why=why,
        via="cli",
        os_user=_os_user(),
        override=override,
    )
    return decide(
        answer,
        spec=specs.model(model),
        db=db,
        registry=registry,
        settings=settings,
        now=datetime.now(UTC),
    )


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
    word = _checked(Word, person=person, why=why)
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
        _os_user(),
        spec=specs.model(model),
        db=db,
        registry=registry,
        settings=settings,
        now=datetime.now(UTC),
    )
    typer.echo(f"{model} version {row.to_version} adopted, ledger row {row.sequence}")


def _desk(model: str | None) -> "tuple[Settings, OpsDb, Registry]":
    """Settings, operations database and registry, after finishing what a crash left."""
    from pipelines import settings
    from pipelines.governance.reconcile import reconcile as finish
    from pipelines.opsdb.database import OpsDb
    from pipelines.registry import Registry

    current = settings.load()
    db, registry = OpsDb.open(current), Registry.open(current)
    if model is not None:
        for line in finish(db, registry, model):
            Console(stderr=True, soft_wrap=True).print(line, highlight=False, markup=False)
    return current, db, registry


def _checked(kind: Any, **content: Any) -> Any:
    """An answer of this content; says which option does not fit."""
    try:
        return kind(**content)
    except ValidationError as error:
        options = {"person": "--as"}
        said = "; ".join(
            f"{options.get(str(one['loc'][0]), '--' + str(one['loc'][0]))}: {one['msg']}"
            for one in error.errors()
        )
        raise MisconfiguredError(
            f"{said}. Give a user's name like `ben`, and a reason of at least three letters."
        ) from error


def _os_user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # an account without a name
        return str(os.getuid())


def _show(result: "DecisionResult") -> None:
    name = f"{result.model} version {result.version}"
    row = f", ledger row {result.sequence}" if result.sequence else ""
    said = {
        "promote": f"{name} is the champion",
        "shadow": f"{name} runs as shadow",
        "reject": f"{name} is rejected",
    }[result.choice]
    if result.choice == "promote" and result.champion != result.version:
        said = f"{name} was promoted before; the champion is version {result.champion} now"
    typer.echo(f"{said}: {result.person}, {result.why}{row}")


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
