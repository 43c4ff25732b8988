"""Reads a PDF: pages with a text layer from it, the others as pictures of themselves."""

import ctypes
from collections.abc import Iterator
from pathlib import Path

import pypdfium2
import pypdfium2.raw as pdfium

from pipelines.contracts.document import Line, Page
from pipelines.ingestion.readers import ocr
from pipelines.ingestion.readers.picture import refuse_above
from pipelines.ingestion.record import Limits, Refusal, UnreadableError

DPI = 200
"""Pixels an inch of the pages; a PDF has points, 72 an inch."""

_MOST_PAGES = 200
_LEAST_TEXT = 8
"""Fewer printable characters are a stamp or a page number on a scan, not its text."""


def pages(path: Path, limits: Limits) -> list[Page]:
    """The pages of a PDF in pixels at `DPI`; UnreadableError where it cannot be opened."""
    try:
        with pypdfium2.PdfDocument(path) as document:
            if len(document) > _MOST_PAGES:
                raise UnreadableError(
                    Refusal(
                        "too_many_pages",
                        f"the PDF has {len(document):,} pages, the limit of one document is "
                        f"{_MOST_PAGES}. Split it",
                    )
                )
            return [_page(page, limits) for page in document]
    except pypdfium2.PdfiumError as error:
        raise UnreadableError(_refusal(str(error))) from None


def _refusal(message: str) -> Refusal:
    if "password" in message.lower():
        return Refusal("encrypted_pdf", "the PDF is locked with a password. Save it without one")
    return Refusal("broken_pdf", "the PDF is damaged or ends too early. Send it again")


def _page(page: pypdfium2.PdfPage, limits: Limits) -> Page:
    width, height = (points * DPI / 72 for points in page.get_size())
    refuse_above(width, height, limits)
    lines = [line for line in _lines(page, round(width), round(height)) if line.text]
    if sum(len(line.text) for line in lines) >= _LEAST_TEXT:
        return Page(width=round(width), height=round(height), lines=lines)
    picture = page.render(scale=DPI / 72).to_pil().convert("RGB")
    return ocr.page(picture, limits.threads)


def _lines(page: pypdfium2.PdfPage, width: int, height: int) -> Iterator[Line]:
    """Runs of text that stand on one row without a wide gap."""
    text = page.get_textpage()
    run: list[str] = []
    box: list[float] = []
    for number in range(text.count_rects()):
        corners = text.get_rect(number)
        words = _clean(text.get_text_bounded(*corners))
        place = _to_pixels(page, corners, width, height)
        if box and _continues(box, place):
            run.append(words)
            box = [box[0], min(box[1], place[1]), place[2], max(box[3], place[3])]
            continue
        if box:
            yield Line(text=" ".join(run).strip(), box=box)
        run, box = [words], place
    if box:
        yield Line(text=" ".join(run).strip(), box=box)


def _continues(left: list[float], right: list[float]) -> bool:
    height = max(left[3] - left[1], right[3] - right[1])
    middle = (right[1] + right[3]) / 2
    return left[1] <= middle <= left[3] and -height / 2 < right[0] - left[2] < 0.7 * height


def _to_pixels(
    page: pypdfium2.PdfPage, corners: tuple[float, float, float, float], width: int, height: int
) -> list[float]:
    """A box in pixels from the top left, of a page that may be cropped and turned."""
    found = []
    for x, y in (corners[:2], corners[2:]):
        px, py = ctypes.c_int(), ctypes.c_int()
        pdfium.FPDF_PageToDevice(
            page, 0, 0, width, height, 0, x, y, ctypes.byref(px), ctypes.byref(py)
        )
        found.append((float(px.value), float(py.value)))
    (x0, y0), (x1, y1) = found
    return [min(x0, x1), min(y0, y1), max(x0, x1), max(y0, y1)]


def _clean(text: str) -> str:
    """Text of one row: U+FFFE is how the library writes a hyphen at a line's end."""
    return " ".join(text.replace("\ufffe", "-").split())
