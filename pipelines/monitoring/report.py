"""A page about one window: Evidently's pictures of a small sample beside the reference's.

The sample is bounded, the same every time, and stratified: each day has its share of the rows, and
within a day the rows are taken at equal distances in the order of their group, so that every group
has its share too (systematic sampling, Cochran 1977, chapter 8).
"""

import logging
import os
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipelines import features, specs
from pipelines.contracts import names
from pipelines.contracts.monitoring import Bins, Calibration, Side, Signal
from pipelines.contracts.spec import ModelSpec
from pipelines.lake import history, predictions
from pipelines.lake.lake import Lake
from pipelines.lake.published import published_days
from pipelines.monitoring.sketches.watch import watch
from pipelines.settings import Settings
from pipelines.tasks import task

log = logging.getLogger(__name__)

MOST_HISTORY = 2_000_000
"""Rows of the days that features look back on; where there are more the inputs are left out, so
that the page costs the same time and memory whatever comes in."""
MOST_KEYS = 2_000_000
"""Rows of the days that a sample is drawn from, about: where there are more days are left out."""
_WEEK = 7


def write(
    spec: ModelSpec,
    *,
    days: Sequence[str],
    reference_days: Sequence[str],
    lake: Lake,
    settings: Settings,
    calibration: Calibration,
    signals: Sequence[Signal],
) -> str | None:
    """Writes the page of the window of these days; its path below the home.

    None where there is nothing to hold side by side (no rows, or no column that was judged), and
    where it cannot be drawn: the log says why, and no verdict depends on a picture.
    """
    page = _page(spec, max(days), settings)
    aside = page.with_name(f".{os.getpid()}.html")
    try:
        drawn = _draw(aside, spec, (reference_days, days), lake, calibration, signals)
        if drawn:
            aside.replace(page)
    except Exception:  # of the lake, of a model's feature function, or of Evidently
        log.exception("Evidently's report of %s, %s, could not be written", spec.name, max(days))
        return None
    finally:
        aside.unlink(missing_ok=True)
    return settings.relative(page) if drawn else None


def _draw(
    path: Path,
    spec: ModelSpec,
    days: tuple[Sequence[str], Sequence[str]],
    lake: Lake,
    calibration: Calibration,
    signals: Sequence[Signal],
) -> bool:
    """Reference and window side by side; False, and no file, where there is nothing."""
    from pipelines.monitoring import evidently

    judged = {one.name: one for one in signals if one.value is not None and one.limit is not None}
    bins = [one for one in calibration.binning.columns if one.name in judged]
    keys = [sample(spec, given, lake) for given in days]
    if not bins or not all(keys):
        return False
    reference, current = (_sides(spec, one, bins, lake) for one in keys)
    columns = [
        evidently.Column(
            name=one.name,
            kind=one.kind,
            score=judged[one.name].value or 0.0,
            drifted=judged[one.name].exceeded,
        )
        for one in bins
        if all(
            one.name in side.column_names and _told(side[one.name]) for side in (reference, current)
        )
    ]
    if not columns:
        return False
    title = f"{spec.name}, {max(days[1])}"
    path.parent.mkdir(parents=True, exist_ok=True)
    evidently.write(path, reference=reference, current=current, columns=columns, title=title)
    return True


def written(spec: ModelSpec, day: str, settings: Settings) -> str | None:
    """The page of the window that ends with a day, where one was written."""
    page = _page(spec, day, settings)
    return settings.relative(page) if page.is_file() else None


def _page(spec: ModelSpec, day: str, settings: Settings) -> Path:
    return settings.runs / "monitor" / spec.name / day / "index.html"


def _sides(
    spec: ModelSpec, keys: Mapping[str, list[str]], bins: Sequence[Bins], lake: Lake
) -> pa.Table:
    """Watched columns of the rows of these keys, by the names of their bins."""
    found: dict[str, pa.ChunkedArray] = {}
    sides: dict[Side, pa.Table] = {
        "input": _inputs(spec, keys, lake),
        "output": _outputs(spec, keys, lake),
    }
    for one in bins:
        side = sides[one.side]
        if one.column in side.column_names:
            found[one.name] = _values(side[one.column], one)
    longest = max((len(one) for one in found.values()), default=0)
    # The two sides of a row need not meet: each column is looked at by itself.
    return pa.table({
        name: pa.chunked_array([*one.chunks, pa.nulls(longest - len(one), one.type)])
        for name, one in found.items()
    })


