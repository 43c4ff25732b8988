"""The golden set of a model: labelled rows, frozen with their labels, that no training sees."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

import pyarrow as pa

from pipelines.contracts.names import CONTENT_HASH, FIELDS, NAMESPACE, PART
from pipelines.errors import BadDataError, NotFoundError
from pipelines.publication import lock
from pipelines.settings import Settings

if TYPE_CHECKING:
    from pipelines.lake.lake import Lake

_NOTE = "millrace.golden.input_snapshot_id"
_AMENDED = "millrace.golden.amended"


@dataclass(frozen=True)
class GoldenSet:
    """Published rows as they were when they were frozen, with their part of the split."""

    rows: pa.Table
    snapshot_id: int


def golden_table(model: str) -> str:
    """Table of a model's golden set."""
    return f"{NAMESPACE}.golden_{model}"


def golden_keys(lake: "Lake", model: str, key: str) -> set[str]:
    """Keys of the golden rows, which no training may use; empty before there are any."""
    if lake.current_snapshot(golden_table(model)) is None:
        return set()
    return set(lake.read(golden_table(model), columns=[key])[key].to_pylist())


def freeze(
    lake: "Lake",
    settings: Settings,
    model: str,
    key: str,
    tested: pa.Table,
    input_snapshot_id: int,
    most: int,
) -> GoldenSet:
    """The golden set, filled up to `most` rows from `tested`: published rows and their part.

    Rows that are in it stay as they are, whatever became of them since. Which rows get in is
    decided by a hash of their content, so that neither the order of arrival nor the label has a
    say. The same content under another key gets in once.
    """
    table = golden_table(model)
    with lock(settings.root / "lake" / f"golden-{model}"):
        lake.create(table, tested.schema, [])
        snapshot = lake.current_snapshot(table)
        frozen = lake.read(table) if snapshot is not None else tested.slice(0, 0)
        free = most - frozen.num_rows
        chosen = _choose(frozen, tested, key, free) if free > 0 else []
        if chosen or snapshot is None:
            note = {_NOTE: str(input_snapshot_id)}
            snapshot = lake.append(table, tested.take(pa.array(chosen, pa.int64())), note)
    rows = lake.read(table, snapshot_id=snapshot)
    return GoldenSet(rows.sort_by(key), snapshot)


def amend(
    lake: "Lake", settings: Settings, model: str, key: str, row: str, field: str, value: str | None
) -> int:
    """Puts a field's true value (None: the document has no such field) into a golden row.

    One commit makes the next version of the set; the versions before it keep what they held. The
    same again changes nothing. Raises NotFoundError where the row is not golden, BadDataError where
    rows have no labels by field.
    """
    table = golden_table(model)
    with lock(settings.root / "lake" / f"golden-{model}"):
        snapshot = lake.current_snapshot(table)
        rows = lake.read(table) if snapshot is not None else pa.table({key: []})
        keys: list[str] = rows[key].to_pylist()
        if snapshot is None or row not in keys:
            raise NotFoundError(f"{row} is not in the golden set of {model}.")
        if FIELDS not in rows.column_names:
            raise BadDataError(f"golden rows of {model} have no column {FIELDS!r} to amend.")
        labels = [dict(one or ()) for one in rows[FIELDS].to_pylist()]
        at = keys.index(row)
        if field in labels[at] and labels[at][field] == value:
            return snapshot
        labels[at][field] = value
        place = rows.schema.get_field_index(FIELDS)
        kind = rows.schema.field(place)
        amended = pa.array([list(one.items()) for one in labels], kind.type)
        note = {_AMENDED: f"{row} {field}"}
        return lake.overwrite(table, rows.set_column(place, kind, amended), note)


def _choose(frozen: pa.Table, tested: pa.Table, key: str, count: int) -> Sequence[int]:
    keys, hashes = tested[key].to_pylist(), contents(tested, key)
    taken = {*frozen[key].to_pylist()}
    seen = {*contents(frozen, key)}
    chosen = []
    for row in sorted(range(len(keys)), key=lambda at: (_order(hashes[at]), keys[at])):
        if keys[row] not in taken and hashes[row] not in seen:
            chosen.append(row)
            seen.add(hashes[row])
    return chosen[:count]


def contents(rows: pa.Table, key: str) -> list[str]:
    """Hash of each row's content; its key where it has none."""
    keys: list[str] = rows[key].to_pylist()
    if CONTENT_HASH not in rows.column_names:
        return keys
    hashes = rows[CONTENT_HASH].to_pylist()
    return [found or own for found, own in zip(hashes, keys, strict=True)]


def _order(content: str) -> str:
    return sha256(f"golden:{content}".encode()).hexdigest()


def with_parts(rows: pa.Table, key: str, parts: dict[str, str]) -> pa.Table:
    """Rows with their part of the split; those that were not split are left out."""
    found = pa.array([parts.get(row) for row in rows[key].to_pylist()], pa.string())
    return rows.append_column(PART, found).filter(found.is_valid())
