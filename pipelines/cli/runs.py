"""`ingest` and `run`: start a DAG run by hand, follow it, and exit with its state."""

import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml
from rich.console import Console
from rich.markup import escape

from pipelines.cli.follow import RunView
from pipelines.cli.scored import say_scored
from pipelines.cli.standing import say_waiting
from pipelines.errors import MillraceError, MisconfiguredError, RefusedError
from pipelines.settings import Settings

NAMED_DAYS = 7
"""More days than this are told as a span."""


def register(app: typer.Typer) -> None:
    app.command()(ingest)
    app.command("run")(run_family)


def ingest(
    dataset: Annotated[str, typer.Argument(help="Name of the data set.")],
    files: Annotated[list[Path], typer.Argument(help="Files or folders to take in.")],
    format: Annotated[
        str | None, typer.Option(help="Layout of the files; default: the data set's.")
    ] = None,
    partition: Annotated[
        str | None,
        typer.Option(help="Day that all rows belong to, 2026-01-31; default: the rows' own day."),
    ] = None,
    replace: Annotated[
        bool, typer.Option(help="Put these files in the place of what --partition holds.")
    ] = False,
) -> None:
    """Lands files and runs the ingest DAG to its end.

    Example: [bold]millrace ingest receipts scans/ --format files[/bold]
    """
    from pipelines import settings, specs
    from pipelines.cli.landing import land_with_progress

    specs.dataset(dataset)
    current = settings.load()
    landed = land_with_progress(dataset, files, format, partition, replace, current)
    view = follow_run(f"ingest__{dataset}", {"days": landed.days})
    finish(view)
    _say_published(dataset, landed.days, current)


def run_family(
    family: Annotated[str, typer.Argument(help="Family of DAGs: ingest, train, …")],
    name: Annotated[str, typer.Argument(help="Model or data set.")],
    param: Annotated[
        list[str] | None, typer.Option("--param", help="Parameter of the run, key=value.")
    ] = None,
    in_process: Annotated[
        bool, typer.Option(help="Run the DAG in this process, without a scheduler.")
    ] = False,
) -> None:
    """Triggers the DAG FAMILY__NAME, follows it, and exits with its state.

    Example: [bold]millrace run train receipts --param seed=11[/bold]
    """
    from pipelines import settings

    conf = dict(_parameter(text) for text in param or [])
    finish(follow_run(f"{family}__{name}", conf, in_process=in_process))
    if family == "train":
        say_waiting(name)
    if family == "score":
        say_scored(name, settings.load())


def follow_run(dag_id: str, conf: dict[str, Any], *, in_process: bool = False) -> RunView:
    """Runs the DAG and shows it; in this process where asked, or where no services run."""
    from pipelines.services.access import airflow_client

    console = Console()
    client = airflow_client()
    if in_process and client is not None:
        raise RefusedError(
            "services of this home are running: their scheduler would run the same tasks beside "
            "this process. Leave out --in-process, or stop them with `millrace down`."
        )
    view = RunView(dag_id, console)
    if client is None:
        if not in_process:
            console.print("no services are running here: the DAG runs in this process")
        view.consume(in_process_events(dag_id, conf))
        return view
    client.wait_for_dag(dag_id, timeout_seconds=60)
    run_id = client.trigger(dag_id, conf)
    console.print(f"{client.url}/dags/{dag_id}/runs/{run_id}", highlight=False, soft_wrap=True)
    view.consume(client.follow(dag_id, run_id, time.sleep))
    return view


def in_process_events(dag_id: str, conf: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Runs the DAG in a child process with this home's Airflow; yields its task states."""
    from pipelines import settings
    from pipelines.services import home
    from pipelines.services.environment import full_environment

    current = settings.load()
    home.prepare(current)
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%S%f")
    log_file = current.logs / "in_process" / f"{dag_id}-{stamp}.log"
    command = [
        sys.executable,
        *("-m", "millrace_airflow.in_process", dag_id, json.dumps(conf), str(log_file)),
    ]
    with subprocess.Popen(  # noqa: S603 - our own module with our own arguments
        command, env=full_environment(current), stdout=subprocess.PIPE, text=True
    ) as child:
        outcome = None
        for line in child.stdout or ():
            event = json.loads(line)
            outcome = event if "task" not in event else None
            yield event
    if outcome is None:
        raise MillraceError(f"the run of {dag_id} broke off; its log is {log_file}")
    if outcome["state"] != "success":
        Console(stderr=True, soft_wrap=True).print(f"log: {log_file}", highlight=False)


def finish(view: RunView) -> None:
    """Says why tasks skipped themselves and what went wrong, and exits with the run's state."""
    console = Console(soft_wrap=True)
    for task, reason in view.reasons.items():
        console.print(f"{task} skipped: {escape(reason)}", highlight=False)
    if view.outcome != "success":
        for task, error in view.errors.items():
            console = Console(stderr=True, soft_wrap=True)
            console.print(f"[red]{task}:[/red] {escape(error)}", highlight=False)
        raise typer.Exit(1)


def _say_published(dataset: str, days: list[str], settings: Settings) -> None:
    """What became of the rows of these days, and where the validation's page is."""
    from pipelines.lake.lake import Lake
    from pipelines.lake.published import published_days

    states = published_days(Lake.open(settings), dataset)
    named = {day: states[day] for day in days if day in states}
    mine = named.values()
    # What could not be read landed under the day on which it came.
    filled = [day for day, one in named.items() if one.rows_published]
    reasons = sum((Counter(day.quarantine_reasons) for day in mine), Counter[str]())
    console = Console(soft_wrap=True)
    console.print(
        f"published: {sum(day.rows_published for day in mine)} rows of {_named(filled or days)}; "
        f"quarantined: {sum(day.rows_quarantined for day in mine)}",
        highlight=False,
    )
    for rule, count in sorted(reasons.items()):
        console.print(f"  {count} × {rule.replace('_', ' ')}", highlight=False)
    for page in sorted({day.data_docs for day in mine if day.data_docs}):
        console.print(f"  Data Docs: {settings.root / page}", highlight=False)


def _named(days: Sequence[str]) -> str:
    """Each of a few days, and of many how many and from when to when."""
    if len(days) <= NAMED_DAYS:
        return ", ".join(days)
    return f"{len(days)} days, {min(days)} to {max(days)}"


def _parameter(text: str) -> tuple[str, Any]:
    key, sign, value = text.partition("=")
    if not sign or not key:
        raise MisconfiguredError(f"--param {text!r} does not fit; expected key=value")
    try:
        # YAML reads numbers, true, lists and plain words as people write them.
        read = yaml.safe_load(value)
    except yaml.YAMLError as error:
        raise MisconfiguredError(
            f"--param {text!r} cannot be read; expected a number, a word or a list as [a, b]"
        ) from error
    # It also reads days as dates; Airflow's parameters are JSON, where a day is a text.
    return key, json.loads(json.dumps(read, default=str))
