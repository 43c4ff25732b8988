"""Keeps the files as they came, named by their content."""

import hashlib
import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from pipelines.settings import Settings

_CHUNK = 2**20


class ChangedError(Exception):
    """Somebody wrote to the file, or replaced it, while it was read."""


@dataclass(frozen=True)
class State:
    """What tells that a file is still the one that was read."""

    inode: int
    size: int
    mtime_ns: int

    @classmethod
    def of(cls, path: Path) -> "State":
        """The state of a file now; ChangedError where it has gone."""
        try:
            found = path.stat()
        except FileNotFoundError:
            raise ChangedError(str(path)) from None
        return cls(found.st_ino, found.st_size, found.st_mtime_ns)


@dataclass(frozen=True)
class Original:
    """A kept file."""

    path: Path
    sha256: str
    state: State
    """State of the source when it was copied."""


def keep(source: Path, dataset: str, settings: Settings) -> Original:
    """Copies a file to `originals/<dataset>/<sha[:2]>/<sha><suffix>`, whole or not at all.

    Raises ChangedError where the file changes meanwhile.
    """
    root = settings.originals / dataset
    root.mkdir(parents=True, exist_ok=True)
    before = State.of(source)
    descriptor, name = tempfile.mkstemp(prefix=".", suffix=".part", dir=root)
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as target:
            sha256, size = _copy(source, target)
        if size != before.size or State.of(source) != before:
            raise ChangedError(str(source))
        kept = root / sha256[:2] / f"{sha256}{_suffix(source)}"
        if not kept.exists():
            publish(temporary, kept)
    finally:
        temporary.unlink(missing_ok=True)
    return Original(kept, sha256, before)


def publish(temporary: Path, target: Path) -> None:
    """Moves a whole file to its place, on disk before it can be seen."""
    with temporary.open("rb") as file:
        os.fsync(file.fileno())
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary.replace(target)


def _copy(source: Path, target: IO[bytes]) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    with source.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            target.write(chunk)
            size += len(chunk)
    return digest.hexdigest(), size


def _suffix(path: Path) -> str:
    suffix = path.suffix.lower()
    return suffix if re.fullmatch(r"\.[a-z0-9]{1,10}", suffix) else ""
