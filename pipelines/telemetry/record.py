"""Puts runs and attempts on record: short, and from any process of a run."""

from pathlib import Path

from pipelines.contracts.telemetry import DagRun, StepRun
from pipelines.settings import Settings

BUSY_SECONDS = 1.0
"""How long a record waits for another writer before it is given up."""


def keep(settings: Settings, *, step: StepRun | None = None, run: DagRun | None = None) -> None:
    """Writes an attempt, or how a run stands.

    Leaves no connection behind: the processes that call it fork. Does nothing in a home without
    an operations database.
    """
    from pipelines.opsdb import steps
    from pipelines.opsdb.database import OpsDb

    uri = settings.operations_uri
    if uri.startswith("sqlite:///") and not Path(uri.removeprefix("sqlite:///")).exists():
        return
    db = OpsDb.at(uri, busy_seconds=BUSY_SECONDS)
    try:
        with db.write() as session:
            if step is not None:
                steps.record_step(session, step)
            if run is not None:
                steps.record_run(session, run)
    finally:
        db.engine.dispose()
