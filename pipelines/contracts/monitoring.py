"""What is watched of a live model: bins, sketches of windows, signals, verdicts and incidents.

A window is one or more days. What was seen of it is kept as sketches: counts in fixed bins, which
add up over days, so that the reference is a few kilobytes and never the raw table.
"""

import hashlib
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from pipelines.contracts.policy import MonitorPolicy

Side = Literal["input", "output"]
Kind = Literal["number", "category"]
Decision = Literal["quiet", "alert", "retrain", "stop"]
Severity = Literal["low", "medium", "high"]
Happening = Literal["opened", "worse", "closed"]
Topic = Literal["input", "output", "volume", "quality", "system"]
"""What a signal is about."""


class _Record(BaseModel):
    # Deferred: every DAG file reads the policy, and none of them a record.
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class Bins(_Record):
    """How one column is counted: the same in every window, so that counts add up."""

    column: str
    side: Side
    kind: Kind
    edges: tuple[float, ...] = ()
    """Of a number: rising inner edges; bin i holds edges[i-1] <= value < edges[i], the first and
    the last are open."""
    categories: tuple[str, ...] = ()
    """Of a category: those with a bin of their own, in that order; one more bin has the others."""

    @property
    def name(self) -> str:
        """`input/amount`, as signals and people name it."""
        return f"{self.side}/{self.column}"

    @property
    def size(self) -> int:
        """Number of bins; missing values are counted apart."""
        return len(self.edges if self.kind == "number" else self.categories) + 1


class Binning(_Record):
    """The bins of all that is watched of a model; fixed until the next calibration."""

    model: str
    columns: tuple[Bins, ...]

    @property
    def key(self) -> str:
        """Names it by its content: sketches of another binning do not add up with these."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:16]


class Sketch(_Record):
    """One column of one day in its bins; `rows` = sum(counts) + missing."""

    name: str
    """As `Bins.name`."""
    rows: int
    missing: int
    """Null, and of a number NaN and infinite too."""
    counts: tuple[int, ...]
    total: float = 0.0
    """Of a number: sum of the values that are there."""
    squares: float = 0.0
    """Of a number: sum of their squares."""
    least: float | None = None
    most: float | None = None
    unseen: dict[str, int] = {}
    """Of a category: the most frequent values without a bin of their own, at most ten."""


class Day(_Record):
    """All that was seen of one day."""

    day: str
    version: int | None
    """Whose predictions are shown; None before a champion."""
    rows: int
    """Published rows."""
    quarantined: int
    sketches: dict[str, Sketch]
    """By `Bins.name`; those of the outputs are missing where nothing was scored."""


class Signal(_Record):
    """One thing that was looked at in one window."""

    name: str
    """`input/amount`, `volume/rows`, `quality/total`, `system/score`."""
    topic: Topic
    value: float | None
    """The statistic that is held against the limit; None where it could not be read."""
    limit: float | None
    """Past it the window counts towards an alarm; None is shown and not judged."""
    p: float | None = None
    """Chance of such a value without a shift, at this window's size."""
    exceeded: bool = False
    alarm: bool = False
    """Past the limit in as many of the last windows as the policy asks for."""
    importance: float = 0.0
    """Share of the model's decisions that rest on it, in [0, 1]."""
    sentence: str
    """What moved, from what to what, in words."""
    details: dict[str, float | None] = {}
    """Further figures for the page: `psi`, `jensen_shannon`, `missing`, `mean`, `low`, `high`."""


class Limit(_Record):
    """What calibration found for one column."""

    name: str
    limit: float
    """At the usual size of a window; that of another size is computed from the same past."""
    smallest_shift: float | None
    """Smallest shift that is found within two windows in 95 % of the past ones: of a number in
    standard deviations of its mean, of a category as the share that changes its value. None:
    none that was tried."""
    past: dict[str, float] = {}
    """Parameters of the distribution of the statistic over past windows."""


class Calibration(_Record):
    """The reference of a model: bins, past and limits. Kept until the next one."""

    model: str
    reference: str
    """Names it, by its content."""
    binning: Binning
    days: tuple[str, ...]
    """Days of the reference, rising."""
    policy: MonitorPolicy
    limits: tuple[Limit, ...]
    level: float
    """Level of the test of one window for which the rule as a whole keeps the wanted rate."""
    false_alarms_per_month: float
    """Expected, from whole months drawn in blocks out of the past."""
    made_at: AwareDatetime


class DriftVerdict(_Record):
    """What follows from the signals of a window; sentences say why."""

    decision: Decision
    reasons: Annotated[list[str], Field(min_length=1)]
    severity: Severity | None = None
    """Of an alarm."""
    moved: list[str] = []
    """Names of the signals in alarm, the most important first."""


class WindowRecord(_Record):
    """A judged window as the operations database keeps it: one for each model and last day."""

    model: str
    window: str
    """Its last day."""
    days: int
    version: int | None
    reference: str
    rows: int
    verdict: DriftVerdict
    signals: list[Signal]
    judged_at: AwareDatetime
    report: str | None = None
    """Evidently's page, relative to the home."""


class Incident(_Record):
    """One alarm from its first window to its end, however many windows it lasts."""

    incident_id: int
    model: str
    kind: str
    """`drift`, `quality`, `volume`, `system`, `stop`: names the runbook docs/runbooks/<kind>.md."""
    severity: Severity
    since: str
    """First window past the limit."""
    last: str
    """Newest window in which it was seen."""
    opened_at: AwareDatetime
    closed_at: AwareDatetime | None
    headline: str
    """The model and what moved by how much, in one line."""
    causes: list[str]
    """Sentences: likely causes, the strongest first."""
    moved: list[str]
    request_id: int | None = None
    """The retrain request that it led to."""
    follows: str = ""
    """What was done about it, or why nothing yet, in words."""
    labels_missing: int | None = None
    """Labelled rows since it began that a training still lacks: review tasks of the regime are
    wanted. None where nothing waits for labels."""


class Transition(_Record):
    """What people are told of an incident, as it was then."""

    transition_id: int
    incident_id: int
    model: str
    kind: str
    what: Happening
    window: str
    severity: Severity
    headline: str
    causes: list[str]
    at: AwareDatetime


class BreakerRow(_Record):
    """One turn of the switch that stops scoring; the newest says how it stands."""

    row_id: int
    model: str
    paused: bool
    at: AwareDatetime
    person: str
    """A named person, or `millrace`."""
    reason: str
