"""Sketches published rows and the predictions that are shown, for the watch over a model.

    python spark_jobs/monitor.py --model card_fraud --days 2018-06-10 --binning KEY …
    python spark_jobs/monitor.py --model card_fraud --days 2018-04-01,… --choose 2018-04-01,… …

A side of a day is named by what it was made of: the day's publication and the code, or the shown
version and the publication it answered. What is there in the same bins is not counted again, and
Spark is not even started where nothing is missing. One commit shows all of a run.
"""

import json
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from pipelines import settings as configuration
from pipelines import specs
from pipelines.contracts import names
from pipelines.contracts.monitor_result import SketchResult
from pipelines.contracts.monitoring import Binning, Bins, Side
from pipelines.contracts.spec import ModelSpec
from pipelines.errors import BadDataError, NotFoundError
from pipelines.lake import predictions, windows
from pipelines.lake.delivery import source
from pipelines.lake.features import feature_key
from pipelines.lake.lake import Lake
from pipelines.lake.published import publications
from pipelines.lake.windows import INPUT, OUTPUT, Part
from pipelines.monitoring.sketches.binning import SAMPLE, choose
from pipelines.publication import code_hash, digest
from pipelines.settings import Settings
from pipelines.tasks import task
from spark_jobs import command
from spark_jobs.features import pinned_snapshot
from spark_jobs.fence import fenced_session, held
from spark_jobs.sketching import Rows, added_up, partial, partial_of_files, sample

_BINNING = "pipelines.monitoring.sketches.binning"
_CODE = ("pipelines.monitoring.sketches.sketch", "pipelines.monitoring.sketches.watch")


@dataclass(frozen=True)
class _Content:
    """What there is to sketch: the snapshots that are read, and the parts as they should be."""

    published: int
    predictions: int | None
    parts: Mapping[tuple[Side, str], Part]

    def days(self, side: Side) -> list[str]:
        return sorted(day for of, day in self.parts if of == side)

    def of(self, days: Sequence[str]) -> "_Content":
        """The same of some of the days."""
        mine = {part: one for part, one in self.parts.items() if part[1] in set(days)}
        return replace(self, parts=mine)


def run(
    model: str,
    days: Sequence[str],
    binning: str | None,
    token: str,
    settings: Settings,
    *,
    choose_from: Sequence[str] | None = None,
) -> SketchResult:
    """Sketches of the days in the bins `binning`, or in bins that are chosen from `choose_from`.

    These are among the days; without them the bins are chosen from all of the days.

    Raises NotFoundError for a day that was never delivered and for bins that are not there,
    BadDataError where bins are to be chosen and no row is published. Waits for a live twin.
    """
    spec = specs.model(model)
    lake = Lake.open(settings)
    with held(token, names.windows_table(model), settings):
        content = _content(lake, spec, days)
        chosen_from = content.of(days if choose_from is None else choose_from)
        origin = _origin(spec, chosen_from)
        bins = (
            windows.binning(lake, model, binning)
            if binning is not None
            else windows.binning_of(lake, model, origin)
        )
        there = windows.parts(lake, model)
        due = {
            part: wanted
            for part, wanted in content.parts.items()
            if bins is None or there.get((bins.key, *part)) != wanted
        }
        if due:
            with fenced_session(f"monitor {model}", token, settings) as spark:
                bins = _sketch(spark, lake, spec, content, due, bins, origin, token, chosen_from)
        if bins is None:
            raise _nothing(spec)
        return SketchResult(
            model=model,
            binning=bins.key,
            days=sorted(set(days)),
            rows=sum(part.rows for (side, _), part in content.parts.items() if side == INPUT),
            changed=windows.last_token(lake, model) == token,
        )


def _content(lake: Lake, spec: ModelSpec, days: Sequence[str]) -> _Content:
    table = names.published_table(spec.dataset)
    refused = lake.counts(names.quarantine_table(spec.dataset), names.DAY)
    pinned = pinned_snapshot(lake, table, None)
    published = publications(lake, spec.dataset, pinned)
    unknown = sorted(set(days) - published.keys() - refused.keys())
    if unknown:
        raise NotFoundError(
            f"{spec.dataset} has no day {', '.join(unknown)}, neither published nor in quarantine; "
            f"published: {min(published)} to {max(published)}. Name days as 2026-01-31."
        )
    code = digest(code_hash("pipelines.tasks"), *(source(module) for module in _CODE))
    states = predictions.states(lake, spec.name)
    shown = predictions.shown(states)
    parts: dict[tuple[Side, str], Part] = {}
    for day in sorted(set(days) & published.keys()):
        one = published[day]
        origin = digest(feature_key(spec, one.snapshot_id), spec.split.group_by, code)
        parts[INPUT, day] = Part(source=origin, rows=one.rows)
        if day in shown:
            state = states[shown[day], day]
            asked = json.dumps(spec.model_dump(mode="json", include={"fields", "review"}))
            parts[OUTPUT, day] = Part(
                source=digest(str(state.published), str(shown[day]), asked, code),
                rows=state.rows_in - state.refused,
                version=shown[day],
            )
    return _Content(pinned, lake.current_snapshot(names.predictions_table(spec.name)), parts)


