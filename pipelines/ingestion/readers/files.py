"""Reads files as people have them, one document a file: PDF, PNG and JPEG.

What a file is, its first bytes say, not its name. A PDF page with text is read from it, any
other page and every picture by the local OCR engine.
"""

import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

from pipelines.contracts.document import Document, Page
from pipelines.ingestion.documents import ocr_confidence, record
from pipelines.ingestion.readers.jsonlines import too_large
from pipelines.ingestion.record import Limits, Record, Refusal, UnreadableError
from pipelines.ingestion.sources import printable

SUFFIXES = frozenset({".pdf", ".png", ".jpg", ".jpeg"})
ISOLATED = True
"""Decoders and the OCR engine are native code: they may end the process that runs them."""

_PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")


def read(path: Path, limits: Limits) -> Iterator[Record | Refusal]:
    """The one document of a file, or the one refusal."""
    try:
        yield record(_document(path, limits), picture=path)
    except UnreadableError as error:
        yield error.refusal


def _document(path: Path, limits: Limits) -> Document:
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        head = file.read(1024)
        if size > limits.max_file_bytes:
            raise UnreadableError(too_large(size, limits))
        file.seek(0)
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    # Two scans of the same name are two documents, the same scan sent twice is one.
    name = re.sub(r"[^\w.@ -]+", "-", printable(path.stem))[:200]
    pages = _pages(path, head, limits)
    return Document(
        document_id=f"{name}-{digest[:8]}",
        pages=pages,
        source=printable(path.name),
        ocr_confidence=ocr_confidence(pages),
    )


def _pages(path: Path, head: bytes, limits: Limits) -> list[Page]:
    # Imported when there is something to decode: the libraries cost half a second.
    if not head:
        raise UnreadableError(
            Refusal("empty_file", "the file has 0 bytes, expected a PDF or picture. Send it again")
        )
    if head.startswith(_PICTURES):
        from pipelines.ingestion.readers.picture import page

        return [page(path, limits)]
    if b"%PDF-" in head:
        from pipelines.ingestion.readers.pdf import pages

        return pages(path, limits)
    raise UnreadableError(
        Refusal(
            "not_a_picture",
            f"the file is named {path.suffix or 'without a suffix'} and begins with none of the "
            "marks of PDF, PNG or JPEG. Open it to see what it is and save it as one of these",
        )
    )
