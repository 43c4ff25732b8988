"""`millrace monitor`: the reference of a model, how it stands, its alerts, and the breaker."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli.desk import Model, Person, Why
from pipelines.cli.monitored import row_of, say_calibration, say_incident, say_more
from pipelines.cli.output import counted, print_table

if TYPE_CHECKING:
    from pipelines.contracts.monitoring import BreakerRow
    from pipelines.opsdb.database import OpsDb

commands = typer.Typer(
    name="monitor", help="Live models: how they stand, alerts, and the breaker.",
    no_args_is_help=True,
)  # fmt: skip
MaybeModel = Annotated[str | None, typer.Argument(help="Name of a model; without it every one.")]


def register(app: typer.Typer) -> None:
    """Adds `monitor` with its commands."""
    app.add_typer(commands)


@commands.command()
def calibrate(
    model: Model,
    window: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"],
            metavar="DAY",
            help="Makes it of the days before this one, 2026-01-31; default: the newest.",
        ),
    ] = None,
) -> None:
    """Makes a new reference of past days; says what it would find and how often it errs.

    Example: [bold]millrace monitor calibrate card_fraud[/bold]
    """
    from pipelines import settings, specs
    from pipelines.cli.runs import finish, follow_run
    from pipelines.opsdb import monitoring
    from pipelines.opsdb.database import OpsDb

    specs.model(model)
    conf = {"calibrate": True} | ({} if window is None else {"window": f"{window:%Y-%m-%d}"})
    finish(follow_run(f"monitor__{model}", conf))
    with OpsDb.open(settings.load()).read() as session:
        found = monitoring.calibration(session, model)
    if found is not None:
        say_calibration(found)


@commands.command()
def status(model: MaybeModel = None) -> None:
    """Of each model: the verdict, since when, what moved, open alerts, and whether it is scored.

    Example: [bold]millrace monitor status[/bold]
    """
    from pipelines import settings, specs
    from pipelines.monitoring.timeline import standings

    names = [specs.model(model).name] if model is not None else specs.model_names()
    found, notes = standings(names, settings.load())
    for note in notes:
        typer.echo(note, err=True)
    head = ["model", "verdict", "since", "window", "moved", "open alerts", "scoring"]
    print_table("Models", head, [row_of(one) for one in found])
    for one in found:
        say_more(one)


@commands.command()
def alerts(
    model: MaybeModel = None,
    everything: Annotated[bool, typer.Option("--all", help="Those that are over too.")] = False,
) -> None:
    """Incidents: what moved since when, why it may be, what was done, and the runbook.

    Example: [bold]millrace monitor alerts card_fraud --all[/bold]
    """
    from pipelines import settings, specs
    from pipelines.governance.records import nothing_there
    from pipelines.opsdb import incidents
    from pipelines.opsdb.database import OpsDb

    name = None if model is None else specs.model(model).name
    current, found = settings.load(), []
    if not nothing_there(current):
        with OpsDb.open(current).read() as session:
            found = incidents.latest(session, name)
    shown = [one for one in found if everything or one.closed_at is None]
    if not shown:
        over = f"; of {counted(len(found), 'alert')} that ended --all tells" if found else ""
        typer.echo(f"no alert is open{over}")
    for one in shown:
        say_incident(one)


@commands.command()
def pause(model: Model, person: Person, why: Why) -> None:
    """Stops scoring of a model until somebody lets it go on.

    Example: [bold]millrace monitor pause card_fraud --as ben --why "the source sends zeros"[/bold]
    """
    from pipelines.monitoring.response import breaker

    row = _turned(breaker.pause, model, person, why)
    typer.echo(f"scoring of {model} is paused by {row.person}. {breaker.way_on(model)}")


@commands.command()
def resume(model: Model, person: Person, why: Why) -> None:
    """Lets scoring of a model go on. It never does so by itself.

    Example: [bold]millrace monitor resume card_fraud --as ben --why "the source is mended"[/bold]
    """
    from pipelines.monitoring.response import breaker

    row = _turned(breaker.resume, model, person, why)
    typer.echo(
        f"scoring of {model} goes on, by {row.person}. What was published meanwhile is scored "
        f"by the next run: millrace run score {model}"
    )


def _turned(
    turn: "Callable[[OpsDb, str, str, str, datetime], BreakerRow]",
    model: str,
    person: str,
    why: str,
) -> "BreakerRow":
    from pipelines import settings, specs
    from pipelines.cli.desk import checked
    from pipelines.contracts.decision import Turned
    from pipelines.opsdb.database import OpsDb

    known, said = specs.model(model).name, checked(Turned, person=person, why=why)
    db = OpsDb.open(settings.load())
    return turn(db, known, said.person, said.why, datetime.now(UTC))
