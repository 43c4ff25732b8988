"""Chooses the reader of a file, by the name people gave or by its suffix."""

import importlib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pyarrow as pa

from pipelines.contracts.spec import DatasetSpec
from pipelines.errors import MisconfiguredError, NotFoundError
from pipelines.ingestion.envelope import block, row
from pipelines.ingestion.record import Block, Limits, Reader
from pipelines.specs import resolve


def choose(spec: DatasetSpec, path: Path, asked: str | None) -> str:
    """Name of the format: the one asked for, else by suffix, else the data set's own.

    Where several readers take a suffix, the first of dataset.yaml does.
    """
    if asked is not None:
        if asked not in spec.formats:
            raise NotFoundError(
                f"data set {spec.name} has no format {asked!r}; known: {', '.join(spec.formats)}."
            )
        return asked
    taking = (name for name in spec.formats if path.suffix.lower() in suffixes(spec, name))
    return next(taking, spec.default_format)


def suffixes(spec: DatasetSpec, name: str) -> frozenset[str]:
    """Suffixes that the reader's module says it takes by itself: its `SUFFIXES`."""
    found: frozenset[str] = getattr(_module(spec, name), "SUFFIXES", frozenset())
    return found


def isolated(spec: DatasetSpec, name: str) -> bool:
    """Whether the reader runs native code that may end its process: its `ISOLATED`."""
    return bool(getattr(_module(spec, name), "ISOLATED", False))


def reader(spec: DatasetSpec, name: str) -> Reader:
    """The reader of a format."""
    found: Reader = resolve(spec.formats[name])
    return found


def schema(spec: DatasetSpec) -> pa.Schema:
    """Schema of the data set's landed rows."""
    found = resolve(spec.schema_)()
    if not isinstance(found, pa.Schema):
        raise MisconfiguredError(
            f"{spec.schema_} gave {type(found).__name__}, expected a pyarrow.Schema. "
            f"Mend `schema:` in expectations/{spec.name}/dataset.yaml."
        )
    return found


def _module(spec: DatasetSpec, name: str) -> ModuleType:
    return importlib.import_module(spec.formats[name].partition(":")[0])


def batches(
    spec: DatasetSpec, path: Path, asked: str | None, limits: Limits, *, rows: int = 256
) -> Iterator[pa.RecordBatch]:
    """A file as landed rows in its order, without landing it: what scoring a file needs.

    A row that could not be read has its `rule` and `reason`, the others have them null; no
    file is kept, so columns that name one are null.
    """
    read, landed = reader(spec, choose(spec, path, asked)), schema(spec)
    pending: list[dict[str, object]] = []
    for found in read(path, limits):
        if isinstance(found, Block):
            if pending:
                yield pa.RecordBatch.from_pylist(pending, schema=landed)
                pending = []
            whole = block(found, schema=landed, source_file=path.name).combine_chunks()
            yield from whole.to_batches(max_chunksize=rows)
            continue
        pending.append(row(found, key=spec.key, source_file=path.name))
        if len(pending) == rows:
            yield pa.RecordBatch.from_pylist(pending, schema=landed)
            pending = []
    if pending:
        yield pa.RecordBatch.from_pylist(pending, schema=landed)
