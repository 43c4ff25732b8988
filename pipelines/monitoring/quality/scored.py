"""Days whose predictions people are shown, and figures of them."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pipelines.contracts import names
from pipelines.contracts.quality import Figure, Score, Source
from pipelines.contracts.spec import ModelSpec
from pipelines.lake import predictions
from pipelines.lake.lake import Lake
from pipelines.lake.published import NOTE
from pipelines.monitoring.days import earlier
from pipelines.publication import digest

_DAY_SECONDS = 86_400


@dataclass(frozen=True)
class ScoredDay:
    """One scored day and what it is made of."""

    day: str
    version: int
    rows: int
    first: datetime
    """When its rows were first published, and below last."""
    last: datetime
    labels_known: bool
    made_of: str


def scored(spec: ModelSpec, *, since: str, until: str, late: int, lake: Lake) -> list[ScoredDay]:
    """Days whose predictions people are shown; labels count as known `late` days after theirs."""
    states = predictions.states(lake, spec.name)
    shown = {
        day: version for day, version in predictions.shown(states).items() if since <= day <= until
    }
    written = _written(lake, spec.dataset) if shown else {}
    found = []
    for day, version in sorted(shown.items()):
        state, commits = states[version, day], written.get(day)
        if commits is None:
            continue
        labels_known = day <= earlier(until, late)
        basis = digest(str(version), str(state.published), str(commits[-1][1]), str(labels_known))
        found.append(
            ScoredDay(
                day=day,
                version=version,
                rows=state.rows_in - state.refused,
                first=commits[0][0],
                last=commits[-1][0],
                labels_known=labels_known,
                made_of=basis[:16],
            )
        )
    return found


def figure(
    day: ScoredDay, source: Source, score: Score, labelled: int, waited: float | None = None
) -> Figure:
    """A score of a day; `waited` is how many days its labels came late."""
    return Figure(
        **score.model_dump(),
        day=day.day,
        source=source,
        version=day.version,
        labelled=labelled,
        rows=day.rows,
        days_late=waited,
        made_of=day.made_of,
    )


def in_days(span: timedelta) -> float:
    """A time as days and parts of them."""
    return span.total_seconds() / _DAY_SECONDS


def _written(lake: Lake, dataset: str) -> dict[str, list[tuple[datetime, int]]]:
    """Commits that wrote each day of a published table, the first one first."""
    found: dict[str, list[tuple[datetime, int]]] = {}
    for snapshot in reversed(lake.history(names.published_table(dataset))):
        at = datetime.fromtimestamp(snapshot.committed_ms / 1000, UTC)
        for key in snapshot.summary:
            if key.startswith(NOTE):
                found.setdefault(key.removeprefix(NOTE), []).append((at, snapshot.snapshot_id))
    return found
