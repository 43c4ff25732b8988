"""Finds the picture that a document names, and nothing outside the document's folder."""

from pathlib import Path


def sibling(path: Path, name: str | None) -> Path | None:
    """The file `name` beside or below `path`; None where it is absent or somewhere else.

    A name comes from the data: an absolute path, `..` or a link must not reach other files.
    """
    if not name or "\x00" in name or len(name) > 1024:
        return None
    folder = path.resolve().parent
    try:
        found = (folder / name).resolve()
        inside = found.is_relative_to(folder) and found.is_file()
    except (OSError, RuntimeError):  # a name too long for the system, or a loop of links
        return None
    return found if inside else None
