"""Labels that reviewers gave, as a versioned table of the lake, and their join with documents.

One snapshot holds all labels up to one correction: a training names it and can be made again.
The map of a row says of each field what was typed; a null says that the document has no such
field; a field that is missing was not looked at, and is neither right nor absent.
"""

import json
from collections.abc import Iterable
from typing import Any

import pyarrow as pa

from pipelines.contracts import names
from pipelines.contracts.learning import Labels, labels_table
from pipelines.contracts.names import CONTENT_HASH, FIELDS
from pipelines.contracts.spec import ModelSpec
from pipelines.errors import BadDataError, MisconfiguredError
from pipelines.lake.golden import contents
from pipelines.lake.lake import Lake
from pipelines.publication import digest, lock
from pipelines.settings import Settings

NOTE = "millrace.labels"
"""Key of the summary: the state of the labels that a commit holds."""

_FIELDS = pa.map_(pa.string(), pa.string())


def schema(key: str) -> pa.Schema:
    """Columns of the table; `key` is the column that names a document in its data set."""
    return pa.schema([(key, pa.string()), (CONTENT_HASH, pa.string()), (FIELDS, _FIELDS)])


def publish(
    lake: Lake,
    settings: Settings,
    model: str,
    rows: pa.Table,
    *,
    until: int,
    batches: Iterable[int] = (),
) -> Labels:
    """Makes `rows` the labels of a model; the same labels again are the same snapshot.

    `rows` has the columns of `schema` and one row a document; `batches` are told with the labels
    and no part of them. Raises BadDataError where a document stands there twice.
    """
    key = rows.schema.names[0]
    ids = rows[key].to_pylist()
    if len(set(ids)) != len(ids):
        twice = sorted({one for one in ids if ids.count(one) > 1})[:3]
        raise BadDataError(
            f"{len(ids)} rows of labels name {len(set(ids))} documents, {twice} more than once; "
            "give one row a document."
        )
    rows = rows.select(schema(key).names).cast(schema(key)).sort_by(key)
    table = labels_table(model)
    state = {
        "key": _digest(rows),
        "until": until,
        "documents": rows.num_rows,
        "labels": sum(len(one) for one in rows[FIELDS].to_pylist()),
    }
    with lock(settings.root / "lake" / f"labels-{model}"):
        snapshot = _noted(lake, table, state)
        if snapshot is None:
            lake.create(table, rows.schema, [])
            snapshot = lake.overwrite(table, rows, {NOTE: json.dumps(state)})
    return Labels(snapshot_id=snapshot, batches=sorted(set(batches)), **state)


def read(lake: Lake, spec: ModelSpec, labels: Labels, input_snapshot_id: int, key: str) -> pa.Table:
    """The labels of one snapshot that are of documents as they were published then.

    What was said of another content under the same id is left out.
    """
    given = lake.read(labels_table(spec.name), snapshot_id=labels.snapshot_id)
    published = lake.read(
        names.published_table(spec.dataset),
        snapshot_id=input_snapshot_id,
        columns=[key, CONTENT_HASH],
    )
    content = dict(zip(published[key].to_pylist(), contents(published, key), strict=True))
    fits = [
        one in content and said in {None, content[one]}
        for one, said in zip(given[key].to_pylist(), given[CONTENT_HASH].to_pylist(), strict=True)
    ]
    return given.filter(pa.array(fits, pa.bool_()))


def join(rows: pa.Table, labels: pa.Table, key: str) -> pa.Table:
    """`rows` with the reviewers' labels in place of, and beside, those they came with.

    Field by field: what a reviewer said wins, what nobody looked at stays as it was. Raises
    MisconfiguredError where the rows have no labels by field.
    """
    if FIELDS not in rows.column_names:
        raise MisconfiguredError(
            f"rows with the columns {rows.column_names} have no column {FIELDS!r} to put labels "
            "in; reviewers label the fields of documents (task `extraction`) alone."
        )
    given: dict[str, Any] = dict(
        zip(labels[key].to_pylist(), labels[FIELDS].to_pylist(), strict=True)
    )
    joined = [
        list((dict(own or ()) | dict(given[one])).items()) if one in given else own
        for one, own in zip(rows[key].to_pylist(), rows[FIELDS].to_pylist(), strict=True)
    ]
    place = rows.schema.get_field_index(FIELDS)
    field = rows.schema.field(place)
    return rows.set_column(place, field, pa.array(joined, field.type))


def _noted(lake: Lake, table: str, state: dict[str, Any]) -> int | None:
    """The snapshot that holds these labels already."""
    for snapshot in lake.history(table):
        if json.loads(snapshot.summary.get(NOTE, "null")) == state:
            return snapshot.snapshot_id
    return None


def _digest(rows: pa.Table) -> str:
    lines = [json.dumps([*list(one.values())[:2], sorted(one[FIELDS])]) for one in rows.to_pylist()]
    return digest(*lines)
