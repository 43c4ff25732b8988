"""What a run of the monitor is to look at, and what its steps give back."""

from pydantic import BaseModel, ConfigDict

from pipelines.contracts.monitoring import Decision
from pipelines.contracts.result import StepResult


class MonitorPlan(StepResult):
    """What a run of the monitor looks at."""

    model: str
    windows: list[str]
    """Last days of the windows to judge, rising; empty where it calibrates alone."""
    days: list[str]
    """Days to sketch: of the windows, of those before them that k of n asks for, and of the
    reference."""
    reference: str | None
    """Calibration to judge by; None makes one."""
    binning: str | None
    """Bins to sketch in; None chooses them from `reference_days`."""
    reference_days: list[str]
    settles: str | None = None
    """First day of the regime that the champion has learnt, where the reference is older still:
    inputs and outputs are shown and not judged."""


class JudgedWindow(BaseModel):
    """A window in a few words; the operations database has all of it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    window: str
    decision: Decision
    reason: str
    changed: bool
    """False where it was judged the same before."""


class MonitorResult(StepResult):
    """What was judged, and what followed."""

    model: str
    reference: str
    calibrated: bool
    """Whether this run made the reference."""
    windows: list[JudgedWindow]
    """The newest, rising."""
    judged: int
    """All of them."""
    incidents: list[int]
    """Incidents that are open now."""
    paused: bool
    """Whether scoring is paused now."""
    request_id: int | None
    """Retrain request that an open incident led to and that no training has taken yet."""
    labels_wanted: bool
    """Whether a training waits for labels of an incident's regime."""
    report: str | None
    """Evidently's page of the newest window, relative to MILLRACE_HOME."""


class SketchResult(StepResult):
    """Sketches of what a model was given and what it answered, of some days in one binning."""

    model: str
    binning: str
    """Key of the bins."""
    days: list[str]
    """Those that were asked for; one of which nothing is published has no sketch."""
    rows: int
    """Published rows of these days."""
    changed: bool
    """False when all of it was there already."""