def _origin(spec: ModelSpec, content: _Content) -> str:
    """Names the bins that are chosen from this content."""
    policy = spec.monitoring
    parts = [(*part, one.source) for part, one in sorted(content.parts.items())]
    chosen_by = (source(_BINNING), str(policy.bins), str(policy.categories))
    return digest(*chosen_by, str(spec.review_per_day), json.dumps(parts))


def _sketch(
    spark: SparkSession,
    lake: Lake,
    spec: ModelSpec,
    content: _Content,
    due: Mapping[tuple[Side, str], Part],
    bins: Binning | None,
    origin: str,
    token: str,
    chosen_from: _Content,
) -> Binning:
    """Makes the parts that are due; where there are no bins they are chosen from `chosen_from`."""
    base = lake.current_snapshot(names.windows_table(spec.name))
    rows = [one for side in (INPUT, OUTPUT) if (one := _rows(spec, content, side, due)).days]
    with ExitStack() as stack:
        frames = {one.side: one.frame(spark, spec) for one in rows if bins is None or one.computed}
        if bins is None:
            # What the groups add is looked at twice.
            for one in (one for one in rows if one.computed):
                frames[one.side] = frames[one.side].persist()
                stack.callback(frames[one.side].unpersist)
            bins = _chosen(spec, frames, chosen_from)
            windows.keep_binning(lake, spec.name, bins, origin)
        found = {}
        for one in rows:
            columns = [column for column in bins.columns if column.side == one.side]
            partials = (
                partial(frames[one.side], spec, one.side, columns)
                if one.computed
                else partial_of_files(spark, one.files(lake, spec), spec, one.side, columns)
            )
            for day, sketches in added_up(partials, columns, sorted(one.days)).items():
                found[bins.key, one.side, day] = sketches
    made = {(bins.key, *part): one for part, one in due.items()}
    windows.write(lake, spec.name, found, made, token=token, base=base)
    return bins


def _rows(
    spec: ModelSpec, content: _Content, side: Side, due: Mapping[tuple[Side, str], Part]
) -> Rows:
    days = {day: part.version for (of, day), part in sorted(due.items()) if of == side}
    table, snapshot = names.predictions_table(spec.name), content.predictions
    if side == INPUT:
        table, snapshot = names.published_table(spec.dataset), content.published
    return Rows(side, table, snapshot, days, computed=side == INPUT and spec.history is not None)


def _chosen(spec: ModelSpec, frames: Mapping[Side, DataFrame], content: _Content) -> Binning:
    columns: list[Bins] = []
    for side, frame in frames.items():
        mine = content.days(side)
        if not mine and side == OUTPUT:
            continue
        drawn = sample(frame.where(F.col(names.DAY).isin(mine)), spec, side, SAMPLE)
        if side == INPUT and not drawn.num_rows:
            raise _nothing(spec)
        given = {}
        if names.REVIEWED in drawn.column_names:
            a_day = sum(content.parts[side, day].rows for day in mine) / len(mine)
            scores = drawn[names.REVIEWED].combine_chunks()
            given[names.REVIEWED] = [task(spec.task).review_threshold(scores, a_day, spec)]
        columns += choose(drawn, side, spec.monitoring, given)
    return Binning(model=spec.name, columns=tuple(columns))


def _nothing(spec: ModelSpec) -> BadDataError:
    return BadDataError(
        f"bins of {spec.name} cannot be chosen: the days that were named hold no published row of "
        f"{spec.dataset}. Name days that have rows."
    )


def main(argv: Sequence[str] | None = None) -> SketchResult:
    """Command line of the job; leaves result or error as JSON in the file of `--result`."""
    parser = command.parser("Sketches what a model was given and what it answered.")
    parser.add_argument("--model", required=True)
    parser.add_argument(
        "--days", type=command.days, required=True, help="as 2026-01-31, separated by commas"
    )
    bins = parser.add_mutually_exclusive_group(required=True)
    bins.add_argument("--binning", help="key of the bins")
    bins.add_argument("--choose", type=command.days, help="bins from these of the days")
    given = parser.parse_args(argv)
    return command.reported(
        given.result,
        lambda: run(
            given.model,
            given.days,
            given.binning,
            given.token,
            configuration.load(),
            choose_from=given.choose,
        ),
    )


if __name__ == "__main__":
    command.start(main)
