"""Sketches of published and predicted rows, in this process and not on Spark."""

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipelines import features, specs
from pipelines.contracts import names
from pipelines.contracts.monitor_result import MonitorPlan
from pipelines.contracts.monitoring import Binning, Sketch
from pipelines.contracts.spec import ModelSpec
from pipelines.lake import predictions, windows
from pipelines.lake.lake import Lake
from pipelines.lake.published import publications
from pipelines.lake.windows import INPUT, OUTPUT, Part
from pipelines.monitoring.sketches import binning
from pipelines.monitoring.sketches.sketch import finished, of_table
from pipelines.tasks import task


def sketch(planned: MonitorPlan, lake: Lake, spec: ModelSpec, snapshot: int, rows: pa.Table) -> str:
    """Sketches what the plan's days have that is new, as the job `monitor` does; gives the key of
    the bins. `rows` are those of the published snapshot."""
    shown = predictions.shown(predictions.states(lake, spec.name))
    published = publications(lake, spec.dataset, snapshot)
    for group in spec.history.groups if spec.history else ():
        rows = features.of_group(rows, spec, group)
    answers = predictions.read(lake, spec.name, days=planned.days).sort_by(specs.key(spec))
    kind = task(spec.task)
    watched = {
        INPUT: (kind.watched_inputs(rows, spec), rows[names.DAY]),
        OUTPUT: (kind.watched_outputs(answers, spec), answers[names.DAY]),
    }
    bins = (
        windows.binning(lake, spec.name, planned.binning)
        if planned.binning
        else _bins(watched, planned.reference_days, lake, spec)
    )
    there = windows.parts(lake, spec.name)
    found: dict[tuple[str, Any, str], list[Sketch]] = {}
    made: dict[tuple[str, Any, str], Part] = {}
    for side, (table, column) in watched.items():
        columns = [one for one in bins.columns if one.side == side]
        for day in planned.days:
            version = shown.get(day) if side == OUTPUT else None
            part = Part(
                source=f"{published[day].snapshot_id} {version}",
                rows=published[day].rows,
                version=version,
            )
            place = (bins.key, side, day)
            if there.get(place) == part or (side == OUTPUT and version is None):
                continue
            mine = table.filter(pc.equal(column, day))
            found[place] = [finished(one) for one in of_table(mine, columns)]
            made[place] = part
    if made:
        base = lake.current_snapshot(names.windows_table(spec.name))
        windows.write(lake, spec.name, found, made, token=f"sketch {len(there)}", base=base)
    return bins.key


def _bins(
    watched: dict[Any, tuple[pa.Table, Any]], days: list[str], lake: Lake, spec: ModelSpec
) -> Binning:
    columns = []
    for side, (table, column) in watched.items():
        mine = table.filter(pc.is_in(column, pa.array(days)))
        given = {}
        if names.REVIEWED in mine.column_names:
            scores = mine[names.REVIEWED].combine_chunks()
            a_day = len(mine) / len(days)
            given[names.REVIEWED] = [task(spec.task).review_threshold(scores, a_day, spec)]
        columns += binning.choose(mine, side, spec.monitoring, given)
    made = Binning(model=spec.name, columns=tuple(columns))
    windows.keep_binning(lake, spec.name, made, made.key)
    return made
