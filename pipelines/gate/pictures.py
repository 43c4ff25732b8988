"""Pictures of a comparison: both models' scores, and the difference with its interval."""

from pathlib import Path

from matplotlib.axes import Axes

from pipelines.contracts.result import Comparison
from pipelines.evaluation.slices import ALL
from pipelines.evaluation.style import FAINT, INK, PALETTE, RIGHT, WRONG, picture, words

_ROW_INCHES = 0.3


def draw_scores(lines: list[Comparison], path: Path) -> None:
    """The score of candidate (filled) and champion (hollow), one row a line of the table."""
    with picture(path, 8, 1.4 + _ROW_INCHES * len(lines)) as figure:
        axes = figure.subplots()
        for row, line in enumerate(lines):
            if line.champion is not None and line.candidate is not None:
                axes.plot([line.champion, line.candidate], [row, row], color=FAINT, linewidth=1)
            if line.champion is not None:
                axes.plot(line.champion, row, "o", color=INK, markerfacecolor="white")
            if line.candidate is not None:
                axes.plot(line.candidate, row, "o", color=PALETTE[0])
        axes.plot([], [], "o", color=PALETTE[0], label="candidate")
        axes.plot([], [], "o", color=INK, markerfacecolor="white", label="champion")
        _rows(axes, lines)
        axes.set_xlabel("score")
        figure.legend(loc="outside lower center", ncols=2, fontsize=9)


def draw_differences(lines: list[Comparison], path: Path) -> None:
    """Candidate minus champion with its interval; right of the line the candidate is better."""
    with picture(path, 8, 1.2 + _ROW_INCHES * len(lines)) as figure:
        axes = figure.subplots()
        for row, line in enumerate(lines):
            if line.difference is None or line.low is None or line.high is None:
                continue
            colour = RIGHT if line.low > 0 else WRONG if line.high < 0 else INK
            ends = [[max(0.0, line.difference - line.low)], [max(0.0, line.high - line.difference)]]
            axes.errorbar(line.difference, row, xerr=ends, fmt="o", color=colour, capsize=3)
        axes.axvline(0, color=FAINT, linewidth=1)
        _rows(axes, lines)
        axes.set_xlabel("candidate minus champion, with interval")


def _rows(axes: Axes, lines: list[Comparison]) -> None:
    axes.set_yticks(range(len(lines)), [_title(line) for line in lines])
    axes.set_ylim(len(lines) - 0.5, -0.5)
    axes.grid(False, axis="y")


def _title(line: Comparison) -> str:
    part = "" if line.slice == ALL else f", {words(line.slice)}"
    return f"{words(line.field)}{part} ({line.rows}, {line.n})"
