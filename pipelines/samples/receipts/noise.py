"""What a scanner and an OCR engine do to a page between the paper and its lines of text."""

import math
from dataclasses import dataclass, replace
from random import Random

from pipelines.samples.receipts.sheet import Cell, Paper

# Characters that look alike to an engine, both ways.
_ALIKE = {
    "0": "OQ", "O": "0Q", "1": "IL", "I": "1L", "L": "1I", "5": "S", "S": "5", "8": "B", "B": "8",
    "2": "Z", "Z": "2", "6": "G", "G": "6", "C": "(", "D": "O", "E": "F", "M": "N", "N": "H",
    "R": "P", "T": "I", "U": "V", "V": "Y", "H": "N", ".": ",", ",": ".", "-": "~", "a": "o",
    "c": "e", "e": "c", "i": "l", "l": "i", "n": "m", "o": "a", "r": "t", "t": "f", "u": "v",
}  # fmt: skip


@dataclass(frozen=True)
class Scan:
    """How one page was scanned and read."""

    angle: float
    """Turn of the paper in degrees, anti-clockwise."""
    confusion: float
    """Share of characters that are misread."""
    shake: float
    """Standard deviation of a box's edges, in character heights."""
    lost: float
    """Share of lines that are not found; as many again are cut, joined or read twice."""


def scan(rng: Random, worn: bool = False) -> Scan:
    """Half of the pages are clean, some are bad; of a worn scanner all are worse than bad."""
    quality = rng.random()
    if worn:
        return Scan(rng.gauss(0, 1.1), rng.uniform(0.03, 0.06), 0.12, 0.06)
    if quality < 0.5:
        return Scan(rng.gauss(0, 0.25), 0.0003, 0.03, 0.002)
    if quality < 0.88:
        return Scan(rng.gauss(0, 0.6), 0.003, 0.06, 0.008)
    return Scan(rng.gauss(0, 1.1), rng.uniform(0.008, 0.025), 0.1, 0.02)


def turned(cell: Cell, paper: Paper, angle: float) -> Cell:
    """The cell's box on paper that was turned about its middle: box around the turned box."""
    radians = math.radians(angle)
    cos, sin = math.cos(radians), math.sin(radians)
    middle_x, middle_y = paper.width / 2, paper.height / 2
    x, y = (cell.x0 + cell.x1) / 2 - middle_x, (cell.y0 + cell.y1) / 2 - middle_y
    # In pixels y points down, so an anti-clockwise turn lifts the right side.
    new_x, new_y = x * cos + y * sin + middle_x, -x * sin + y * cos + middle_y
    width, height = cell.x1 - cell.x0, cell.y1 - cell.y0
    half_x = (width * cos + height * abs(sin)) / 2
    half_y = (height * cos + width * abs(sin)) / 2
    return replace(cell, x0=new_x - half_x, x1=new_x + half_x, y0=new_y - half_y, y1=new_y + half_y)


def read(rng: Random, paper: Paper, how: Scan) -> list[Cell]:
    """The page's lines as an engine finds them, in its order."""
    cells = [turned(cell, paper, how.angle) for cell in _regrouped(rng, paper.cells, how)]
    cells = [
        replace(_shaken(rng, cell, paper, how), text=_misread(rng, cell.text, how))
        for cell in cells
        if not _is_rule(cell.text) or rng.random() < 0.15
    ]
    if rng.random() < 0.25 and len(cells) > 8:  # engines give some lines after all others
        at = rng.randrange(4, len(cells))
        cells.append(cells.pop(at))
    return cells


def _regrouped(rng: Random, cells: tuple[Cell, ...], how: Scan) -> list[Cell]:
    found: list[Cell] = []
    for cell in cells:
        fate = rng.random()
        if fate < how.lost:
            continue
        if fate < 2 * how.lost and cell.joinable and found:
            found[-1] = _joined(found[-1], cell)
        elif fate < 2 * how.lost and " " in cell.text:
            found += _cut(rng, cell)
        elif fate < 2.4 * how.lost:
            found += [cell, cell]
        else:
            found.append(cell)
    return found


def _joined(left: Cell, right: Cell) -> Cell:
    return replace(left, text=f"{left.text} {right.text}", x1=right.x1, y1=max(left.y1, right.y1))


def _cut(rng: Random, cell: Cell) -> list[Cell]:
    spaces = [place for place, char in enumerate(cell.text) if char == " "]
    place = rng.choice(spaces)
    each = (cell.x1 - cell.x0) / len(cell.text)
    first = replace(cell, text=cell.text[:place], x1=cell.x0 + each * place)
    second = replace(cell, text=cell.text[place + 1 :], x0=cell.x0 + each * (place + 1))
    return [part for part in (first, second) if part.text.strip()]


def _shaken(rng: Random, cell: Cell, paper: Paper, how: Scan) -> Cell:
    spread = how.shake * cell.size
    x0, y0 = cell.x0 + rng.gauss(0, spread), cell.y0 + rng.gauss(0, spread)
    x1, y1 = cell.x1 + rng.gauss(0, spread), cell.y1 + rng.gauss(0, spread)
    x0, x1 = sorted((min(max(x0, 0), paper.width), min(max(x1, 0), paper.width)))
    y0, y1 = sorted((min(max(y0, 0), paper.height), min(max(y1, 0), paper.height)))
    return replace(cell, x0=x0, y0=y0, x1=x1, y1=y1)


def _misread(rng: Random, text: str, how: Scan) -> str:
    read: list[str] = []
    for char in text:
        if rng.random() >= how.confusion:
            read.append(char)
        elif char == " " or rng.random() < 0.15:
            continue  # lost
        else:
            read.append(rng.choice(_ALIKE.get(char, char)))
    return "".join(read) or text


def _is_rule(text: str) -> bool:
    return len(set(text)) == 1 and not text.isalnum()
