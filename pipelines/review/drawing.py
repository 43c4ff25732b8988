"""Draws one page of a PDF: python -m pipelines.review.drawing FILE PAGE WIDTH HEIGHT TARGET.

WIDTH and HEIGHT are those of the page in the document, in pixels, so that boxes lie on it.
"""

import sys
from pathlib import Path

import pypdfium2

_MOST_PIXELS = 8_000_000
"""An A4 page at 200 dots an inch has half; a larger one is drawn coarser."""


def draw(pdf: Path, page: int, width: int, height: int, target: Path) -> None:
    """Writes the page as JPEG, of the given size or, where that is very large, of its shape."""
    finer = min(1.0, (_MOST_PIXELS / (width * height)) ** 0.5)
    with pypdfium2.PdfDocument(pdf) as document:
        found = document[page]
        picture = found.render(scale=finer * width / found.get_size()[0]).to_pil().convert("RGB")
    picture.save(target, "JPEG", quality=80)


if __name__ == "__main__":
    given_page, given_width, given_height = (int(one) for one in sys.argv[2:5])
    draw(Path(sys.argv[1]), given_page, given_width, given_height, Path(sys.argv[5]))
