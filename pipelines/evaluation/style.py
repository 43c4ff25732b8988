"""One look for all pictures: colours that the colour-blind can tell apart, plain axes."""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

# Okabe and Ito (2008), without the yellow that vanishes on white.
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#6B4C9A")
RIGHT, SPELLING, WRONG = "#009E73", "#E69F00", "#D55E00"
INK, FAINT, GRID = "#222222", "#8A8A8A", "#E4E4E4"

_STYLE: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.edgecolor": FAINT,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "grid.color": GRID,
    "text.color": INK,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
    # Text of documents is drawn: a dollar sign in it must not start a formula.
    "text.parse_math": False,
    "savefig.dpi": 130,
    "savefig.facecolor": "white",
}


@contextmanager
def picture(path: Path, width: float, height: float) -> Iterator[Figure]:
    """A figure of so many inches that is written to `path`; no state is left behind."""
    with mpl.rc_context(_STYLE), warnings.catch_warnings():
        # A letter the font lacks is drawn as a box; that is no news for each such letter.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        # Not through pyplot: its figures live on in the process until somebody closes them.
        figure = Figure(figsize=(width, height), layout="constrained")
        yield figure
        # Without the library's version and date the same scores give the same bytes.
        figure.savefig(path, metadata={"Software": None})


def colours(names: Sequence[str]) -> dict[str, str]:
    """A colour for each name, the same for the same list."""
    return {name: PALETTE[place % len(PALETTE)] for place, name in enumerate(names)}


def words(name: str) -> str:
    """An identifier as people read it."""
    return name.replace("_", " ")
