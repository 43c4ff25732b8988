"""How far each thing was from its limit, as lanes over the days of a timeline. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from millrace_airflow.pages.days import Days
from millrace_airflow.pages.strips import Block, place_of
from pipelines.contracts.monitoring import Signal, WindowRecord

WARM = 0.5
"""Times its limit from which a statistic is shown as near it."""


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


def lanes(windows: Sequence[WindowRecord], days: Days, topics: Iterable[str]) -> list[Lane]:
    """A lane for each thing that was looked at, what needs a look first."""
    wanted, places = set(topics), [(one, place_of(one, days)) for one in windows]
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
