"""Keeps the files as they came, named by their content."""

import hashlib
import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

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

    A file that is there already is not copied again. Raises ChangedError where the source
    changes meanwhile.
    """
    root = settings.originals / dataset
    state = State.of(source)
    with source.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    kept = root / sha256[:2] / f"{sha256}{_suffix(source)}"
    if not kept.exists():
        _copy(source, kept, sha256)
    if State.of(source) != state:
        raise ChangedError(str(source))
    return Original(kept, sha256, state)


def publish(temporary: Path, target: Path) -> None:
    """Moves a whole file to its place, on disk before it can be seen."""
    with temporary.open("rb") as file:
        os.fsync(file.fileno())
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary.replace(target)


def _copy(source: Path, kept: Path, sha256: str) -> None:
    """Copies what has this hash; ChangedError where the source has another by now."""
    kept.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=".", suffix=".part", dir=kept.parent)
    temporary, digest = Path(name), hashlib.sha256()
    try:
        with source.open("rb") as file, os.fdopen(descriptor, "wb") as target:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
                target.write(chunk)
        if digest.hexdigest() != sha256:
            raise ChangedError(str(source))
        publish(temporary, kept)
    finally:
        temporary.unlink(missing_ok=True)


def _suffix(path: Path) -> str:
    suffix = path.suffix.lower()
    return suffix if re.fullmatch(r"\.[a-z0-9]{1,10}", suffix) else ""
