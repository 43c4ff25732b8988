"""All that the gate decides on. What could not be read is None, and blocks."""

from pydantic import BaseModel, ConfigDict

from pipelines.contracts.learning import Regime
from pipelines.evaluation.miscalibration import Miscalibration
from pipelines.evaluation.paired import Compared


class _Signal(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Check(_Signal):
    """One look at the version before any score; `sentence` says what was seen and required."""

    name: str
    passed: bool | None
    sentence: str


class SetSignals(_Signal):
    """Both models on one set of rows."""

    n: int
    """Independent rows: the clusters that are resampled."""
    unit: str
    compared: list[Compared]
    named: list[str] = []
    """Slices that model.yaml names: those must be shown not to have lost."""


class Signals(_Signal):
    """What was seen of one candidate."""

    first: bool
    """There is no champion to compare with."""
    checks: list[Check]
    regime: Regime | None = None
    """Where the training answers an incident: then the recent set has the rows since it began, and
    decides whether there is a gain."""
    golden: SetSignals | None = None
    recent: SetSignals | None = None
    unreadable: int | None = None
    """Answers to either set that are no answers: a missing row or column, NaN."""
    calibration_error: Miscalibration | None = None
    """Of the candidate on the golden set."""
    latency_ms: float | None = None
    """CPU time a row of the candidate, and below of the champion, measured in turns."""
    champion_latency_ms: float | None = None
    size_mb: float | None = None
