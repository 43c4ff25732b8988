"""The task `classification`: rows of one table, labelled by a column that is true or false."""

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipelines import features, specs
from pipelines.contracts import names
from pipelines.contracts.spec import ModelSpec
from pipelines.errors import MisconfiguredError
from pipelines.tasks.table import Examples

# Where a row came from says nothing about what it is.
_NO_INPUT = {
    names.CONTENT_HASH,
    names.SOURCE_FILE,
    names.SOURCE_LINE,
    names.RAW,
    names.RULE,
    names.REASON,
}


def target(spec: ModelSpec) -> str:
    """Column of the label; raises MisconfiguredError where model.yaml names none."""
    if spec.target is None or spec.split.time is None:
        raise MisconfiguredError(
            f"model {spec.name!r} is of the task `classification` and needs the column of its "
            "label and of its time. Add `target:` and `split: {time: …}` to its model.yaml."
        )
    return spec.target


def label_columns(spec: ModelSpec) -> tuple[str, ...]:
    """Target, group and time, and the columns of the slices."""
    columns = (target(spec), spec.split.group_by, str(spec.split.time))
    found = dict.fromkeys([*columns, *(one.column for one in spec.slices.values())])
    return (specs.key(spec), *(name for name in found if name != specs.key(spec)))


def truth_column(spec: ModelSpec) -> str:
    """The target."""
    return target(spec)


def input_columns(spec: ModelSpec) -> tuple[str, ...]:
    """All of a row; its target too, which the rows after it may look at once it is known."""
    dataset = specs.dataset(spec.dataset)
    columns = specs.resolve(dataset.schema_)().names
    return (
        dataset.key,
        *(name for name in columns if name not in _NO_INPUT and name != dataset.key),
    )


def example(rows: pa.Table, spec: ModelSpec) -> pa.Table:
    """The last row is new: its target is not known yet."""
    column = target(spec)
    place = rows.schema.get_field_index(column)
    known = [*rows[column].to_pylist()[:-1], None]
    return rows.set_column(
        place, rows.schema.field(place), pa.array(known[: rows.num_rows], rows[column].type)
    )


def examples(rows: pa.Table, spec: ModelSpec) -> Examples:
    """Rows whose target is known."""
    kept = rows.filter(pc.is_valid(rows[target(spec)]))
    return Examples(
        keys=kept[specs.key(spec)].to_pylist(),
        groups=kept[spec.split.group_by].cast(pa.string()).to_pylist(),
        contents=(),
        times=kept[str(spec.split.time)].to_pylist(),
    )


def answer(prediction: dict[str, Any]) -> dict[str, Any]:
    """The probability."""
    return {names.PROBABILITY: prediction[names.PROBABILITY]}


def watched_columns(spec: ModelSpec) -> tuple[str, ...]:
    """All of a row."""
    return input_columns(spec)


def watched_inputs(rows: pa.Table, spec: ModelSpec) -> pa.Table:
    """The features, and columns of the row that are none; no label and no name of a thing."""
    history = spec.history
    names_of_things = {specs.key(spec), target(spec), spec.split.group_by}
    left_out = names_of_things | set(history.groups if history else ()) | {str(spec.split.time)}
    found = features.of_rows(rows, spec)
    columns = {name: rows[name] for name in input_columns(spec) if name in rows.column_names}
    columns |= {name: found[name] for name in found.column_names}
    return pa.table({name: one for name, one in columns.items() if name not in left_out})


def watched_outputs(predictions: pa.Table, spec: ModelSpec) -> pa.Table:
    """The probability, by which people are asked too.

    They look at groups (cards), and what is watched is rows: a prediction does not say whose it
    is. So the share of rows that reach the threshold is no number of cards, but moves as it does.
    """
    del spec
    found = predictions[names.PROBABILITY]
    return pa.table({names.PROBABILITY: found, names.REVIEWED: found})


def review_threshold(reviewed: pa.Array, rows_a_day: float, spec: ModelSpec) -> float:
    """The probability that as many rows a day reach as groups are looked at."""
    share = min(1.0, spec.review_per_day / max(rows_a_day, 1.0))
    found = pc.quantile(reviewed, 1 - share, interpolation="higher")[0].as_py()
    return 1.0 if found is None else float(found)