def sample(spec: ModelSpec, days: Sequence[str], lake: Lake) -> dict[str, list[str]]:
    """Keys of at most `monitoring.report_rows` published rows, by day."""
    counts = _looked_at({
        day: state.rows_published
        for day, state in published_days(lake, spec.dataset).items()
        if day in set(days) and state.rows_published
    })
    whole = sum(counts.values())
    most = min(spec.monitoring.report_rows, whole)
    found: dict[str, list[str]] = {}
    for day, rows in sorted(counts.items()):
        quota = min(rows, int(most * rows / whole))
        if quota:
            found[day] = _of_day(spec, day, quota, lake)
    return found


def _looked_at(counts: Mapping[str, int]) -> dict[str, int]:
    """Days at equal distances of about MOST_KEYS rows together, of every weekday alike."""
    every = max(1, -(-sum(counts.values()) // MOST_KEYS))
    every += every % _WEEK == 0
    return {day: counts[day] for day in sorted(counts)[::every]}


def _of_day(spec: ModelSpec, day: str, quota: int, lake: Lake) -> list[str]:
    key, group = specs.key(spec), spec.split.group_by
    schema = specs.resolve(specs.dataset(spec.dataset).schema_)()
    columns = [key, *([group] if group in schema.names else [])]
    rows = lake.read(names.published_table(spec.dataset), where={names.DAY: day}, columns=columns)
    keys = rows[key].to_pylist()
    groups = (
        rows[group].cast(pa.string()).to_pylist()
        if group in columns
        else _answered(spec, day, keys, lake)
    )
    order = sorted(
        range(len(keys)), key=lambda at: (groups[at] or "", sha256(keys[at].encode()).digest())
    )
    places = ((np.arange(quota) + 0.5) * len(order) / quota).astype(int)
    return [keys[order[at]] for at in places]


def _answered(spec: ModelSpec, day: str, keys: Sequence[str], lake: Lake) -> list[str | None]:
    """The group as the model read it, where rows do not carry it."""
    group = spec.split.group_by
    if lake.current_snapshot(names.predictions_table(spec.name)) is None:
        return [None] * len(keys)
    answers = predictions.read(lake, spec.name, days=[day])
    if not answers.num_rows:
        return [None] * len(keys)
    watched = task(spec.task).watched_outputs(answers, spec)
    if group not in watched.column_names:
        return [None] * len(keys)
    known: Mapping[str, str | None] = dict(
        zip(answers[specs.key(spec)].to_pylist(), watched[group].to_pylist(), strict=True)
    )
    return [known.get(one) for one in keys]


def _inputs(spec: ModelSpec, keys: Mapping[str, list[str]], lake: Lake) -> pa.Table:
    key, table = specs.key(spec), names.published_table(spec.dataset)
    columns = task(spec.task).input_columns(spec)
    parts = [
        lake.read(table, where={names.DAY: day, key: mine}, columns=columns).select(columns)
        for day, mine in keys.items()
    ]
    rows = pa.concat_tables(parts).combine_chunks()
    if spec.history is not None:
        published = published_days(lake, spec.dataset)
        if sum(one.rows_published for one in published.values()) > MOST_HISTORY:
            return pa.table({})
        earlier = history.history(lake, spec, rows, tuple(columns))
        both = pa.concat_tables([rows, earlier]).combine_chunks()
        for group in spec.history.groups:
            both = features.of_group(both, spec, group)
        rows = both.slice(0, rows.num_rows)
    watched, _ = watch(spec, "input", rows.schema)
    return watched(rows)


def _outputs(spec: ModelSpec, keys: Mapping[str, list[str]], lake: Lake) -> pa.Table:
    if lake.current_snapshot(names.predictions_table(spec.name)) is None:
        return pa.table({})
    answers = predictions.read(lake, spec.name, days=list(keys))
    wanted = pa.array([one for mine in keys.values() for one in mine], pa.string())
    mine = answers.filter(pc.is_in(answers[specs.key(spec)], wanted))
    if not mine.num_rows:
        return pa.table({})
    watched, _ = watch(spec, "output", mine.schema)
    return watched(mine)


def _values(values: pa.ChunkedArray, bins: Bins) -> pa.ChunkedArray:
    """Numbers as they are; categories by their place in the reference, never by their text.

    A category may be what a document said. True and false say nothing of anybody.
    """
    if bins.kind == "number":
        return values.cast(pa.float64())
    words = ["other", *(f"no. {at + 1}" for at in range(len(bins.categories)))]
    if set(bins.categories) <= {"true", "false"}:
        words = ["other", *bins.categories]
    place = pc.index_in(values.cast(pa.string()), value_set=pa.array(bins.categories, pa.string()))
    told = pc.take(pa.array(words), pc.add(pc.fill_null(place, -1), 1))
    return pc.if_else(pc.is_valid(values), told, pa.scalar(None, pa.string()))


def _told(values: pa.ChunkedArray) -> bool:
    """Whether there is a value to draw."""
    return bool(pc.any(pc.is_valid(values)).as_py())
