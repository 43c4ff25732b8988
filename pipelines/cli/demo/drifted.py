"""Two days from a worn scanner: what the monitor says of them, and what follows."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.cli.demo.stage import MODEL, MONITOR, TRAIN, Stage
from pipelines.contracts.correction import RetrainRequest
from pipelines.contracts.monitoring import Incident
from pipelines.settings import Settings


@dataclass(frozen=True)
class Drifted:
    """What was seen of the worn scanner."""

    published: dict[str, Any]
    scored: dict[str, Any] | None
    judged: dict[str, Any]
    """The monitor's result."""
    incidents: list[Incident]
    """Those that are open now."""
    request: RetrainRequest | None
    """The one that waits for a training."""


def drift(stage: Stage, file: Path, *, train: bool) -> Drifted:
    """Delivers the days and follows them to the verdict.

    Trainings are held back meanwhile, so that the request can be seen before one takes it;
    `train` starts it at the end and does not wait for it.
    """
    with stage.held(TRAIN):
        stage.hold(MONITOR, False)
        reference = stage.calibrate()
        published = stage.ingest(file)
        scored = stage.score()
        stage.follow(MONITOR, reference)
        judged = stage.monitor()
    incidents, request = _standing(stage.settings)
    if request is not None and train:
        stage.start(TRAIN, {})
    return Drifted(published, scored, judged, incidents, request)


def _standing(settings: Settings) -> tuple[list[Incident], RetrainRequest | None]:
    from pipelines.opsdb import incidents, requests
    from pipelines.opsdb.database import OpsDb

    with OpsDb.open(settings).read() as session:
        return list(incidents.still_open(session, MODEL)), requests.waiting(session, MODEL)
