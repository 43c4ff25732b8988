"""`demo`: the whole path on the generated sample, as real scheduled runs, ending in one screen."""

import sys
import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from pipelines.cli.follow import RunView
from pipelines.cli.landing import land_with_progress
from pipelines.cli.outcome import Outcome, show
from pipelines.errors import MillraceError, TransientError
from pipelines.settings import Settings

if TYPE_CHECKING:
    from pipelines.services.airflow_client import AirflowClient

DATASET = "receipts"
FIRST_DAY = date(2026, 1, 5)
DAYS = 7
SEED = 7

_INGEST = f"ingest__{DATASET}"
_TRAIN = "train__receipts"
_TRAIN_TASKS = ("features", "train", "evaluate", "register", "gate")


def register(app: typer.Typer) -> None:
    app.command()(demo)


def demo(
    n: Annotated[int, typer.Option("--n", help="Documents in the sample.", min=60)] = 400,
    stay: Annotated[
        bool | None,
        typer.Option(help="Leave the services running; default: only in a terminal."),
    ] = None,
) -> None:
    """Runs the whole path on the generated sample, with live progress.

    Example: [bold]millrace demo --n 400[/bold]
    """
    from pipelines import settings
    from pipelines.services import supervisor

    console = Console()
    current = settings.load()
    stay = sys.stdout.isatty() if stay is None else stay
    started = time.monotonic()
    console.rule("services", align="left")
    done = supervisor.up(current, say=lambda text: console.print(f"  {text}", highlight=False))
    try:
        outcome = _run_path(n, current, console)
        show(outcome, current, console)
    finally:
        # What was running before the demo goes on.
        if not stay and done.started:
            console.rule("stopping", align="left")
            supervisor.down(current, say=lambda text: console.print(f"  {text}", highlight=False))
    console.print(f"the demo took {time.monotonic() - started:.0f} s", highlight=False)
    if stay:
        console.print("the services stay up; [bold]make down[/bold] stops them")


def _run_path(n: int, settings: Settings, console: Console) -> Outcome:
    """Sample, ingest and train: each a run of the scheduler, followed to its end."""
    from pipelines.services.access import airflow_client

    console.rule("documents", align="left")
    sample = settings.root / "demo" / f"receipts-{n}.jsonl"
    make_sample(sample, n)
    landed = land_with_progress(DATASET, [sample], None, None, False, settings)
    client = airflow_client()
    if client is None:
        raise TransientError("Airflow stopped answering; see `millrace status` for its logs")
    begin = datetime.now(UTC)
    client.wait_for_dag(_INGEST, timeout_seconds=120)
    run_id = client.trigger(_INGEST, {"days": landed.days}, note="started by the demo")
    _follow(client, _INGEST, run_id, console)
    published = client.result(_INGEST, run_id, "publish")

    run_id = _training_run(client, published, begin, console)
    _follow(client, _TRAIN, run_id, console)
    results = {task: client.result(_TRAIN, run_id, task) for task in _TRAIN_TASKS}
    return Outcome(
        landed.to_xcom(), published, results, f"{client.url}/dags/{_TRAIN}/runs/{run_id}"
    )


def _training_run(
    client: "AirflowClient", published: dict[str, Any], since: datetime, console: Console
) -> str:
    """The run that the published data started; by hand where nothing was new to publish."""
    if published["changed"]:
        caused = client.run_caused_by(_TRAIN, since, timeout_seconds=60, sleep=time.sleep)
        if caused is None:
            raise TransientError(
                f"the published data started no run of {_TRAIN} within 60 s; "
                "see the scheduler's log, `millrace status` names it"
            )
        console.print("the published data starts the training", highlight=False)
        return caused
    console.print("the published data is unchanged: training by hand, reusing what is there")
    return client.trigger(_TRAIN, {}, note="started by the demo")


def _follow(client: "AirflowClient", dag_id: str, run_id: str, console: Console) -> None:
    console.rule(dag_id, align="left")
    view = RunView(dag_id, console)
    if not view.consume(client.follow(dag_id, run_id, time.sleep)):
        raise MillraceError(
            f"the run failed; its tasks and logs: {client.url}/dags/{dag_id}/runs/{run_id}"
        )


def make_sample(path: Path, n: int) -> None:
    """Writes the demo's documents; the same `n` gives the same bytes."""
    from pipelines.samples.receipts import generate

    path.parent.mkdir(parents=True, exist_ok=True)
    generate(n, SEED, path, start=FIRST_DAY, days=DAYS, bad=max(4, n // 50))
