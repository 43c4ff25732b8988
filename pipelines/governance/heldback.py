"""What a version learnt from reviewers, and whose corrections it did not. Only reads.

Who was held back is fixed when a training takes its request. Who is held back later is told too:
the version still learnt from what they said.
"""

from dataclasses import dataclass

from pydantic import ValidationError

from pipelines.contracts.correction import RetrainRequest, Standing
from pipelines.contracts.learning import LABELS, Labels
from pipelines.governance.records import nothing_there
from pipelines.opsdb import corrections, requests, standings
from pipelines.opsdb.database import OpsDb, Session
from pipelines.registry import ModelVersion
from pipelines.settings import Settings


@dataclass(frozen=True)
class Held:
    """A reviewer who is held back, or was when the version was trained."""

    standing: Standing
    """Since when, by whom, and by which figure."""
    corrections: int
    """Fields that they spoke on until the training, also those found right."""
    left_out: bool | None
    """Whether the version learnt from none of them; None where that is not on record."""
    counts_now: bool
    """A supervisor let them count again since."""

    @property
    def fate(self) -> str:
        """What became of the corrections, with their number."""
        if self.left_out is None:
            return f"{self.corrections}, whether a trial left them out is not on record"
        if not self.left_out:
            return f"{self.corrections} learnt from, held back only after the training"
        since = ", but they count again since" if self.counts_now else ""
        return f"{self.corrections} left out{since}"


@dataclass(frozen=True)
class Learnt:
    """Reviewers' part in one version."""

    labels: Labels | None
    """None where nothing that was said could be learnt from."""
    held: tuple[Held, ...]
    """By name."""

    @property
    def summary(self) -> str:
        """What it learnt, in one sentence."""
        if self.labels is None:
            return "It learnt from nothing that reviewers said."
        return (
            f"It learnt from {self.labels.labels} fields of {self.labels.documents} documents that "
            f"reviewers looked at{'' if self.held else '; no reviewer is held back'}."
        )


def read(version: ModelVersion, settings: Settings) -> Learnt | None:
    """None where no reviewer had a part in it; raises what a database raises that is away."""
    if nothing_there(settings):
        return None
    labels = _labels(version)
    db = OpsDb.open(settings)
    try:
        with db.read() as session:
            request = requests.that_made(session, version.model, version.version)
            held = _held(session, version.model, labels, request)
    finally:
        db.engine.dispose()
    return Learnt(labels, held) if labels or held else None


def _labels(version: ModelVersion) -> Labels | None:
    try:
        return Labels.model_validate_json(version.tags[LABELS])
    except (KeyError, ValidationError):
        return None


def _held(
    session: Session, model: str, labels: Labels | None, request: RetrainRequest | None
) -> tuple[Held, ...]:
    until = labels.until if labels else request.labels_until if request else None
    if until is None:
        return ()
    now = standings.newest(session, model)
    then = standings.newest(session, model, request.standings_until) if request else {}
    names = {name for found in (then, now) for name, one in found.items() if one.held}
    spoke = corrections.spoken(session, model, names, until)
    out = {name for name, one in then.items() if one.held}
    return tuple(
        Held(
            standing=then[name] if name in out else now[name],
            corrections=spoke[name],
            left_out=name in out if request else None,
            counts_now=not now[name].held,
        )
        for name in sorted(spoke)
    )
