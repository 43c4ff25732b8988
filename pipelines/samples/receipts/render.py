"""Draws a sheet as a picture of it: thermal print on paper, laid down a little askew."""

import hashlib
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from pipelines.errors import MisconfiguredError
from pipelines.samples.receipts.noise import Scan
from pipelines.samples.receipts.sheet import Cell, Paper

Grey = NDArray[np.float32]

_FACES = {
    "mono": ("DejaVuSansMono.ttf", "DejaVuSansMono-Bold.ttf"),
    "type": ("DejaVuSansMono.ttf", "DejaVuSansMono-Bold.ttf"),
    "sans": ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf"),
}
_LEVELS = 32
"""Greys of the picture: noise in all 256 would make the file four times as large."""


def draw(paper: Paper, how: Scan, seed: str) -> Image.Image:
    """The picture of a sheet, in its pixels, grey; the same arguments give the same picture."""
    digest = hashlib.sha256(seed.encode()).digest()
    rng = np.random.default_rng(int.from_bytes(digest[:8], "big"))
    ink = _ink(paper)
    ink = ink.filter(ImageFilter.GaussianBlur(0.35 + 20 * how.confusion + 0.2 * rng.random()))
    grey = _sheet(_share(ink), how, rng)
    turned = _lay_down(grey, how, rng)
    step = 255 / (_LEVELS - 1)
    noisy = np.clip(turned + rng.normal(0, 3.2, turned.shape), 0, 255)
    return Image.fromarray((np.round(noisy / step) * step).astype(np.uint8))


def _ink(paper: Paper) -> Image.Image:
    """Where the ink is: 255 full, 0 none."""
    page = Image.new("L", (paper.width, paper.height), 0)
    pen = ImageDraw.Draw(page)
    for cell in paper.cells:
        if paper.font == "mono":
            _letters(pen, cell, paper.font)
        else:
            _fitted(page, cell, paper.font)
    return page


def _letters(pen: ImageDraw.ImageDraw, cell: Cell, font: str) -> None:
    pen.text((cell.x0, cell.y0), cell.text, fill=255, font=_font(font, cell.bold, _points(cell)))


def _fitted(page: Image.Image, cell: Cell, font: str) -> None:
    """Text drawn at its own width and then brought to the cell's, as condensed faces are."""
    face = _font(font, cell.bold, _points(cell))
    width = max(1, int(face.getlength(cell.text)))
    height = int(cell.y1 - cell.y0) + 6
    strip = Image.new("L", (width, height), 0)
    ImageDraw.Draw(strip).text((0, 0), cell.text, fill=255, font=face)
    strip = strip.resize((max(1, int(cell.x1 - cell.x0)), height), Image.Resampling.BICUBIC)
    page.paste(strip, (int(cell.x0), int(cell.y0)), strip)


def _points(cell: Cell) -> int:
    # A line box holds ascenders and descenders: the face is a little smaller than the box.
    return max(8, round(cell.size * 0.98))


@cache
def _font(font: str, bold: bool, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(_fonts() / _FACES[font][bold]), size)


@cache
def _fonts() -> Path:
    """Matplotlib brings its fonts along: the same on every machine, unlike the system's."""
    spec = find_spec("matplotlib")
    if spec is None or not spec.submodule_search_locations:
        raise MisconfiguredError(
            "pictures of the sample are drawn with the fonts of matplotlib, which is not "
            "installed. Install the group `train`, or leave --scans out."
        )
    return Path(spec.submodule_search_locations[0], "mpl-data", "fonts", "ttf")


def _sheet(ink: Grey, how: Scan, rng: np.random.Generator) -> Grey:
    """Print on paper: a head that prints unevenly, fading, grain and folds."""
    height, width = ink.shape
    strength = 0.88 - 6 * how.confusion - 0.1 * rng.random()
    columns = _waves(rng, width, 5) * 0.1  # the print head is weaker in places
    rows = _waves(rng, height, 4) * (0.1 + 5 * how.confusion)  # the roll runs and fades
    density = np.clip(strength + columns[None, :] + rows[:, None], 0.25, 1)
    specks = np.clip(
        1 - 0.5 * (rng.random(ink.shape, dtype=np.float32) < 0.04 + 4 * how.confusion), 0, 1
    )
    base = 246 - 10 * rng.random() + 3 * _waves(rng, width, 3)[None, :]
    grain = _cloud(rng, height, width, 40) * 1.2 + _cloud(rng, height, width, 3) * 1.0
    paper = base + grain + _folds(rng, height)[:, None]
    dark = 38 + 40 * rng.random()
    mixed: Grey = (paper * (1 - ink * density * specks) + dark * ink * density * specks).astype(
        np.float32
    )
    return mixed


def _lay_down(grey: Grey, how: Scan, rng: np.random.Generator) -> Grey:
    """The sheet turned on a scanner bed, its edges in shadow, lit from one side."""
    height, width = grey.shape
    bed = float(rng.choice((70, 120, 205, 228)))
    image = Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8))
    margin = max(3, width // 60)
    mask = Image.new("L", (width, height), 0)
    ImageDraw.Draw(mask).rectangle((margin, margin, width - margin, height - margin), fill=255)
    mask = mask.rotate(how.angle, Image.Resampling.BICUBIC)
    on = _share(mask)
    shadow = _share(mask.filter(ImageFilter.GaussianBlur(margin * 1.2)))
    turned = image.rotate(how.angle, Image.Resampling.BICUBIC, fillcolor=245)
    laid = np.asarray(turned, dtype=np.float32)
    under = bed * (1 - 0.35 * np.roll(shadow, (margin, margin), (0, 1)))
    side = np.linspace(1 - 0.09 * rng.random(), 1, width)[:: rng.choice((-1, 1))]
    down = np.linspace(1, 1 - 0.07 * rng.random(), height)[:: rng.choice((-1, 1))]
    lit: Grey = ((laid * on + under * (1 - on)) * side[None, :] * down[:, None]).astype(np.float32)
    return lit


def _share(image: Image.Image) -> Grey:
    """A grey picture as numbers from 0 to 1."""
    share: Grey = np.asarray(image, dtype=np.float32) / np.float32(255)
    return share


def _folds(rng: np.random.Generator, height: int) -> Grey:
    """Creases across the paper: a dark line with a light one beside it."""
    crease = np.zeros(height, dtype=np.float32)
    for _ in range(int(rng.integers(0, 3))):
        at, depth = rng.integers(height // 6, height), 5 + 9 * rng.random()
        distance = np.arange(height) - at
        crease -= depth * np.exp(-((distance / 1.6) ** 2))
        crease += 0.5 * depth * np.exp(-(((distance - 5) / 3.5) ** 2))
    return crease


def _waves(rng: np.random.Generator, length: int, count: int) -> Grey:
    """A smooth curve between about -1 and 1."""
    knots = rng.uniform(-1, 1, count + 2)
    curve: Grey = np.interp(np.linspace(0, count + 1, length), np.arange(count + 2), knots).astype(
        np.float32
    )
    return curve


def _cloud(rng: np.random.Generator, height: int, width: int, grain: int) -> Grey:
    """Smooth noise whose blobs are about `grain` pixels wide."""
    small = rng.normal(0, 1, (height // grain + 2, width // grain + 2)).astype(np.float32)
    image = Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC)
    return np.asarray(image, dtype=np.float32)
