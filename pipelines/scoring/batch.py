"""Predictions of a table or of a stream of landed rows, the same in batches of any size."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.contracts import names
from pipelines.estimators.artefact import Artefact

BATCH_ROWS = 256
"""Documents that are computed at once: enough to be fast, few enough for small machines."""

Refuse = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class Scored:
    """Documents that could be read, and their predictions in the same order."""

    documents: pa.Table
    predictions: pa.Table


def predict(model: Artefact, documents: pa.Table, *, batch_rows: int = BATCH_ROWS) -> pa.Table:
    """Predictions of documents, one row each in the same order.

    `documents` has the columns that the model's feature function needs. Raises BadDataError for
    a missing or wrong column.
    """
    starts = range(0, max(1, documents.num_rows), batch_rows)
    return pa.concat_tables(model.answer(documents.slice(start, batch_rows)) for start in starts)


def predict_file(
    model: Artefact, batches: Iterable[pa.RecordBatch], refuse: Refuse
) -> Iterator[Scored]:
    """Predictions of landed rows as a reader gives them, batch by batch.

    A row with a rule (the reader could not take it), and one whose id was there before, goes to
    `refuse` as a dict of its columns `document_id`, `source_line`, `rule` and `reason`, and is
    not scored.
    """
    seen: set[str] = set()
    for batch in batches:
        landed = _with_repeats_refused(pa.Table.from_batches([batch]), seen)
        refused = landed.filter(pc.is_valid(landed[names.RULE]))
        columns = (names.DOCUMENT_ID, names.SOURCE_LINE, names.RULE, names.REASON)
        for row in refused.select(columns).to_pylist():
            refuse(row)
        documents = landed.filter(pc.is_null(landed[names.RULE]))
        if documents.num_rows:
            yield Scored(documents, predict(model, documents))


def _with_repeats_refused(landed: pa.Table, seen: set[str]) -> pa.Table:
    """The rows, where an id that was seen before has its rule and reason."""
    rules, reasons = landed[names.RULE].to_pylist(), landed[names.REASON].to_pylist()
    for row, document_id in enumerate(landed[names.DOCUMENT_ID].to_pylist()):
        if rules[row] is None and document_id in seen:
            rules[row] = "duplicate_id"
            reasons[row] = "the document_id stands twice in the file; the first one is taken"
        elif rules[row] is None:
            seen.add(document_id)
    for name, values in ((names.RULE, rules), (names.REASON, reasons)):
        place = landed.schema.get_field_index(name)
        landed = landed.set_column(place, name, pa.array(values, pa.string()))
    return landed
