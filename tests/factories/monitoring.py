"""Bins, sketches, signals, calibrations and windows of the monitor, with defaults."""

from datetime import UTC, date, datetime, timedelta

from pipelines.contracts.monitoring import (
    Binning,
    Bins,
    Calibration,
    DriftVerdict,
    Limit,
    MonitorPolicy,
    Signal,
    WindowRecord,
)

NOW = datetime(2018, 6, 11, 6, 0, tzinfo=UTC)
MODEL = "card_fraud"
START = date(2018, 4, 1)


def day(number: int) -> str:
    """The day `number` days after the start, as text."""
    return (START + timedelta(days=number)).isoformat()


def signal(name: str = "input/amount", **different) -> Signal:
    """A column that has not moved."""
    content = {
        "name": name,
        "topic": name.partition("/")[0],
        "value": 0.01,
        "limit": 0.05,
        "importance": 0.4,
        "sentence": f"{name.partition('/')[2]} is as it was",
    }
    return Signal.model_validate(content | different)


def moved(name: str = "input/amount", **different) -> Signal:
    """A column in alarm."""
    sentence = f"{name.partition('/')[2]} went from 40 to 70 on average"
    return signal(
        name, **{"value": 0.3, "exceeded": True, "alarm": True, "sentence": sentence} | different
    )


def verdict(decision: str = "quiet", **different) -> DriftVerdict:
    """What was concluded."""
    return DriftVerdict.model_validate(
        {"decision": decision, "reasons": ["nothing moved"]} | different
    )


def window(number: int = 60, **different) -> WindowRecord:
    """A quiet window."""
    content = {
        "model": MODEL,
        "window": day(number),
        "days": 1,
        "version": 1,
        "reference": "ref-1",
        "rows": 900,
        "verdict": verdict(),
        "signals": [signal()],
        "judged_at": NOW,
    }
    return WindowRecord.model_validate(content | different)


def calibration(**different) -> Calibration:
    """A reference of 56 days."""
    binning = Binning(
        model=MODEL,
        columns=(
            Bins(column="amount", side="input", kind="number", edges=(10.0, 50.0)),
            Bins(column="category", side="input", kind="category", categories=("food", "travel")),
        ),
    )
    content = {
        "model": MODEL,
        "reference": "ref-1",
        "binning": binning,
        "days": tuple(day(number) for number in range(56)),
        "policy": MonitorPolicy(),
        "limits": (Limit(name="input/amount", limit=0.05, smallest_shift=0.4),),
        "level": 0.001,
        "false_alarms_per_month": 0.4,
        "made_at": NOW,
    }
    return Calibration.model_validate(content | different)
