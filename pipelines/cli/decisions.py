"""The decisions about versions, as a named person: same path and rules as in Airflow's pages."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from pipelines.cli.desk import Model, Person, Version, Why, checked, desk, os_user
from pipelines.cli.notice import tell_airflow

if TYPE_CHECKING:
    from pipelines.contracts.decision import DecisionResult


def register(app: typer.Typer) -> None:
    for command in (approve, reject, rollback):
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
    """Makes a judged version the champion, or runs it as shadow.

    Examples: [bold]millrace approve receipts 2 --as ben --why "totals are better"[/bold];
    [bold]millrace approve receipts candidate --shadow --as ben --why "a week beside it"[/bold]
    """
    choice: Literal["shadow", "promote"] = "shadow" if shadow else "promote"
    _decide(model, version, choice, person, why, override)


def reject(model: Model, version: Version, person: Person, why: Why) -> None:
    """Rejects a version that waits for a decision.

    Example: [bold]millrace reject receipts 2 --as ben --why "addresses are worse"[/bold]
    """
    _decide(model, version, "reject", person, why, False)


def rollback(
    model: Model,
    person: Person,
    why: Why,
    to: Annotated[
        str | None, typer.Option("--to", help="Version; default: the champion before this one.")
    ] = None,
) -> None:
    """Makes an earlier champion the champion again, after looking whether it can answer today.

    Examples: [bold]millrace rollback receipts --as ben --why "dates came out wrong"[/bold];
    [bold]millrace rollback receipts --to 3 --as ben --why "4 and 5 misread totals"[/bold]
    """
    from pipelines import specs
    from pipelines.gate.preflight import answer_golden
    from pipelines.governance import rollback as going_back
    from pipelines.lake.lake import Lake

    settings, db, registry = desk(model)
    word = checked(going_back.Rollback, person=person, why=why, via="cli", os_user=os_user())
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
    result = going_back.rollback(
        word,
        prepared,
        spec=spec,
        db=db,
        registry=registry,
        settings=settings,
        now=datetime.now(UTC),
    )
    _show(result)
    tell_airflow(result, db)


def _decide(
    model: str,
    version: str,
    choice: Literal["promote", "reject", "shadow"],
    person: str,
    why: str,
    override: bool,
) -> None:
    from pipelines import specs
    from pipelines.contracts.decision import Answer
    from pipelines.governance.decide import decide

    settings, db, registry = desk(model)
    answer = checked(
        Answer,
        model=model,
        version=registry.resolve(model, version).version,
        choice=choice,
        person=person,
        why=why,
        via="cli",
        os_user=os_user(),
        override=override,
    )
    result = decide(
        answer,
        spec=specs.model(model),
        db=db,
        registry=registry,
        settings=settings,
        now=datetime.now(UTC),
    )
    _show(result)
    tell_airflow(result, db)


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
