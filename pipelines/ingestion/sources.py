"""Finds the files to land: given ones, folders of them, or the inbox of a data set."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pipelines.errors import NotFoundError

SETTLE_SECONDS = 5
"""An inbox file that was written to this recently may not be whole yet."""

_UNFINISHED = (".part", ".tmp", ".crdownload", ".filepart")


@dataclass(frozen=True)
class Source:
    """A file to land and what people call it."""

    path: Path
    name: str
    """Relative to the folder that was given, with `/`; goes into the rows."""


def given(paths: tuple[Path, ...]) -> list[Source]:
    """Sources of files and folders, in the order given, folders sorted by name."""
    found: list[Source] = []
    for path in paths:
        if path.is_dir():
            found += walk(path)
        elif path.is_file():
            found.append(Source(path, printable(path.name)))
        else:
            raise NotFoundError(
                f"{path} is not a file or folder; expected one that exists. Check the path."
            )
    return found


def settled(inbox: Path, now: datetime) -> list[Source]:
    """Files of the inbox that nobody has written to for a moment; the others wait."""
    latest = now.timestamp() - SETTLE_SECONDS
    return [source for source in walk(inbox) if source.path.stat().st_mtime <= latest]


def walk(folder: Path) -> list[Source]:
    """Regular files of a folder at any depth, sorted; hidden and unfinished ones are left out.

    A link to something outside the folder is not followed: a folder that others may write
    to must not make us read the rest of the machine.
    """
    return sorted(_walk(folder), key=lambda source: source.name)


def printable(name: str) -> str:
    """A file name as UTF-8 text; bytes that are not are written as `\\xNN`."""
    return os.fsencode(name).decode("utf-8", errors="backslashreplace")


def _walk(folder: Path) -> Iterator[Source]:
    root = folder.resolve()
    for place, folders, names in os.walk(root, followlinks=False):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            path = Path(place, name)
            hidden = name.startswith(".") or name.lower().endswith(_UNFINISHED)
            if not hidden and path.is_file() and path.resolve().is_relative_to(root):
                yield Source(path, printable(path.relative_to(root).as_posix()))
