"""The lake as every room but Spark sees it: tables by name, reads pinned to a snapshot."""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyiceberg.catalog import Catalog, load_catalog
from pyiceberg.exceptions import CommitFailedException, NoSuchTableError, ValidationException
from pyiceberg.expressions import AlwaysTrue, And, BooleanExpression, In, Or
from pyiceberg.table import Table

from pipelines.contracts import names
from pipelines.errors import NotFoundError, TransientError
from pipelines.settings import Settings

CATALOG = "lake"
_SQLITE = "sqlite:///"
_BUSY_SECONDS = 60


@dataclass(frozen=True)
class Snapshot:
    """One commit of a table; `summary` is what the writer and Iceberg noted with it."""

    snapshot_id: int
    parent_id: int | None
    committed_ms: int
    operation: str
    summary: dict[str, str]


class Lake:
    """The catalog of one home. Open one for each use; it holds no state of its own."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    @classmethod
    def open(cls, settings: Settings) -> "Lake":
        """The lake of these settings; the first call makes the catalog and its namespace."""
        properties: dict[str, str] = {"type": settings.lake_type, "warehouse": settings.warehouse}
        if settings.lake_type == "sql":
            properties["uri"] = _prepared(settings.catalog_uri)
        catalog = load_catalog(CATALOG, **properties)
        catalog.create_namespace_if_not_exists(names.NAMESPACE)
        return cls(catalog)

    def exists(self, table: str) -> bool:
        """Whether the table was made."""
        return self._catalog.table_exists(table)

    def create(self, table: str, schema: pa.Schema, partition_by: Sequence[str]) -> None:
        """Makes the table, or adds the columns it lacks; never drops or retypes one.

        Partitions are by the plain values of `partition_by`.
        """
        if not self.exists(table):
            with (
                self._catalog.create_table_transaction(table, schema) as transaction,
                transaction.update_spec() as spec,
            ):
                for column in partition_by:
                    spec.add_identity(column)
            return
        with self._table(table).update_schema() as update:
            update.union_by_name(schema)

    def append(self, table: str, rows: pa.Table, note: Mapping[str, str]) -> int:
        """Adds rows in one commit whose summary holds `note`; gives the new snapshot's id.

        The table was made before. For small tables; large ones are written on Spark.
        """
        found = self._table(table)
        found.append(rows, snapshot_properties=dict(note))
        snapshot = found.current_snapshot()
        assert snapshot is not None  # noqa: S101 - it was committed in the line above
        return snapshot.snapshot_id

    def overwrite(self, table: str, rows: pa.Table, note: Mapping[str, str]) -> int:
        """Puts rows in place of all there are, in one commit with `note`; gives its snapshot's id.

        Earlier snapshots keep what they held. The table was made before. For small tables.
        """
        found = self._table(table)
        # There is nothing to delete before the first commit, and pyiceberg would warn of it.
        write = found.overwrite if found.current_snapshot() else found.append
        write(rows, snapshot_properties=dict(note))
        snapshot = found.current_snapshot()
        assert snapshot is not None  # noqa: S101 - it was committed in the line above
        return snapshot.snapshot_id

    def replace(
        self,
        table: str,
        rows: pa.Table,
        replaced: Sequence[Mapping[str, Any]],
        *,
        base: int | None,
        note: Mapping[str, str],
    ) -> int:
        """Puts rows in place of those that any of `replaced` describes; gives the snapshot's id.

        Each of `replaced` is as `where` of `read`. One commit with `note`, and only on the
        snapshot `base`: where anybody has written since, TransientError is raised and nothing is
        committed. The table was made before. For small tables.
        """
        found = self._table(table)
        if found.metadata.current_snapshot_id == base:
            try:
                with found.transaction() as transaction:
                    if replaced:
                        transaction.delete(any_of(replaced), snapshot_properties=dict(note))
                    transaction.append(rows, snapshot_properties=dict(note))
                snapshot = self.current_snapshot(table)
                assert snapshot is not None  # noqa: S101 - it was committed in the lines above
                return snapshot
            except (CommitFailedException, ValidationException):
                pass
        raise TransientError(
            f"another attempt wrote to {table} since this one began; nothing was committed by this "
            "one. Run it again: it starts from what is there now."
        )

    def current_snapshot(self, table: str) -> int | None:
        """Identifier of the newest commit; None where nothing was ever committed."""
        if not self.exists(table):
            return None
        snapshot = self._table(table).current_snapshot()
        return snapshot.snapshot_id if snapshot else None

    def history(self, table: str) -> list[Snapshot]:
        """The commits that led to the current one, newest first; empty without any."""
        if not self.exists(table):
            return []
        found = self._table(table)
        by_id = {snapshot.snapshot_id: snapshot for snapshot in found.metadata.snapshots}
        current, line = found.metadata.current_snapshot_id, []
        while current is not None and current in by_id:
            snapshot = by_id[current]
            line.append(
                Snapshot(
                    snapshot_id=snapshot.snapshot_id,
                    parent_id=snapshot.parent_snapshot_id,
                    committed_ms=snapshot.timestamp_ms,
                    operation=snapshot.summary.operation.value if snapshot.summary else "",
                    summary=dict(
                        snapshot.summary.additional_properties if snapshot.summary else {}
                    ),
                )
            )
            current = snapshot.parent_snapshot_id
        return line

    def count(self, table: str, snapshot_id: int) -> int:
        """Number of rows of one snapshot; raises NotFoundError."""
        return int(self._pinned(table, snapshot_id)[1].scan(snapshot_id=snapshot_id).count())

    def counts(self, table: str, column: str) -> dict[str, int]:
        """Rows by the value of the column by which alone a table is partitioned, of the newest
        commit; told from the table's metadata, without reading a row. Empty without any."""
        if self.current_snapshot(table) is None:
            return {}
        parts = self._table(table).inspect.partitions().to_pylist()
        return {part["partition"][column]: part["record_count"] for part in parts}

    def read(
        self,
        table: str,
        *,
        snapshot_id: int | None = None,
        where: Mapping[str, Any] | None = None,
        columns: Sequence[str] | None = None,
    ) -> pa.Table:
        """Rows of one snapshot, the current one unless named; order is not promised.

        `where` holds a value, or a list of allowed values, for each column it names.
        Raises NotFoundError for a table or snapshot that is not there.
        """
        pinned, found = self._pinned(table, snapshot_id)
        return found.scan(
            row_filter=_expression(where or {}),
            selected_fields=tuple(columns) if columns is not None else ("*",),
            snapshot_id=pinned,
        ).to_arrow()

    def _pinned(self, table: str, snapshot_id: int | None) -> tuple[int | None, Table]:
        found = self._table(table)
        pinned = snapshot_id if snapshot_id is not None else found.metadata.current_snapshot_id
        if pinned is not None and found.snapshot_by_id(pinned) is None:
            raise NotFoundError(
                f"table {table} has no snapshot {pinned}; it may have been expired. "
                "Take one of those that `Lake.history` lists."
            )
        return pinned, found

    def _table(self, table: str) -> Table:
        try:
            return self._catalog.load_table(table)
        except NoSuchTableError as error:
            raise NotFoundError(
                f"there is no table {table} in the lake; ingest or compute it first."
            ) from error


def _expression(where: Mapping[str, Any]) -> BooleanExpression:
    """All conditions at once, each as membership in a set of allowed values."""
    # Any: the declared constructor of the installed version is not the one that runs.
    membership: Any = In
    terms: list[BooleanExpression] = [
        membership(column, set(allowed) if isinstance(allowed, list | tuple | set) else {allowed})
        for column, allowed in where.items()
    ]
    return reduce(And, terms) if terms else AlwaysTrue()


def any_of(wheres: Sequence[Mapping[str, Any]]) -> BooleanExpression:
    """Rows that any of these describes, each as `where` of `Lake.read`; there is at least one."""
    return reduce(Or, map(_expression, wheres))


def _prepared(uri: str) -> str:
    """The catalog's address; SQLite gets its folder, write-ahead log and patience.

    With the log readers never wait for a writer, and a writer waits for another one instead
    of failing: Spark and pyiceberg share the file.
    """
    if not uri.startswith(_SQLITE):
        return uri
    path = Path(uri.removeprefix(_SQLITE))
    path.parent.mkdir(parents=True, exist_ok=True)
    with sqlite3.connect(path, timeout=_BUSY_SECONDS) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
    connection.close()
    return f"{uri}?timeout={_BUSY_SECONDS}"
