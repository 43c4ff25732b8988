"""Quality over the days of a timeline, measured beside estimated, as charts. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from millrace_airflow.pages.days import Days
from millrace_airflow.pages.plot import Scale
from pipelines.contracts.quality import Figure, Source
from pipelines.monitoring.quality.beside import Beside
from pipelines.monitoring.quality.drop import Pool, pool, together
from pipelines.monitoring.quality.measurement import of_days


@dataclass(frozen=True)
class Dot:
    """One measured figure."""

    x: float
    y: float
    low: float
    high: float
    source: Source


@dataclass(frozen=True)
class Step:
    """A piece of the line of estimates."""

    x1: float
    y1: float
    x2: float
    y2: float


@dataclass(frozen=True)
class Chart:
    """One metric over time, measured and estimated."""

    metric: str
    dots: list[Dot]
    steps: list[Step]
    usual: float | None
    """Height of the reference's value."""
    ticks: list[tuple[float, float]]
    newest: Mapping[Source, Pool]
    """Measured last, by source."""
    estimate: float | None
    estimated_on: str | None
    error: float | None
    """By how much estimates were off, on average."""
    reference: float | None


def charts(
    figures: Sequence[Figure], metrics: Iterable[str], days: Days, reference: Sequence[str],
    least: float,
) -> list[Chart]:  # fmt: skip
    """A chart for each metric of which anything is known."""
    found = [_chart(figures, metric, days, reference, least) for metric in metrics]
    return [one for one in found if one.dots or one.steps]


def _chart(
    figures: Sequence[Figure], metric: str, days: Days, reference: Sequence[str], least: float
) -> Chart:
    measured: dict[Source, list[Pool]] = {}
    sources: tuple[Source, ...] = ("labels", "audit")
    for source in sources:
        of = of_days(figures, source, metric)
        pools = [pool(of[: at + 1], least) for at in range(len(of))]
        measured[source] = [one for one in pools if days.left(one.day) is not None]
    beside = Beside.of(figures, metric, reference)
    expected = [
        (one.day, beside.corrected(one.value))
        for one in of_days(figures, "estimate", metric)
        if days.left(one.day) is not None
    ]
    usual = [one for one in of_days(figures, "labels", metric) if one.day in set(reference)] or [
        one for one in of_days(figures, "audit", metric) if one.day in set(reference)
    ]
    value = together(usual).value if usual else None
    ends = [end for pools in measured.values() for one in pools for end in (one.low, one.high)]
    scale = Scale.over([*ends, *(one for _, one in expected), value])
    return Chart(
        metric=metric,
        dots=[
            Dot(
                days.middle(one.day) or 0.0, _y(scale, one.value), _y(scale, one.low),
                _y(scale, one.high), source,
            )
            for source, pools in measured.items()
            for one in pools
        ],
        steps=[
            Step(days.middle(a) or 0.0, _y(scale, x), days.middle(b) or 0.0, _y(scale, y))
            for (a, x), (b, y) in pairwise(expected)
        ],
        usual=None if value is None else _y(scale, value),
        ticks=[(round(100 - place, 2), tick) for place, tick in scale.ticks],
        newest={source: pools[-1] for source, pools in measured.items() if pools},
        estimate=expected[-1][1] if expected else None,
        estimated_on=expected[-1][0] if expected else None,
        error=beside.error(),
        reference=value,
    )  # fmt: skip


def _y(scale: Scale, value: float) -> float:
    place = scale.at(value)
    return round(100 - (place or 0.0), 2)
