"""The picture that a document was read from: a kept scan, or the pages of a kept PDF."""

import subprocess
import sys
import tempfile
from pathlib import Path

from pipelines.contracts.review import StoredTask
from pipelines.errors import BadDataError
from pipelines.settings import PROJECT_ROOT, Settings

PDF, PNG, JPEG = "application/pdf", "image/png", "image/jpeg"
_MARKS = {b"\x89PNG\r\n\x1a\n": PNG, b"\xff\xd8\xff": JPEG, b"%PDF-": PDF}
_HEAD = 1024
"""Bytes of a PDF before which its mark may stand."""
_SECONDS = 30
"""Longest that a page may take to be drawn."""


def pages(task: StoredTask, settings: Settings) -> int:
    """How many pages of the document have a picture: all of a PDF, the one of a scan, or 0."""
    found = original(task, settings)
    if found is None:
        return 0
    count = len(task.document.pages)
    return count if media_type(found) == PDF or count == 1 else 0


def picture(task: StoredTask, page: int, settings: Settings) -> Path | None:
    """The picture of a page, PNG or JPEG; None where it has none.

    A page of a PDF is drawn once and kept. Raises BadDataError where that fails.
    """
    found = original(task, settings)
    if found is None or not 0 <= page < pages(task, settings):
        return None
    if media_type(found) != PDF:
        return found
    kept = settings.runs / "pages" / found.stem / f"{page}.jpeg"
    if not kept.is_file():
        shape = task.document.pages[page]
        _draw(found, page, round(shape.width), round(shape.height), kept)
    return kept


def original(task: StoredTask, settings: Settings) -> Path | None:
    """The file that the document came as. Only kept originals are ever shown."""
    if task.document.image is None:
        return None
    found = (settings.root / task.document.image).resolve()
    if not found.is_relative_to(settings.originals.resolve()) or not found.is_file():
        return None
    return found if media_type(found) else None


def media_type(path: Path) -> str | None:
    """By the first bytes, whatever the name says; None for what is no picture and no PDF."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    kind = next((kind for mark, kind in _MARKS.items() if head.startswith(mark)), None)
    return kind or (PDF if b"%PDF-" in head else None)


def _draw(pdf: Path, page: int, width: int, height: int, target: Path) -> None:
    """In a process of its own: the library is native code, and a hostile file may end it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".", dir=target.parent) as folder:
        aside = Path(folder) / target.name
        arguments = (str(pdf), str(page), str(width), str(height), str(aside))
        command = [sys.executable, "-m", "pipelines.review.drawing", *arguments]
        try:
            subprocess.run(  # noqa: S603
                command, check=True, capture_output=True, timeout=_SECONDS, cwd=PROJECT_ROOT
            )
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            raise BadDataError(
                f"page {page + 1} of {pdf.name} could not be drawn ({type(error).__name__}); it "
                "is shown by its lines. Open the kept original to see it."
            ) from error
        aside.replace(target)
