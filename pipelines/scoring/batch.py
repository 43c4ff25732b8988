"""Predictions of a table or of a stream of landed rows, the same in batches of any size."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipelines import features, specs
from pipelines.contracts import names
from pipelines.contracts.spec import ModelSpec
from pipelines.estimators.artefact import Artefact

BATCH_ROWS = 256
"""Rows that are computed at once: enough to be fast, few enough for small machines."""

Refuse = Callable[[dict[str, Any]], None]
History = Callable[[pa.Table], pa.Table]
"""Gives the published rows that the features of some rows look at, with columns of theirs."""


@dataclass(frozen=True)
class Scored:
    """Rows that could be read, and their predictions in the same order."""

    documents: pa.Table
    predictions: pa.Table


def predict(
    model: Artefact,
    rows: pa.Table,
    *,
    history: History | None = None,
    batch_rows: int = BATCH_ROWS,
) -> pa.Table:
    """Predictions of rows, one row each in the same order.

    `rows` has the columns that the model's feature function needs. The history of a row is
    among the rows, or in what `history` gives. Raises BadDataError for a missing or wrong column.
    """
    if model.spec.history is not None:
        found = _with_history(model.spec, rows, history)
        return _in_batches(found, batch_rows, model.fitted.predict)
    return _in_batches(rows, batch_rows, model.answer)


def _in_batches(
    rows: pa.Table, batch_rows: int, answer: Callable[[pa.Table], pa.Table]
) -> pa.Table:
    starts = range(0, max(1, rows.num_rows), batch_rows)
    return pa.concat_tables(answer(rows.slice(start, batch_rows)) for start in starts)


def _with_history(spec: ModelSpec, rows: pa.Table, history: History | None) -> pa.Table:
    """Features of `rows` alone, computed beside the rows they look at."""
    if history is None:
        return features.compute(rows, spec)
    earlier = history(rows)
    both = pa.concat_tables([rows.select(earlier.column_names), earlier])
    return features.compute(both.combine_chunks(), spec).slice(0, rows.num_rows)


def predict_file(
    model: Artefact,
    batches: Iterable[pa.RecordBatch],
    refuse: Refuse,
    history: History | None = None,
) -> Iterator[Scored]:
    """Predictions of landed rows as a reader gives them, batch by batch.

    A row with a rule (the reader could not take it), and one whose id was there before, goes to
    `refuse` as a dict of its key and the columns `source_line`, `rule` and `reason`, and is not
    scored. Where features look at other rows the file is scored at once, else batch by batch.
    """
    key = specs.key(model.spec)
    seen: set[str] = set()
    sound = (_sound(pa.Table.from_batches([batch]), key, seen, refuse) for batch in batches)
    found: Iterable[pa.Table] = (rows for rows in sound if rows.num_rows)
    if model.spec.history is not None:
        tables = list(found)
        found = [pa.concat_tables(tables).combine_chunks()] if tables else []
    for rows in found:
        yield Scored(rows, predict(model, rows, history=history))


def _sound(landed: pa.Table, key: str, seen: set[str], refuse: Refuse) -> pa.Table:
    """The rows that can be scored; the others go to `refuse`."""
    landed = _with_repeats_refused(landed, key, seen)
    refused = landed.filter(pc.is_valid(landed[names.RULE]))
    for row in refused.select((key, names.SOURCE_LINE, names.RULE, names.REASON)).to_pylist():
        refuse(row)
    return landed.filter(pc.is_null(landed[names.RULE]))


def _with_repeats_refused(landed: pa.Table, key: str, seen: set[str]) -> pa.Table:
    """The rows, where an id that was seen before has its rule and reason."""
    rules, reasons = landed[names.RULE].to_pylist(), landed[names.REASON].to_pylist()
    for row, found in enumerate(landed[key].to_pylist()):
        if rules[row] is None and found in seen:
            rules[row] = "duplicate_id"
            reasons[row] = f"the {key} stands twice in the file; the first one is taken"
        elif rules[row] is None:
            seen.add(found)
    for name, values in ((names.RULE, rules), (names.REASON, reasons)):
        place = landed.schema.get_field_index(name)
        landed = landed.set_column(place, name, pa.array(values, pa.string()))
    return landed
