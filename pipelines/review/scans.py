"""The picture that a document was read from, where it was a picture."""

from pathlib import Path

from pipelines.contracts.correction import StoredTask
from pipelines.settings import Settings

_MARKS = {b"\x89PNG\r\n\x1a\n": "image/png", b"\xff\xd8\xff": "image/jpeg"}


def path(task: StoredTask, settings: Settings) -> Path | None:
    """Where the picture is kept; None without one. Only kept originals are ever shown."""
    if task.document.image is None or len(task.document.pages) != 1:
        return None
    found = (settings.root / task.document.image).resolve()
    if not found.is_relative_to(settings.originals.resolve()) or not found.is_file():
        return None
    return found if media_type(found) else None


def media_type(path: Path) -> str | None:
    """PNG or JPEG by the first bytes, whatever the name says; None for anything else."""
    with path.open("rb") as file:
        head = file.read(8)
    return next((kind for mark, kind in _MARKS.items() if head.startswith(mark)), None)
