"""Data files of a table as they are read elsewhere: column by column, without making rows of them.

Spark's reader makes rows of a file's columns, and Arrow columns of the rows again before a Python
function sees them. Where only counts of columns are wanted, that is most of the work.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
from pyiceberg.expressions import AlwaysTrue
from pyiceberg.io.pyarrow import ArrowScan, schema_to_pyarrow
from pyiceberg.table import FileScanTask

from pipelines.lake.lake import Lake, any_of


@dataclass(frozen=True)
class Files:
    """Some files of one snapshot; can be sent to another process, which needs no catalog."""

    schema: pa.Schema
    scan: ArrowScan
    tasks: tuple[FileScanTask, ...]

    def split(self, size: int) -> list["Files"]:
        """The files in parts of about so many bytes; a larger file is a part by itself."""
        parts: list[list[FileScanTask]] = []
        left = 0
        for one in sorted(self.tasks, key=lambda one: one.file.file_path):
            if one.file.file_size_in_bytes > left:
                parts.append([])
                left = size
            parts[-1].append(one)
            left -= one.file.file_size_in_bytes
        return [replace(self, tasks=tuple(tasks)) for tasks in parts]

    def batches(self) -> Iterator[pa.RecordBatch]:
        """Rows of the files; one file is held at a time."""
        for one in self.tasks:
            yield from self.scan.to_record_batches([one])


def files(
    lake: Lake,
    table: str,
    *,
    snapshot_id: int | None,
    where: Sequence[Mapping[str, Any]],
    columns: Sequence[str] | None = None,
) -> Files:
    """The files of a snapshot with the rows that any of `where` describes, each as of `Lake.read`.

    Of `columns` those that the snapshot has; all of them unless named. Raises NotFoundError for a
    table or snapshot that is not there.
    """
    pinned, found = lake._pinned(table, snapshot_id)
    wanted = any_of(where)
    scan = found.scan(row_filter=wanted, snapshot_id=pinned)
    if columns is not None:
        there = scan.projection().column_names
        scan = scan.select(*(name for name in columns if name in there))
    # Notes of all commits would be most of what is sent.
    metadata = found.metadata.model_copy(
        update={"snapshots": [], "snapshot_log": [], "metadata_log": [], "refs": {}}
        | {"current_snapshot_id": None}
    )
    tasks = tuple(scan.plan_files())
    # Where the partitions hold nothing else, looking at each row would cost half of the reading.
    whole = all(one.residual == AlwaysTrue() for one in tasks)
    return Files(
        schema=schema_to_pyarrow(scan.projection(), include_field_ids=False),
        scan=ArrowScan(metadata, found.io, scan.projection(), AlwaysTrue() if whole else wanted),
        tasks=tasks,
    )
