"""Reads one file into one Parquet file a day, in a work folder, within bounded memory."""

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.contracts.spec import DatasetSpec
from pipelines.errors import where
from pipelines.ingestion import days, formats
from pipelines.ingestion.envelope import block, row
from pipelines.ingestion.originals import ChangedError, Original, State, keep
from pipelines.ingestion.record import Block, Found, Limits, Record, Refusal
from pipelines.ingestion.sources import Source
from pipelines.settings import Settings

_log = logging.getLogger(__name__)

_FLUSH_BYTES = 16 * 2**20
_FLUSH_ROWS = 10_000
_MOST_DAYS = 366
_MOST_WAITING = 1000


@dataclass(frozen=True)
class Job:
    """One file to read; crosses to a worker process."""

    dataset: DatasetSpec
    source: Source
    original: Original
    format: str
    partition: str | None
    today: date
    limits: Limits
    settings: Settings
    folder: Path
    """Where `<day>.parquet` is written, empty before."""


@dataclass(frozen=True)
class Read:
    """What was read of a file."""

    days: dict[str, int]
    unreadable: int


def read(job: Job) -> Read:
    """Reads the file of a job; ChangedError where it changed since it was kept."""
    result = write(job, _rows(job))
    if State.of(job.source.path) != job.original.state:
        raise ChangedError(str(job.source.path))
    return result


def write(job: Job, rows: Iterable[Found]) -> Read:
    """Writes rows to `<folder>/<day>.parquet`; the same rows give the same bytes."""
    job.folder.mkdir(parents=True, exist_ok=True)
    kept = _Kept(job)
    unreadable = 0
    schema = formats.schema(job.dataset)
    with _DayFiles(job.folder, schema) as files:
        for day, found in _within_days(job, _dated(job, rows)):
            if isinstance(found, Block):
                files.add(day, block(found, schema=schema, source_file=job.source.name))
                continue
            values = row(found, key=job.dataset.key, source_file=job.source.name)
            if isinstance(found, Record):
                values |= kept.paths(found)
            else:
                unreadable += 1
            files.add(day, pa.Table.from_pylist([values], schema=schema))
    return Read(dict(sorted(files.rows.items())), unreadable)


def _rows(job: Job) -> Iterator[Found]:
    """Rows of the reader; one that fails leaves what it gave and a refusal for the rest."""
    try:
        yield from formats.reader(job.dataset, job.format)(job.source.path, job.limits)
    except FileNotFoundError:
        raise ChangedError(str(job.source.path)) from None
    except Exception as error:  # whatever a library raises on somebody's file
        _log.error("reader %s failed on %s: %s", job.format, job.source.name, where(error))
        yield Refusal(
            "reader_failed",
            f"the {job.format} reader stopped with {type(error).__name__}; the rows before are "
            "taken. Look at the log, mend the file or report it",
        )


def _dated(job: Job, rows: Iterable[Found]) -> Iterator[tuple[str, Found]]:
    """Rows with their day. One that could not be read came with its neighbours: it takes the
    day of the row before it, or of the first that says one, so that a few bad rows are judged
    among the good ones of their file and not as a day of their own."""
    day: str | None = None
    waiting: list[Refusal] = []
    for found in rows:
        if isinstance(found, Block):
            for day, part in days.by_day(found, job.partition):
                yield from ((day, early) for early in waiting)
                waiting = []
                yield day, part
            continue
        if isinstance(found, Record):
            day = days.of(found, job.partition, job.today)
        elif day is None and len(waiting) < _MOST_WAITING:
            waiting.append(found)
            continue
        day = day or days.of(found, job.partition, job.today)
        yield from ((day, early) for early in waiting)
        waiting = []
        yield day, found
    yield from ((days.of(early, job.partition, job.today), early) for early in waiting)


def _within_days(job: Job, rows: Iterable[tuple[str, Found]]) -> Iterator[tuple[str, Found]]:
    """The rows, where those of a day too many are refused."""
    known: set[str] = set()
    for day, found in rows:
        if day in known or len(known) < _MOST_DAYS:
            known.add(day)
            yield day, found
            continue
        lines = found.lines.to_pylist() if isinstance(found, Block) else [found.line]
        for line in lines:
            refused = _too_many_days(line)
            yield days.of(refused, job.partition, job.today), refused


def _too_many_days(line: int | None) -> Refusal:
    return Refusal(
        "too_many_days",
        f"the file holds rows of more than {_MOST_DAYS} days. Split it by year",
        line=line,
    )


class _Kept:
    """Files that records name, each kept once."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._known: dict[Path, str | None] = {}

    def paths(self, found: Record) -> dict[str, str | None]:
        """Where the files of a record are kept, by column, relative to the home."""
        return {column: self._path(path) for column, path in found.files.items()}

    def _path(self, path: Path) -> str | None:
        if path not in self._known:
            self._known[path] = self._keep(path)
        return self._known[path]

    def _keep(self, path: Path) -> str | None:
        settings = self._job.settings
        if path.stat().st_size > settings.max_file_bytes:
            _log.warning("%s is not kept: it is above the limit of a file", path.name)
            return None
        return settings.relative(keep(path, self._job.dataset.name, settings).path)


class _DayFiles:
    """One Parquet writer a day; rows wait as Arrow until there are enough for a row group."""

    def __init__(self, folder: Path, schema: pa.Schema) -> None:
        self._folder = folder
        self._schema = schema
        self._writers: dict[str, pq.ParquetWriter] = {}
        self._waiting: dict[str, list[pa.Table]] = {}
        self._bytes = 0
        self._count = 0
        self.rows: dict[str, int] = {}

    def __enter__(self) -> "_DayFiles":
        return self

    def __exit__(self, *_: object) -> None:
        self._flush()
        for writer in self._writers.values():
            writer.close()

    def add(self, day: str, rows: pa.Table) -> None:
        """Appends rows to the file of their day."""
        self._waiting.setdefault(day, []).append(rows)
        self.rows[day] = self.rows.get(day, 0) + rows.num_rows
        self._bytes += rows.nbytes
        self._count += rows.num_rows
        if self._bytes > _FLUSH_BYTES or self._count >= _FLUSH_ROWS:
            self._flush()

    def _flush(self) -> None:
        for day, tables in self._waiting.items():
            if day not in self._writers:
                self._writers[day] = pq.ParquetWriter(
                    self._folder / f"{day}.parquet", self._schema, compression="zstd"
                )
            self._writers[day].write_table(pa.concat_tables(tables).combine_chunks())
        self._waiting, self._bytes, self._count = {}, 0, 0
