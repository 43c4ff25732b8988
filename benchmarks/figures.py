"""A figure is a ratio: pairs of a measurement and its baseline, taken in turn, and their table."""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

Measure = Callable[[], float]


@dataclass(frozen=True)
class Figure:
    """One line of the table; `measured` and `baseline` are pairs, in the order they were taken."""

    name: str
    unit: str
    against: str
    """What the baseline is."""
    definition: str
    """What is measured, in words that let somebody else measure it again."""
    measured: tuple[float, ...]
    baseline: tuple[float, ...]
    limit: float | None = None
    """Most that the median of `measured` should be, in its unit."""
    ratio_limit: float | None = None
    """Most that the ratio of the least to the least should be: other load only ever adds."""

    def __post_init__(self) -> None:
        if not self.measured or len(self.measured) != len(self.baseline):
            raise ValueError(
                f"{self.name}: {len(self.measured)} measurements and {len(self.baseline)} "
                "baselines; expected as many of one as of the other, and at least one."
            )

    @property
    def ratios(self) -> tuple[float, ...]:
        """Measurement over baseline of each pair: load that lasts a while hits both."""
        return tuple(mine / other for mine, other in zip(self.measured, self.baseline, strict=True))

    @property
    def verdict(self) -> str:
        """Whether the limit is kept; empty where there is none."""
        if self.ratio_limit is not None:
            least = min(self.measured) / min(self.baseline)
            return _verdict(least, self.ratio_limit, f"× (least to least {number(least)})")
        return "" if self.limit is None else _verdict(median(self.measured), self.limit, self.unit)

    def row(self) -> tuple[str, str, str, str, str]:
        """Cells of the table: name, measured, baseline, ratio, limit."""
        low, high = min(self.ratios), max(self.ratios)
        return (
            self.name,
            f"{number(median(self.measured))} {self.unit}",
            f"{self.against}: {number(median(self.baseline))}",
            f"{number(median(self.ratios))} ({number(low)}..{number(high)})",
            self.verdict,
        )


COLUMNS = ("figure", "measured", "baseline", "ratio (min..max)", "limit")


def in_turn(mine: Measure, other: Measure, repeats: int) -> tuple[tuple[float, ...], ...]:
    """Measurements and baselines of `repeats` pairs, one right after the other.

    Every second pair begins with the baseline, so that neither always comes first.
    """
    measured, baseline = [], []
    for repeat in range(repeats):
        if repeat % 2:
            baseline.append(other())
            measured.append(mine())
        else:
            measured.append(mine())
            baseline.append(other())
    return tuple(measured), tuple(baseline)


def markdown(figures: list[Figure], machine: str) -> str:
    """The page docs/benchmarks.md."""
    lines = [
        "# Benchmarks",
        "",
        "Written by `make bench`. Each figure is a ratio against a baseline that was measured in "
        "the same run, in turn with it; the table has medians, and the least and the greatest "
        "ratio of the pairs. Ratios can be compared between machines, the rest cannot.",
        "",
        f"Measured on {machine}.",
        "",
        *table(figures),
        "",
        "The scores of the extractor on real receipts are a benchmark of their own: "
        "`python benchmarks/extraction_cv.py [--by document|merchant]`.",
    ]
    return "\n".join(lines) + "\n"


def table(figures: list[Figure]) -> list[str]:
    """Lines of the table, and what each of its figures is."""
    return [
        _line(COLUMNS),
        _line(("---",) * len(COLUMNS)),
        *(_line(figure.row()) for figure in figures),
        "",
        "What is measured:",
        "",
        *(f"- **{figure.name}**: {figure.definition}" for figure in figures),
    ]


def number(value: float) -> str:
    """Three digits that count: 1234, 12.3, 0.0123."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:#.3g}"


def _line(cells: tuple[str, ...]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _verdict(value: float, limit: float, unit: str) -> str:
    return f"≤ {limit:g} {unit}: {'kept' if value <= limit else 'missed'}"
