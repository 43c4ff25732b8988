"""`millrace up`, `down`, `status` and `doctor`: the embedded services of this machine."""

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipelines import settings as settings_of
from pipelines.contracts.account import FIRST_USERS
from pipelines.settings import Settings

if TYPE_CHECKING:
    from pipelines.services.doctor import Finding
    from pipelines.services.supervisor import Status

_COLOURS = {"running": "green", "starting": "yellow", "stopped": "dim", "dead": "red"}
_ROLES: dict[str, Mapping[str, str]] = {
    "users": {
        "ada": "ML engineer, on call (may do everything)",
        "ben": "approver",
        "cy": "data scientist",
        "vi": "viewer",
    },
    "reviewers": dict(FIRST_USERS),
}

AsJson = Annotated[bool, typer.Option("--json", help="One JSON object instead of a table.")]


def register(app: typer.Typer) -> None:
    """Adds this module's commands."""
    for command in (up, down, status, doctor):
        app.command()(command)
    app.command("env")(show_environment)


def up(
    spark: Annotated[
        bool, typer.Option(help="Keep a warm Spark (0.4 GB); without it each job starts one.")
    ] = True,
) -> None:
    """Starts Airflow, MLflow, the reviewers' pages, Spark and the metrics; they go on afterwards.

    Example: MILLRACE_AIRFLOW_PORT=0 millrace up --no-spark
    """
    from pipelines.services import supervisor

    console, current = Console(), settings_of.load()
    done = supervisor.up(current, spark=spark, say=lambda text: console.print(f"  {text}"))
    if done.leftovers:
        console.print(f"ended {done.leftovers} process(es) left by a crash")
    if done.started:
        console.print(f"started {', '.join(done.started)} in {done.seconds:.0f} s")
    else:
        console.print("already running: nothing to start")
    show_access(current, console)
    console.print("\n  stop them: millrace down")


def show_access(settings: Settings, console: Console) -> None:
    """Prints the addresses and the named users; passwords on a terminal only."""
    from pipelines.services import ports, secrets

    chosen = ports.assigned(settings)
    console.print()
    for name, page in (("airflow", ""), ("mlflow", ""), ("review", ""), ("metrics", "/metrics")):
        console.print(
            f"  {name:9} http://127.0.0.1:{chosen[name]}{page}", highlight=False, soft_wrap=True
        )
    console.print(f"  logs      {settings.logs / 'services'}", highlight=False, soft_wrap=True)
    for title, roles in _ROLES.items():
        file = secrets.path(settings, title)
        console.print(f"  {title:9} {file}", highlight=False, soft_wrap=True)
        shown = secrets.passwords(settings, title) if console.is_terminal else {}
        for user, role in roles.items():
            console.print(f"            {user:4} {shown.get(user, ''):17} {role}", highlight=False)


def show_environment() -> None:
    """Prints the variables with which Airflow's own commands work in this home.

    Example: eval "$(millrace env)" && airflow dags list
    """
    import shlex

    from pipelines.services import home
    from pipelines.services.environment import SECRET_VARIABLES, airflow_environment

    current = settings_of.load()
    home.prepare(current)
    for name, value in sorted(airflow_environment(current).items()):
        if name not in SECRET_VARIABLES:
            typer.echo(f"export {name}={shlex.quote(value)}")


def down() -> None:
    """Stops the services of this home and everything they started.

    Example: millrace down
    """
    from pipelines.services import supervisor

    console = Console()
    stopped = supervisor.down(settings_of.load(), say=lambda text: console.print(f"  {text}"))
    console.print(f"stopped {', '.join(stopped)}" if stopped else "nothing is running")


def status(as_json: AsJson = False) -> None:
    """Shows each service; exit code 1 when one that should run does not.

    Example: millrace status --json
    """
    from pipelines.services import supervisor

    current = settings_of.load()
    found = supervisor.status(current)
    if as_json:
        typer.echo(json.dumps({"services": [dataclasses.asdict(each) for each in found]}))
    else:
        _print_status(found, current.logs / "services")
    if any(each.is_fault for each in found):
        if not as_json:
            Console(stderr=True).print("millrace: start what is dead with `millrace up`")
        raise typer.Exit(1)


def _print_status(found: "list[Status]", logs: Path) -> None:
    console = Console()
    rows = [
        (
            each.name,
            each.state,
            str(each.pid or "-"),
            f"{each.memory / 2**20:.0f} MB" if each.memory else "-",
            each.url or "-",
        )
        for each in found
    ]
    if console.is_terminal:
        table = Table("service", "state", "pid", "memory", "address", box=None, pad_edge=False)
        for row in rows:
            table.add_row(row[0], f"[{_COLOURS.get(row[1], 'red')}]{row[1]}[/]", *row[2:])
        console.print(table)
    else:
        for row in rows:
            typer.echo("\t".join(row))
    total = sum(each.memory for each in found)
    typer.echo(f"memory {total / 2**20:.0f} MB, logs {logs}/NAME.log")


def doctor(as_json: AsJson = False) -> None:
    """Checks Python, Java, jars, ports, disk, the home and the services; says each repair.

    Example: millrace doctor
    """
    from pipelines.services import doctor as checks

    found = checks.examine(settings_of.load())
    if as_json:
        typer.echo(json.dumps({"checks": [dataclasses.asdict(each) for each in found]}))
    else:
        _print_findings(found)
    if any(not each.ok for each in found):
        raise typer.Exit(1)


def _print_findings(found: "list[Finding]") -> None:
    console = Console()
    for each in found:
        mark = "[green]ok  [/green]" if each.ok else "[red]FAIL[/red]"
        console.print(f"{mark} {each.name:10} {escape(each.text)}", highlight=False, soft_wrap=True)
