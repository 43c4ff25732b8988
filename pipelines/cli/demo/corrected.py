"""The demo's reviewers cross the threshold; what that starts, and what it brought."""

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from pipelines.cli.demo.reviewers import ERROR_RATE, PlayedReviewer, Truth, work_off
from pipelines.cli.demo.sample import SEED
from pipelines.cli.demo.stage import DECIDE, MODEL, SCORE, TRAIN, Stage
from pipelines.settings import Settings

REVIEWERS = ("rio", "ren", "ana")
"""Two reviewers, and an adjudicator for what the two differ about."""
CLAIM_SECONDS = 30.0
"""Longest wait for the sensor after the last answer."""


@dataclass
class Step:
    """One line of the timeline, in seconds since the correction that crossed the threshold."""

    name: str
    start: float
    end: float


@dataclass(frozen=True)
class Score:
    """Micro F1 by exact match of one version, with its 95 % interval."""

    version: int
    documents: int
    value: float
    low: float
    high: float


@dataclass
class Corrected:
    """What reviewers said, and the training that it started."""

    documents: int
    """Answers given; a document that two people review counts twice."""
    fields: int = 0
    """Corrected fields in the batch."""
    waits: str = ""
    """Why no training started; empty where one did."""
    rejected: str = ""
    """The gate's sentences where it rejected what came of it: the labels stay for the next."""
    decided: dict[str, Any] | None = None
    scored: dict[str, Any] | None = None
    timeline: list[Step] = field(default_factory=list)
    scores: list[Score] = field(default_factory=list)
    """Of the champion before and of the new one, on the same documents that nobody reviewed."""


def correct(stage: Stage, truth: Truth, champion: int) -> Corrected:
    """Plays the reviewers, and follows the sensor, the training and the approval.

    `champion` is the version that answers until then.
    """
    settings = stage.settings
    stage.mark()
    reviewers = _reviewers(settings, truth)
    found = Corrected(documents=work_off(reviewers, MODEL))
    stage.say(
        f"the demo plays {', '.join(REVIEWERS)}, who know the truth and err in "
        f"{ERROR_RATE:.0%} of the fields: {found.documents} answers"
    )
    crossed = _claimed(settings, found)
    if crossed is None:
        stage.say(f"no training starts: {found.waits}")
        return found
    stage.say(f"the sensor claims {found.fields} corrected fields, and starts the training")
    training = stage.follow_training()
    if not training.is_promotable:
        found.rejected = training.rejected
        return found
    found.decided = stage.decide(training, "it has learnt from the corrections")
    answering = datetime.now(UTC)
    found.scored = stage.score()
    found.timeline = _timeline(stage, crossed, answering)
    rows = _never_reviewed(settings, truth)
    versions = (champion, int(found.decided["version"]))
    found.scores = [_score(settings, version, rows) for version in versions]
    return found


def _reviewers(settings: Settings, truth: Truth) -> list[PlayedReviewer]:
    from pipelines import specs
    from pipelines.corrections.settle import same_value
    from pipelines.services import ports, secrets

    url = f"http://127.0.0.1:{ports.assigned(settings)['review']}"
    passwords = secrets.passwords(settings, "reviewers")
    same = same_value(specs.model(MODEL))
    return [
        PlayedReviewer(url, name, passwords[name], truth=truth, same=same, seed=SEED)
        for name in REVIEWERS
    ]


def _claimed(settings: Settings, found: Corrected) -> datetime | None:
    """When the threshold was crossed, once the sensor has claimed; None where it does not."""
    from pipelines.corrections.desk import Desk
    from pipelines.opsdb import batches, corrections

    desk = Desk.open(MODEL, settings)
    deadline = time.monotonic() + CLAIM_SECONDS
    while time.monotonic() < deadline:
        with desk.db.read() as session:
            made = batches.all_of(session, MODEL)
            if made:
                found.fields = made[-1].counted
                last = batches.members(session, made[-1].batch_id)[-1]
                return corrections.get(session, last).at
        time.sleep(0.5)
    found.waits = " ".join(desk.look(datetime.now(UTC)).reasons)
    return None


def _timeline(stage: Stage, crossed: datetime, answering: datetime) -> list[Step]:
    """Where the time went from the crossing to the new champion's answers."""
    steps = []
    before = crossed
    for dag_id in (TRAIN, DECIDE, SCORE):
        for name, start, end in stage.task_times(dag_id):
            steps.append(_step(f"{dag_id.partition('__')[0]} {name}", crossed, start, end))
            before = max(before, end)
    return [
        *steps,
        _step("new champion decided", crossed, answering, answering),
        _step("its predictions shown", crossed, before, before),
    ]


def _step(name: str, zero: datetime, start: datetime, end: datetime) -> Step:
    return Step(name, (start - zero).total_seconds(), (end - zero).total_seconds())


def _never_reviewed(settings: Settings, truth: Truth) -> Any:
    """The later documents of which no field was reviewed, with the truth as their labels."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from pipelines.contracts import names
    from pipelines.lake.lake import Lake
    from pipelines.opsdb import corrections
    from pipelines.opsdb.database import OpsDb

    with OpsDb.open(settings).read() as session:
        seen = {one.document_id for one in corrections.rows(session, MODEL)}
    rows = Lake.open(settings).read(names.published_table(MODEL))
    wanted = [one in truth and one not in seen for one in rows[names.DOCUMENT_ID].to_pylist()]
    rows = rows.filter(pa.array(wanted, pa.bool_()))
    labels = [list(truth[one].items()) for one in rows[names.DOCUMENT_ID].to_pylist()]
    place = rows.schema.get_field_index(names.FIELDS)
    labelled = rows.set_column(place, names.FIELDS, pa.array(labels, rows.schema.field(place).type))
    return labelled.filter(pc.is_valid(labelled[names.PAGES]))


def _score(settings: Settings, version: int, rows: Any) -> Score:
    """A version's micro F1 by exact match on labelled rows, with its interval."""
    from pipelines.evaluation.table import task
    from pipelines.registry import Registry
    from pipelines.scoring import predict

    registry = Registry.open(settings)
    artefact = registry.load(registry.resolve(MODEL, version))
    answers = predict(artefact, rows)
    value, low, high = (
        task(artefact.spec.task).evaluate(rows, answers, artefact.spec).headline()["overall"]
    )
    return Score(version, rows.num_rows, value, low, high)
