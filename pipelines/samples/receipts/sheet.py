"""A sheet of paper that text is set on, and the cells that come of it."""

from dataclasses import dataclass, replace

# Width of a character over its height; DejaVu Sans Mono has .602, a condensed face less.
WIDTHS = {"mono": 0.602, "type": 0.56, "sans": 0.53}


@dataclass(frozen=True)
class Cell:
    """A run of text at a place, in pixels; what an OCR engine reads as one line."""

    text: str
    x0: float
    y0: float
    x1: float
    y1: float
    size: float
    bold: bool = False
    joinable: bool = False
    """Stands right of a label on the same row and may be read together with it."""

    def moved(self, dx: float, dy: float) -> "Cell":
        return replace(self, x0=self.x0 + dx, x1=self.x1 + dx, y0=self.y0 + dy, y1=self.y1 + dy)


@dataclass(frozen=True)
class Paper:
    """A finished sheet."""

    width: int
    height: int
    font: str
    cells: tuple[Cell, ...]


class Sheet:
    """Sets text from top to bottom, `columns` characters wide."""

    def __init__(self, columns: int, size: float, font: str, margin: float = 2.0) -> None:
        self._size = size
        self._char = size * WIDTHS[font]
        self._font = font
        self._columns = columns
        self._left = margin * size
        self._y = margin * size
        self._cells: list[Cell] = []

    def centre(self, text: str, *, scale: float = 1.0, bold: bool = False) -> None:
        """Text in the middle; what is too long goes on in further rows."""
        for part in self._wrapped(text, self._columns / scale):
            free = self._columns * self._char - len(part) * self._char * scale
            self._put(part, max(0.0, free / 2), scale, bold)
            self._down(scale)

    def left(self, text: str, *, scale: float = 1.0, bold: bool = False, indent: int = 0) -> None:
        """Text at the left edge; what is too long goes on in further rows."""
        for part in self._wrapped(text, (self._columns - indent) / scale):
            self._put(part, indent * self._char, scale, bold)
            self._down(scale)

    def head(self, text: str, *, centred: bool, scale: float = 1.0, bold: bool = False) -> None:
        """Text of the head, centred or not."""
        if centred:
            self.centre(text, scale=scale, bold=bold)
        else:
            self.left(text, scale=scale, bold=bold)

    def pair(
        self,
        label: str,
        value: str,
        *,
        scale: float = 1.0,
        bold: bool = False,
        joined: bool = False,
    ) -> None:
        """A label at the left and a value at the right edge of one row."""
        gap = int(self._columns / scale) - len(label) - len(value)
        if joined:
            self.left(label + " " * max(1, min(gap, 3)) + value, scale=scale, bold=bold)
            return
        if gap < 1:
            self.left(label, scale=scale, bold=bold)
            gap = int(self._columns / scale) - len(value)
        else:
            self._put(label, 0, scale, bold)
        at = max(0.0, self._columns * self._char - len(value) * self._char * scale)
        self._put(value, at, scale, bold, joinable=True)
        self._down(scale)

    def row(self, *columns: tuple[str, int], scale: float = 1.0) -> None:
        """Texts at character columns; a negative column is where the text ends."""
        for text, column in columns:
            if text:
                at = column if column >= 0 else -column - len(text)
                self._put(text, max(0, at) * self._char, scale, bold=False)
        self._down(scale)

    def gap(self, rows: float) -> None:
        """Empty rows."""
        self._y += rows * self._size * 1.3

    def rule(self, mark: str) -> None:
        """A line of marks across the sheet; engines often read none of it."""
        if mark:
            self._put(mark * self._columns, 0, 1.0, bold=False)
            self._down(1.0)

    def done(self, *, minimum: int = 0) -> Paper:
        """The sheet, cut below the last row."""
        width = int(self._columns * self._char + 2 * self._left)
        return Paper(width, max(minimum, int(self._y + self._left)), self._font, tuple(self._cells))

    def _put(
        self, text: str, x: float, scale: float, bold: bool, *, joinable: bool = False
    ) -> None:
        x0 = self._left + x
        width = len(text) * self._char * scale
        height = self._size * scale
        self._cells.append(
            Cell(text, x0, self._y, x0 + width, self._y + height, height, bold, joinable)
        )

    def _down(self, scale: float) -> None:
        self._y += self._size * scale * 1.32

    @staticmethod
    def _wrapped(text: str, columns: float) -> list[str]:
        rows, current = [], ""
        for word in text.split(" "):
            if current and len(current) + 1 + len(word) > columns:
                rows.append(current)
                current = word
            else:
                current = f"{current} {word}" if current else word
        return [*rows, current]
