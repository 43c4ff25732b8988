"""Whether a model is as right as it was: measured figures against the reference, estimates beside.

Only measured figures are judged. An estimate is shown with its past error, and what it is made of,
the confidence, is watched as an output: it would see the same shift twice, and trusts the model.
"""

from collections.abc import Collection, Sequence

from pipelines.contracts.monitoring import Calibration, MonitorPolicy, Signal
from pipelines.contracts.quality import Figure, Source
from pipelines.contracts.spec import ModelSpec
from pipelines.lake.lake import Lake
from pipelines.monitoring.days import earlier
from pipelines.monitoring.quality import measurement
from pipelines.monitoring.quality.beside import Beside
from pipelines.monitoring.quality.drop import (
    LEAST_DAYS,
    POOL_DAYS,
    Drop,
    over_time,
    together,
)
from pipelines.monitoring.quality.measurement import of_days, of_task
from pipelines.opsdb.database import OpsDb
from pipelines.settings import Settings

_SHARE = 0.1
"""Of the false alarms that the policy allows, those that may be about quality."""
_MONTH = 30
_WORDS: dict[Source, str] = {"labels": "by labels", "audit": "by the audit sample"}


def signals(
    spec: ModelSpec,
    *,
    days: Sequence[str],
    lake: Lake,
    db: OpsDb,
    settings: Settings,
    calibration: Calibration | None,
) -> list[Signal]:
    """Measures what can be measured by now and judges the window that ends with `days`.

    A metric without any measured day gives its estimate alone; a model that never scored nothing.
    """
    last = max(days)
    reference = calibration.days if calibration else ()
    margin = POOL_DAYS + of_task(spec.task).label_days(spec) + spec.monitoring.window_days
    since = min([earlier(last, margin + LEAST_DAYS), *reference])
    figures = measurement.refresh(
        spec, since=since, until=last, lake=lake, db=db, settings=settings
    )
    return judge(figures, spec, last=last, reference=reference)


def judge(
    figures: Sequence[Figure], spec: ModelSpec, *, last: str, reference: Collection[str]
) -> list[Signal]:
    """What the figures of the days up to `last` say. Pure.

    The level is what leaves a tenth of the policy's false alarms to all metrics together
    (Bonferroni), whatever depends on what.
    """
    quality_of, policy = of_task(spec.task), spec.monitoring
    oldest_label = earlier(last, quality_of.label_days(spec))
    known = [
        one for one in figures if one.day <= (oldest_label if one.source == "labels" else last)
    ]
    importance = quality_of.importance(spec)
    sources: tuple[Source, ...] = ("labels", "audit")
    judged = [
        (metric, source)
        for metric in importance
        for source in sources
        if of_days(known, source, metric)
    ]
    level = _SHARE * policy.false_alarms_per_month * policy.window_days / _MONTH
    level /= max(1, len(judged))
    found: list[Signal] = []
    for metric, source in judged:
        drops = over_time(
            of_days(known, source, metric), policy, last=last, reference=reference, level=level
        )
        if drops:
            found.append(_signal(metric, source, drops, importance[metric], policy, last))
    for metric in importance:
        signal = _estimated(known, metric, policy, last=last, reference=reference)
        found += [signal] if signal else []
    return found


def _signal(
    metric: str,
    source: Source,
    drops: Sequence[Drop],
    importance: float,
    policy: MonitorPolicy,
    last: str,
) -> Signal:
    newest = drops[0]
    late = [one.exceeded for one in drops]
    return Signal(
        name=f"quality/{metric}" + ("/audit" if source == "audit" else ""),
        topic="quality",
        value=newest.value if newest.reference else newest.recent.value,
        limit=newest.limit,
        p=newest.p,
        exceeded=newest.exceeded,
        alarm=newest.exceeded and sum(late) >= policy.alarm_windows,
        importance=importance,
        sentence=_sentence(metric, source, newest, last),
        details={
            "value": newest.recent.value,
            "low": newest.recent.low,
            "high": newest.recent.high,
            "reference": newest.reference.value if newest.reference else None,
            "labelled": newest.recent.labelled,
            "missing": newest.recent.rows - newest.recent.labelled,
            "days_late": newest.recent.days_late,
        },
    )


def _sentence(metric: str, source: Source, found: Drop, last: str) -> str:
    recent, told = found.recent, metric.replace("_", " ")
    span = (
        f"on {recent.day}"
        if len(recent.days) == 1
        else f"from {recent.days[0].day} to {recent.day}"
    )
    text = (
        f"{told.capitalize()} {_WORDS[source]} is {recent.value:.3f} "
        f"({recent.low:.3f} to {recent.high:.3f}) {span}"
    )
    if found.reference is None:
        text += "; the reference has too few labels to hold it against"
    else:
        way = "below" if found.value > 0 else "above"
        text += f", {abs(found.value):.3f} {way} the {found.reference.value:.3f} of the reference"
    missing = recent.rows - recent.labelled
    if missing > 0:
        text += f"; {missing} of {recent.rows} rows have no {source.rstrip('s')}"
    if recent.day < last and recent.days_late:
        text += f"; labels come {recent.days_late:.0f} days late"
    return text + "."


def _estimated(
    known: Sequence[Figure],
    metric: str,
    policy: MonitorPolicy,
    *,
    last: str,
    reference: Collection[str],
) -> Signal | None:
    """The estimate of the window, shown beside what is measured and never judged."""
    expected = [one for one in of_days(known, "estimate", metric) if one.day <= last]
    if not expected or expected[-1].day <= earlier(last, policy.window_days):
        return None
    now = together([one for one in expected if one.day > earlier(last, policy.window_days)])
    found = Beside.of(known, metric, reference)
    value = found.corrected(now.value)
    error = found.error()
    told = metric.replace("_", " ").capitalize()
    text = f"{told} is estimated at {value:.3f} from confidence"
    text += (
        "; how far such estimates are off is not known yet."
        if error is None
        else f"; such estimates were off by {error:.3f} on average."
    )
    return Signal(
        name=f"quality/{metric}/estimate",
        topic="quality",
        value=value,
        limit=None,
        sentence=text,
        details={"value": value, "plain": now.value, "low": found.corrected(now.low),
                 "high": found.corrected(now.high), "estimate_error": error},
    )  # fmt: skip
