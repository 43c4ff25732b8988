"""Sections `review:`, `corrections:` and `monitoring:` of a model.yaml: what is asked, when it
trains, and what raises an alarm."""

from datetime import time
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

FieldName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
Share = Annotated[float, Field(ge=0, le=1)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class ReviewPolicy(_Section):
    """What people are asked to look at. Shares are of 0 to 1."""

    per_day: Annotated[int, Field(ge=0)] = 50
    """New documents a day (UTC) that are put to review; 0 asks nothing. Fifty are half an hour
    of one reviewer."""
    audit_share: Share = 0.2
    """Share of the day's documents that are drawn by chance from all that were scored. They
    alone measure the truth: at 0 accuracy is unknown, and the error limit never fires."""
    double_share: Share = 0.1
    """Share of the documents that a second person reviews too, chosen by a hash of the content;
    where the two differ a third adjudicates."""
    lease_minutes: Annotated[float, Field(gt=0, le=24 * 60)] = 15
    """How long a document is held for one reviewer since he last touched it."""
    field_costs: dict[FieldName, Annotated[float, Field(ge=0)]] = {}
    """What an error in a field costs, in any one unit; a field that is left out costs 1."""
    hold_level: Annotated[float, Field(gt=0, le=0.2)] = 0.01
    """Chance of holding back a reviewer who errs no more than `tolerated_error` (one-sided)."""
    tolerated_error: Annotated[float, Field(gt=0, lt=1)] = 0.1
    """Share of a reviewer's adjudicated fields that may differ from the adjudication."""
    hold_items: Annotated[int, Field(ge=5)] = 20
    """Fewer adjudicated fields than this hold nobody back."""

    def cost(self, field: str) -> float:
        """What an error in the field costs."""
        return self.field_costs.get(field, 1.0)


class QuietHours(_Section):
    """Hours of the day in which nothing starts; they may run over midnight."""

    start: time
    end: time
    zone: str = "UTC"
    """Name of the IANA time zone that the two times are meant in."""

    @field_validator("zone")
    @classmethod
    def _known(cls, zone: str) -> str:
        try:
            ZoneInfo(zone)
        except (OSError, ValueError, KeyError) as error:
            raise ValueError(f"an IANA time zone such as Europe/Zurich, not {zone!r}") from error
        return zone


class CorrectionPolicy(_Section):
    """When corrections start a training. Every default waits where in doubt."""

    threshold: Annotated[int, Field(ge=1)] = 50
    """Distinct corrected fields (settled, another value than predicted, in no batch yet) that
    start a training. Ten documents with mistakes teach little; fifty are worth the cost."""
    error_limit: Annotated[float, Field(gt=0, le=1)] = 0.2
    """Share of wrong answers of a field on the audit sample of the champion past which a training
    starts too. It must be past it by the interval's lower end, so a few bad days do not fire."""
    error_level: Annotated[float, Field(gt=0, le=0.2)] = 0.05
    """Chance of firing although the share is at the limit (one-sided, for each field)."""
    cooldown_hours: Annotated[float, Field(ge=0)] = 24
    """Hours after the start of a training, for whatever reason, in which none starts."""
    cooldown_growth: Annotated[float, Field(ge=1)] = 2
    """Factor on the cool-down for each candidate rejected since the last that was not."""
    cooldown_most_hours: Annotated[float, Field(ge=0)] = 14 * 24
    """Longest cool-down, however many were rejected."""
    training_cost: Annotated[float, Field(ge=0)] = 1
    """What a training costs, in the unit of `weekly_cost`, until a run says what it did."""
    weekly_cost: Annotated[float, Field(ge=0)] = 7
    """Most that trainings may cost in any seven days: one a day by default; 0 never starts."""
    quiet: QuietHours | None = None
    """Hours in which nothing starts; null has none. Corrections wait and are not lost."""


class MonitorPolicy(_Section):
    """Section `monitoring:` of a model.yaml: what raises an alarm. Every default is the quiet one
    that still sees a shift of the size that `millrace monitor calibrate` prints."""

    window_days: Annotated[int, Field(ge=1, le=31)] = 1
    """Days that one window holds; more where a day has too few rows to say anything."""
    reference_days: Annotated[int, Field(ge=14)] = 56
    """Past days that the reference is made of: whole weeks, so that every weekday is in it."""
    min_rows: Annotated[int, Field(ge=1)] = 20
    """A window with fewer rows is shown and not judged, but for its volume."""
    bins: Annotated[int, Field(ge=4, le=256)] = 20
    """Bins of a number, of about equal share in the reference; missing has its own."""
    categories: Annotated[int, Field(ge=2, le=1000)] = 50
    """Values of a category that have a bin of their own, the most frequent; others share one."""
    false_alarms_per_month: Annotated[float, Field(gt=0, le=30)] = 0.5
    """Alarms in thirty windows of one day without any shift, over all that is watched."""
    false_discovery_rate: Annotated[float, Field(gt=0, lt=1)] = 0.1
    """Share of the columns called moved in a window that may not have moved."""
    alarm_windows: Annotated[int, Field(ge=1)] = 2
    """An alarm needs so many …"""
    of_windows: Annotated[int, Field(ge=1)] = 2
    """… of so many windows past their limit."""
    freshness_hours: Annotated[float, Field(gt=0)] | None = None
    """Hours without new rows after which it is an alarm; null takes the data set's."""
    stop_missing: Share = 0.5
    """More missing values than this beside the reference, in a column of high importance, stop
    scoring."""
    stop_quarantined: Share = 0.5
    """A larger share of the window's rows in quarantine stops scoring."""
    retrain_on: tuple[Literal["drift", "quality"], ...] = ("drift", "quality")
    """Which incidents ask for a training; empty asks for none."""
    min_labelled: Annotated[int, Field(ge=1)] = 200
    """Labelled rows since the incident began that a training of the new regime needs; before that
    review tasks from the regime are asked for, where people review the model."""
    report_rows: Annotated[int, Field(ge=0, le=20_000)] = 2_000
    """Rows of each side that Evidently's report is drawn from, which takes some ten seconds; 0
    draws none."""
    schedule: str | None = "30 6 * * *"
    """Cron time (UTC) at which the day before is judged, whatever came of it: a day without rows
    wakes nobody. Null judges after scoring alone."""

    @model_validator(mode="after")
    def _can_alarm(self) -> Self:
        if self.alarm_windows > self.of_windows:
            raise ValueError(
                f"alarm_windows is {self.alarm_windows} and of_windows {self.of_windows}: so many "
                "of so few windows are never past their limit, and nothing would ever be an "
                "alarm. Give alarm_windows at most of_windows"
            )
        return self
