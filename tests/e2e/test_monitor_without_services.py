"""From files to a retrain request in a home where nothing runs: amounts triple after nine weeks."""

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from factories.services import command_line

from pipelines.contracts.monitoring import Incident, WindowRecord
from pipelines.opsdb import incidents, monitoring, requests
from pipelines.opsdb.database import OpsDb
from pipelines.samples.card_transactions import generate
from pipelines.settings import Settings

pytestmark = pytest.mark.slow

Run = Callable[..., str]
MODEL, SHIFT = "card_fraud", "2026-03-09"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("watched_home")


@pytest.fixture(scope="module")
def run(home: Path) -> Run:
    millrace = command_line(home)

    def call(*arguments: str) -> str:
        done = millrace(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return call


@pytest.fixture(scope="module")
def purchases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("purchases") / "cards.csv"
    generate(12_000, 5, path)
    later = pl.col("TX_DATETIME") >= SHIFT
    tripled = pl.when(later).then(pl.col("TX_AMOUNT") * 3).otherwise(pl.col("TX_AMOUNT"))
    pl.read_csv(path).with_columns(tripled.round(2).alias("TX_AMOUNT")).write_csv(path)
    return path


def stored(home: Path) -> tuple[list[WindowRecord], list[Incident], list[int]]:
    with OpsDb.open(Settings(home=home)).read() as session:
        asked = requests.latest(session, MODEL)
        return (
            monitoring.windows(session, MODEL),
            incidents.latest(session, MODEL),
            [one.request_id for one in asked],
        )


def test_shift_becomes_one_incident_and_one_request(run: Run, home: Path, purchases: Path) -> None:
    run("ingest", "card_transactions", str(purchases))
    said = run("monitor", "calibrate", MODEL, "--window", "2026-03-08")
    assert "56 days, 2026-01-11 to 2026-03-07" in said and "expected false alarms: " in said
    assert f"{MODEL}\tquiet\t2026-03-08" in run("monitor", "status", MODEL)

    run("run", "monitor", MODEL)
    windows, [incident], [request] = stored(home)
    assert len(windows) == 29 and incident.kind == "drift"
    assert incident.since == SHIFT and incident.last == windows[0].window == "2026-04-05"
    assert "input/amount" in incident.moved and incident.request_id == request
    assert f"request {request}" in run("monitor", "alerts")

    # Nothing is new: nothing is judged, and nothing changes.
    idle = run("run", "monitor", MODEL)
    assert "window  skipped" in idle
    assert "window skipped: no complete day of card_transactions after" in idle
    assert stored(home) == (windows, [incident], [request])

    # A window of the past has a past of its own, and opens nothing.
    run("run", "monitor", MODEL, "--param", "window=2026-02-10")
    older, *rest = stored(home)
    assert rest == [[incident], [request]] and len(older) == len(windows) + 1
    past = next(one for one in older if one.window == "2026-02-10")
    assert past.verdict.decision == "quiet" and past.reference != windows[0].reference
