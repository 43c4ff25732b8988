"""What a model's timeline shows, as lanes over the same days. Pure.

Places are in per cent: of the width by day, of the height by value, so that pictures fit any screen
and need no script.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise

from millrace_airflow.pages.days import Days
from millrace_airflow.pages.plot import Scale
from pipelines.contracts.decision import LedgerRow
from pipelines.contracts.monitoring import BreakerRow, Incident, Signal, WindowRecord
from pipelines.contracts.quality import Figure, Source
from pipelines.monitoring.quality.beside import Beside
from pipelines.monitoring.quality.drop import Pool, pool, together
from pipelines.monitoring.quality.measurement import of_days

_SIGNS = {"rollback": " (back)", "shadow": " (shadow)", "adopt": " (adopted)"}
WARM = 0.5
"""Times its limit from which a statistic is shown as near it."""


@dataclass(frozen=True)
class Mark:
    """A change of champion or of the switch, where the first window after it begins."""

    left: float
    kind: str
    label: str
    """Short, for the picture."""
    text: str


@dataclass(frozen=True)
class Block:
    """Some days in one colour."""

    left: float
    width: float
    word: str
    text: str


@dataclass(frozen=True)
class Lane:
    """How far one thing was from its limit, window by window."""

    name: str
    blocks: list[Block]
    """Windows from WARM on; `warm`, `past` its limit, in `alarm`, or `lost` where unreadable."""
    newest: float | None
    """Times its limit in the newest window."""
    past: int
    """Windows past the limit."""
    importance: float
    judged: int


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


@dataclass(frozen=True)
class Bar:
    """Rows of one window, in per cent of the largest."""

    left: float
    width: float
    height: float
    refused: float
    text: str


def marks(
    rows: Sequence[LedgerRow],
    windows: Sequence[WindowRecord],
    days: Days,
    turns: Sequence[BreakerRow],
) -> list[Mark]:
    """Changes of champion and turns of the switch.

    Days of data and days of people are different things where the past is judged: a mark stands
    before the first window that was judged after it, at the right edge where none was.
    """
    happened = [
        (
            row.at,
            row.kind,
            f"v{row.to_version}" + _SIGNS.get(row.kind, ""),
            f"{row.kind} of version {row.to_version} by {row.person}, {row.at:%Y-%m-%d}: {row.why}",
        )
        for row in rows
    ] + [
        (
            one.at,
            "pause" if one.paused else "resume",
            "paused" if one.paused else "resumed",
            f"scoring {'paused' if one.paused else 'resumed'} by {one.person}, "
            f"{one.at:%Y-%m-%d}: {one.reason}",
        )
        for one in turns
    ]
    found = [
        Mark(_before(at, windows, days), kind, label, text) for at, kind, label, text in happened
    ]
    return sorted(found, key=lambda one: one.left)


def _before(at: datetime, windows: Sequence[WindowRecord], days: Days) -> float:
    later = [one for one in windows if one.judged_at > at]
    left = days.left(later[0].window) if later else 100.0
    return 0.0 if left is None else left


def verdicts(windows: Iterable[WindowRecord], days: Days) -> list[Block]:
    """A block for each window, by its decision."""
    found = []
    for one in windows:
        place = _place(one, days)
        if place is not None:
            text = f"{one.window}: {one.verdict.decision}, {one.rows} rows"
            found.append(Block(*place, one.verdict.decision, text))
    return found


def bars(windows: Sequence[WindowRecord], days: Days) -> list[Bar]:
    """Published rows of each window, and the share of those that came and were refused."""
    most = max((one.rows for one in windows), default=0) or 1
    found = []
    for one in windows:
        place = _place(one, days)
        if place is None:
            continue
        refused = next(
            (
                signal.details.get("value") or 0.0
                for signal in one.signals
                if signal.name == "volume/quarantined"
            ),
            0.0,
        )
        refused = min(1.0, max(0.0, refused))
        text = f"{one.window}: {one.rows:,} rows, {100 * refused:.1f} % refused"
        found.append(Bar(*place, round(100 * one.rows / most, 2), round(100 * refused, 2), text))
    return found


def alerts(incidents: Iterable[Incident], days: Days) -> list[tuple[str, list[Block]]]:
    """Incidents as blocks, by kind."""
    found: dict[str, list[Block]] = {}
    for one in incidents:
        until = days.last.isoformat() if one.closed_at is None else one.last
        place = days.span(one.since, until)
        if place is not None:
            state = "open" if one.closed_at is None else f"until {one.last}"
            text = f"{one.severity}, from {one.since} {state}: {one.headline}"
            found.setdefault(one.kind, []).append(Block(*place, one.severity, text))
    return sorted(found.items())


def lanes(windows: Sequence[WindowRecord], days: Days, topics: Iterable[str]) -> list[Lane]:
    """A lane for each thing that was looked at, what needs a look first."""
    wanted, places = set(topics), [(one, _place(one, days)) for one in windows]
    seen: dict[str, list[tuple[tuple[float, float], str, Signal]]] = {}
    for window, place in places:
        for signal in window.signals:
            if place is not None and signal.topic in wanted and signal.limit is not None:
                seen.setdefault(signal.name, []).append((place, window.window, signal))
    last = windows[-1].window if windows else ""
    found = [_lane(name, one, last) for name, one in seen.items()]
    return sorted(found, key=lambda one: (-_rank(one), -one.past, -one.importance, one.name))


def _lane(name: str, seen: Sequence[tuple[tuple[float, float], str, Signal]], last: str) -> Lane:
    blocks = []
    for place, window, signal in seen:
        ratio = times(signal)
        word = _word(signal, ratio)
        if word:
            blocks.append(Block(*place, word, f"{window}: {told(ratio)}"))
    _, newest, signal = seen[-1]
    return Lane(
        name=name,
        blocks=blocks,
        newest=times(signal) if newest == last else None,
        past=sum(one.exceeded for _, _, one in seen),
        importance=max(one.importance for _, _, one in seen),
        judged=len(seen),
    )


def _word(signal: Signal, ratio: float | None) -> str:
    if ratio is None:
        return "lost"
    if signal.alarm:
        return "alarm"
    if signal.exceeded:
        return "past"
    return "warm" if ratio >= WARM else ""


def _rank(lane: Lane) -> float:
    """How near the limit it was last; a block at the end may be an alarm."""
    return 0.0 if lane.newest is None or lane.newest < 1 else 1.0


def times(signal: Signal) -> float | None:
    """How many times its limit a statistic is; None where one is not known."""
    if signal.value is None or not signal.limit:
        return None
    return max(0.0, signal.value / signal.limit)


def told(ratio: float | None) -> str:
    """The same in words."""
    return "could not be read" if ratio is None else f"{ratio:.2f} times its limit"


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


def _place(window: WindowRecord, days: Days) -> tuple[float, float] | None:
    """Left edge and width of a window."""
    since = date.fromisoformat(window.window) - timedelta(days=window.days - 1)
    return days.span(since.isoformat(), window.window)
