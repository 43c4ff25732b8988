"""The lake as it is, where some tables are rows at hand."""

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from pipelines.lake.lake import Lake


class Overlay(Lake):
    """Reads of the named tables give the rows at hand, of whatever snapshot; others the lake's.

    For a training of the past: what the lake no longer keeps was computed anew.
    """

    def __init__(self, lake: Lake, rows: Mapping[str, pa.Table]) -> None:
        super().__init__(lake._catalog)
        self._rows = rows

    def current_snapshot(self, table: str) -> int | None:
        """As of any table that has rows."""
        return 0 if table in self._rows else super().current_snapshot(table)

    def read(
        self,
        table: str,
        *,
        snapshot_id: int | None = None,
        where: Mapping[str, Any] | None = None,
        columns: Sequence[str] | None = None,
    ) -> pa.Table:
        """The rows at hand, whole; else as the lake reads."""
        if table in self._rows:
            return self._rows[table]
        return super().read(table, snapshot_id=snapshot_id, where=where, columns=columns)
