"""`millrace monitor`: the reference of a model, how it stands, its alerts, and the breaker."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from pipelines.cli.desk import Model, Person, Why
from pipelines.cli.output import counted, print_table

if TYPE_CHECKING:
    from pipelines.contracts.monitoring import BreakerRow, Calibration, Incident, Limit
    from pipelines.monitoring.timeline import Standing
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
        str | None,
        typer.Option(help="Makes it of the days before this one, 2026-01-31; default: the newest."),
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
    conf = {"calibrate": True} | ({} if window is None else {"window": window})
    finish(follow_run(f"monitor__{model}", conf))
    with OpsDb.open(settings.load()).read() as session:
        found = monitoring.calibration(session, model)
    if found is not None:
        _say_calibration(found)


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
        Console(stderr=True, soft_wrap=True).print(note, highlight=False, markup=False)
    head = ["model", "verdict", "since", "window", "moved", "open alerts", "scoring"]
    print_table("Models", head, [_standing(one) for one in found])
    for one in found:
        _say_more(one)


@commands.command()
def alerts(
    model: MaybeModel = None,
    everything: Annotated[bool, typer.Option("--all", help="Those that are over too.")] = False,
) -> None:
    """Incidents: what moved since when, why it may be, what was done, and the runbook.

    Example: [bold]millrace monitor alerts card_fraud --all[/bold]
    """
    from pipelines import settings, specs
    from pipelines.opsdb import incidents
    from pipelines.opsdb.database import OpsDb

    name = None if model is None else specs.model(model).name
    with OpsDb.open(settings.load()).read() as session:
        found = incidents.latest(session, name)
    shown = [one for one in found if everything or one.closed_at is None]
    console = Console(soft_wrap=True)
    if not shown:
        over = "" if everything or not found else f"; {len(found)} are over: --all shows them"
        console.print(f"no alert is open{over}", highlight=False)
    for one in shown:
        _say_incident(one, console)


@commands.command()
def pause(model: Model, person: Person, why: Why) -> None:
    """Stops scoring of a model until somebody lets it go on.

    Example: [bold]millrace monitor pause card_fraud --as ben --why "the source sends zeros"[/bold]
    """
    from pipelines.monitoring.response import breaker

    row = _turn(model, person, why, breaker.pause)
    typer.echo(
        f"scoring of {row.model} is paused by {row.person}. To let it go on: "
        f"millrace monitor resume {model} --as NAME --why …"
    )


@commands.command()
def resume(model: Model, person: Person, why: Why) -> None:
    """Lets scoring of a model go on. It never does so by itself.

    Example: [bold]millrace monitor resume card_fraud --as ben --why "the source is mended"[/bold]
    """
    from pipelines.monitoring.response import breaker

    row = _turn(model, person, why, breaker.resume)
    typer.echo(
        f"scoring of {row.model} goes on, by {row.person}. What was published meanwhile is scored "
        f"by the next run: millrace run score {model}"
    )


def _turn(
    model: str,
    person: str,
    why: str,
    how: "Callable[[OpsDb, str, str, str, datetime], BreakerRow]",
) -> "BreakerRow":
    from pipelines import settings, specs
    from pipelines.cli.desk import checked
    from pipelines.contracts.decision import Turned
    from pipelines.opsdb.database import OpsDb

    said = checked(Turned, person=person, why=why)
    db = OpsDb.open(settings.load())
    return how(db, specs.model(model).name, said.person, said.why, datetime.now(UTC))


def _say_calibration(found: "Calibration") -> None:
    console = Console(soft_wrap=True)
    policy = found.policy
    # Named by its days, for people; stored under its content.
    console.print(
        f"reference of {found.model}: {counted(len(found.days), 'day')}, {found.days[0]} to "
        f"{found.days[-1]} ({found.reference})",
        highlight=False,
    )
    console.print(
        f"expected false alarms: {found.false_alarms_per_month:.2f} a month, "
        f"{policy.false_alarms_per_month:g} are wanted at most",
        highlight=False,
    )
    if found.false_alarms_per_month > policy.false_alarms_per_month:
        console.print(
            f"  {len(found.days)} days are too short a past to promise less; "
            f"{policy.reference_days} are asked for",
            highlight=False,
        )
    console.print(
        f"an alarm needs {policy.alarm_windows} of {counted(policy.of_windows, 'window')} of "
        f"{counted(policy.window_days, 'day')}; found within two windows, 95 times of 100:",
        highlight=False,
    )
    kinds = {bins.name: bins.kind for bins in found.binning.columns}
    rows = [[one.name, *_smallest(one, kinds.get(one.name, "volume"))] for one in found.limits]
    print_table("Smallest shift that is found", ["column", "shift", "more missing"], rows)
    lost = sorted(kinds.keys() - {one.name for one in found.limits})
    if lost:
        said = f"without a limit, for their past is too short: {', '.join(lost)}"
        console.print(said, highlight=False)


def _smallest(one: "Limit", kind: str) -> list[str]:
    shift, missing = one.smallest_shift, one.past.get("smallest_missing")
    if kind == "volume":
        what = "lost" if one.name.endswith("/rows") else "refused"
        return ["none that was tried" if shift is None else f"{shift:.1%} of the rows {what}", ""]
    if shift is None:
        said = "none that was tried"
    elif kind == "category":
        said = f"{shift:.1%} of the rows change their value"
    else:
        said = f"{shift:.2f} of its spread"
    return [said, "none that was tried" if missing is None else f"{missing:.1%} of the rows"]


def _standing(one: "Standing") -> list[str]:
    name, window = one.spec.name, one.window
    scoring = "paused" if one.paused else "on"
    if window is None:
        return [name, "not judged yet", "", "", "", _open(one), scoring]
    verdict = window.verdict
    severity = f" ({verdict.severity})" if verdict.severity else ""
    moved = ", ".join(verdict.moved[:3]) + (
        f" and {len(verdict.moved) - 3} more" if len(verdict.moved) > 3 else ""
    )
    # The windows past their limit before there were enough of them for an alarm are in it.
    began = [incident.since for incident in one.incidents] if verdict.moved else []
    since = min([*began, *([one.since] if one.since else [])], default="")
    return [
        name, f"{verdict.decision}{severity}", since, window.window, moved or "nothing",
        _open(one), scoring,
    ]  # fmt: skip


def _open(one: "Standing") -> str:
    return ", ".join(sorted(incident.kind for incident in one.incidents)) or "none"


def _say_more(one: "Standing") -> None:
    """Why, what is open, and what to do, of a model that is not simply quiet."""
    console, name = Console(soft_wrap=True), one.spec.name
    if one.window is None:
        console.print(
            f"{name}: to judge it, publish rows (millrace ingest {one.spec.dataset} FILE…), then "
            f"millrace monitor calibrate {name}",
            highlight=False,
            markup=False,
        )
    elif one.window.verdict.decision != "quiet":
        for reason in one.window.verdict.reasons:
            console.print(f"{name}: {reason}", highlight=False, markup=False)
    for incident in one.incidents:
        _say_incident(incident, console)
    if one.paused:
        console.print(
            f"{name}: scoring is paused since {one.paused.at:%Y-%m-%d %H:%M}Z by "
            f"{one.paused.person}: {one.paused.reason} To let it go on: "
            f"millrace monitor resume {name} --as NAME --why …",
            highlight=False,
            markup=False,
        )


def _say_incident(one: "Incident", console: Console) -> None:
    state = (
        f"open, last seen on {one.last}"
        if one.closed_at is None
        else f"over since {one.closed_at:%Y-%m-%d %H:%M}Z"
    )
    lines = [
        f"incident {one.incident_id} ({one.kind}, {one.severity}, {state}): {one.headline}",
        *(f"  {cause}" for cause in one.causes),
        *([f"  {one.follows}"] if one.follows else []),
        f"  runbook: docs/runbooks/{one.kind}.md",
    ]
    for line in lines:
        console.print(line, highlight=False, markup=False)
