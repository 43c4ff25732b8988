"""What happened over the days of a timeline: verdicts, rows, alerts and changes. Pure.

Places are in per cent: of the width by day, of the height by value, so that pictures fit any screen
and need no script.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from millrace_airflow.pages.days import Days
from pipelines.contracts.decision import LedgerRow
from pipelines.contracts.monitoring import BreakerRow, Incident, WindowRecord

_SIGNS = {"rollback": " (back)", "shadow": " (shadow)", "adopt": " (adopted)"}


@dataclass(frozen=True)
class Mark:
    """A change of champion or of the switch, behind the last window that was judged before it."""

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
    behind the last window that was judged before it, at the left edge where none was. Of those the
    last alone is there: how it stood when the days began.
    """
    changes = [
        Mark(
            _behind(row.at, windows, days),
            row.kind,
            f"v{row.to_version}" + _SIGNS.get(row.kind, ""),
            f"{row.kind} of version {row.to_version} by {row.person}, {row.at:%Y-%m-%d}: {row.why}",
        )
        for row in rows
    ]
    switched = [
        Mark(
            _behind(one.at, windows, days),
            "pause" if one.paused else "resume",
            word := "paused" if one.paused else "resumed",
            f"scoring {word} by {one.person}, {one.at:%Y-%m-%d}: {one.reason}",
        )
        for one in turns
    ]
    return sorted([*_from_start(changes), *_from_start(switched)], key=lambda one: one.left)


def _from_start(found: Sequence[Mark]) -> Sequence[Mark]:
    """Of those at the left edge, which are all older than what is shown, only the last."""
    older = sum(one.left == 0 for one in found)
    return found[max(older - 1, 0) :]


def _behind(at: datetime, windows: Sequence[WindowRecord], days: Days) -> float:
    # By the last one judged before and not the first one after: a day of long ago that is judged
    # again, because its rows were mended, draws no mark to itself.
    count = max((n for n, one in enumerate(windows, 1) if one.judged_at <= at), default=0)
    left = days.left(windows[count].window) if count < len(windows) else 100.0
    return 0.0 if left is None else left


def verdicts(windows: Iterable[WindowRecord], days: Days) -> list[Block]:
    """A block for each window, by its decision."""
    found = []
    for one in windows:
        place = place_of(one, days)
        if place is not None:
            text = f"{one.window}: {one.verdict.decision}, {one.rows} rows"
            found.append(Block(*place, one.verdict.decision, text))
    return found


def bars(windows: Sequence[WindowRecord], days: Days) -> list[Bar]:
    """Published rows of each window, and the share of those that came and were refused."""
    most = max((one.rows for one in windows), default=0) or 1
    found = []
    for one in windows:
        place = place_of(one, days)
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


def place_of(window: WindowRecord, days: Days) -> tuple[float, float] | None:
    """Left edge and width of a window."""
    since = date.fromisoformat(window.window) - timedelta(days=window.days - 1)
    return days.span(since.isoformat(), window.window)
