"""What the demo shows, in order, and what came of it."""

from dataclasses import dataclass, field
from typing import Any

from rich.console import Console

from pipelines.cli.demo.corrected import Corrected, correct
from pipelines.cli.demo.drifted import Drifted, drift
from pipelines.cli.demo.sample import Deliveries, deliveries
from pipelines.cli.demo.stage import MONITOR, Stage, Training
from pipelines.errors import BadDataError, MillraceError
from pipelines.settings import Settings

PLANT = "shuffled_labels"
POLICY = {"threshold": 8, "cooldown_hours": 0}
"""Two trainings within minutes, from the corrections of one day, are what it shows."""


@dataclass
class Story:
    """What became of the documents and of the versions."""

    published: list[dict[str, Any]]
    training: Training
    """The one on the labelled documents."""
    refused: Training
    """The one that was spoiled on purpose."""
    decided: list[dict[str, Any]] = field(default_factory=list)
    """Decisions, each with the gate's word under `gate`."""
    scored: list[dict[str, Any]] = field(default_factory=list)
    corrected: Corrected | None = None
    """What reviewers said and what came of it; None where all was reviewed before."""
    rolled_back: dict[str, Any] | None = None
    rollback_seconds: float = 0.0
    drifted: Drifted | None = None
    """What the monitor saw; None where all was judged before."""
    ledger_rows: int = 0


def run(n: int, settings: Settings, console: Console, *, stay: bool) -> Story:
    """A first champion, a refusal, a second champion out of corrections, the way back, a drift.

    In a home that has seen the demo nothing is decided anew, and what is there is reused. Where
    the services `stay` the training that the drift asks for starts at the end.
    """
    stage = Stage(settings, console)
    # Each scoring would wake it, and two cores have enough to do.
    with stage.held(MONITOR):
        story = _tell(stage, deliveries(n, settings), stay)
    story.ledger_rows = _verified(settings)
    return story


def _tell(stage: Stage, files: Deliveries, stay: bool) -> Story:
    stage.title("two weeks of labelled documents")
    published = stage.ingest(files.labelled)
    training = stage.train_on(published)
    decided: list[dict[str, Any]] = []
    if published["changed"] and training.is_promotable:
        decided.append(stage.decide(training, "good enough to begin with"))
    story = Story([published], training, training, decided)
    if decided:
        _add(story.scored, stage.score())
    stage.title(f"a bad candidate on purpose: {PLANT.replace('_', ' ')}")
    story.refused = stage.train({"plant": PLANT})
    if not story.refused.rejected:
        raise MillraceError(f"the gate let a training with {PLANT} through: {story.refused.url}")
    stage.title("days of other merchants, which nobody has labelled")
    later = stage.ingest(files.unlabelled)
    story.published.append(later)
    if later["changed"] and decided:
        _add(story.scored, stage.score())
        stage.title("reviewers correct what the champion read")
        story.corrected = correct(stage, files.truth, decided[0]["version"])
        if story.corrected.decided:
            decided.append(story.corrected.decided)
            _add(story.scored, story.corrected.scored)
            stage.title("and back")
            back = stage.roll_back("to show the way back")
            story.rolled_back, story.rollback_seconds = back
            stage.score()
        stage.title("two days from a worn scanner")
        story.drifted = drift(stage, files.worn, train=stay)
        story.published.append(story.drifted.published)
        _add(story.scored, story.drifted.scored)
    return story


def _add(found: list[dict[str, Any]], one: dict[str, Any] | None) -> None:
    if one:
        found.append(one)


def _verified(settings: Settings) -> int:
    """Rows of the ledger; raises BadDataError where one was altered or is missing."""
    from pipelines.governance.verify import verify
    from pipelines.opsdb.database import OpsDb
    from pipelines.registry import Registry

    rows, faults = verify(OpsDb.open(settings), Registry.open(settings))
    if faults:
        raise BadDataError(f"the ledger is not sound: {'; '.join(faults)}")
    return rows
