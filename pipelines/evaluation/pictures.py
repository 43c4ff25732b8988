"""Pictures of an evaluation: scores with their intervals, reliability, feature importance."""

from collections.abc import Mapping
from pathlib import Path

from matplotlib.axes import Axes

from pipelines.evaluation.calibration import BINS, Calibration
from pipelines.evaluation.extraction import Evaluation
from pipelines.evaluation.scores import OVERALL, Interval
from pipelines.evaluation.slices import ALL
from pipelines.evaluation.style import FAINT, INK, PALETTE, colours, picture, words

MOST_FEATURES = 12
FEWEST_DOCUMENTS = 10
"""A slice of fewer documents has an interval as wide as the picture; the table has it."""
FEWEST_ANSWERS = 10
"""A bin of fewer answers is drawn pale."""


def draw_scores(found: Evaluation, path: Path) -> None:
    """F1 per field and slice, exact (filled) and by value (hollow), with 95 % intervals."""
    parts = [
        name
        for name, part in found.slices.items()
        if name == ALL or part.documents >= FEWEST_DOCUMENTS
    ]
    rows = [OVERALL, *found.fields]
    colour = dict(zip(parts, (INK, *PALETTE), strict=False))
    with picture(path, 8.5, 1.6 + len(rows) * (0.25 + 0.17 * len(parts))) as figure:
        axes = figure.subplots()
        for row, field in enumerate(rows):
            for place, part in enumerate(parts):
                one = found.slices[part].scores[field]
                height = row + (place - (len(parts) - 1) / 2) * 0.8 / len(parts)
                for value, interval, face in (
                    (one.f1, one.f1_interval, colour[part]),
                    (one.f1_value, one.f1_value_interval, "white"),
                ):
                    if value is not None and interval is not None:
                        _mark(axes, value, interval, height, colour[part], face)
        for part in parts:
            label = f"{words(part)} ({found.slices[part].documents} documents)"
            axes.plot([], [], "o", color=colour[part], label=label)
        axes.plot([], [], "o", color=FAINT, markerfacecolor="white", label="hollow: by value")
        axes.set_yticks(range(len(rows)), [words(name) for name in rows])
        axes.set_ylim(len(rows) - 0.5, -0.5)
        axes.set_xlim(right=1.01)
        axes.grid(False, axis="y")
        for border in range(1, len(rows)):
            axes.axhline(border - 0.5, color="#D0D0D0", linewidth=0.8)
        axes.set_xlabel("F1 with 95 % interval (filled: exact match)")
        figure.suptitle(_headline(found), x=0.01, ha="left", fontweight="bold", fontsize=12)
        figure.legend(loc="outside lower center", ncols=min(3, len(parts) + 1), fontsize=9)


def _mark(
    axes: Axes, value: float, interval: Interval, height: float, edge: str, face: str
) -> None:
    low, high = interval
    # By value above, exact below: the two intervals of a field often overlap.
    lift = -0.035 if face == "white" else 0.035
    axes.errorbar(
        value,
        height + lift,
        xerr=[[value - low], [high - value]],
        fmt="o",
        markersize=5,
        color=edge,
        markerfacecolor=face,
        elinewidth=1.2,
        capsize=0,
    )


def _headline(found: Evaluation) -> str:
    one = found.overall
    if one.f1 is None or one.f1_interval is None or one.f1_value is None:
        return f"Nothing was asked of these {found.documents} documents"
    low, high = one.f1_interval
    return f"F1 {one.f1:.3f} by exact match ({low:.3f} to {high:.3f}), {one.f1_value:.3f} by value"


def draw_reliability(measured: Mapping[str, Calibration], path: Path) -> None:
    """Share right against confidence, one panel a field; on the diagonal it can be believed."""
    shown = {name: one for name, one in measured.items() if one.bins}
    columns = min(3, max(1, len(shown)))
    rows = max(1, -(-len(shown) // columns))
    colour = colours(list(shown))
    with picture(path, 3.1 * columns, 3.2 * rows + 0.5) as figure:
        panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
        for axes in panels.flat[len(shown) :]:
            axes.set_axis_off()
        for axes, (name, one) in zip(panels.flat, shown.items(), strict=False):
            axes.plot([0, 1], [0, 1], "--", color=FAINT, linewidth=1)
            most = max(item.answers for item in one.bins)
            for item in one.bins:
                place = min(int(item.confidence * BINS), BINS - 1) / BINS + 0.5 / BINS
                height = 0.3 * item.answers / most
                axes.bar(place, height, width=0.09, color=colour[name], alpha=0.18)
                axes.errorbar(
                    item.confidence,
                    item.right,
                    yerr=[[item.right - item.low], [item.high - item.right]],
                    fmt="o",
                    color=colour[name],
                    markersize=6,
                    elinewidth=1.2,
                    alpha=1.0 if item.answers >= FEWEST_ANSWERS else 0.3,
                )
            auroc = "no errors to rank" if one.auroc is None else f"AUROC {one.auroc:.2f}"
            axes.set_title(words(name), pad=22)
            axes.text(
                0,
                1.02,
                f"off by {one.ece:.1%} on average, {auroc}",
                transform=axes.transAxes,
                fontsize=9,
            )
            axes.set_xlim(-0.03, 1.03)
            axes.set_ylim(-0.03, 1.05)
        figure.supxlabel(
            "confidence (bars: how many answers; pale points: fewer than ten)", fontsize=10
        )
        figure.supylabel("share that is exactly right", fontsize=10)
        figure.suptitle(
            "Is an answer as often right as it says?",
            x=0.01,
            ha="left",
            fontweight="bold",
            fontsize=12,
        )


def draw_importance(importance: Mapping[str, Mapping[str, float]], path: Path) -> None:
    """The features that each stage of the model leans on, as shares of the stage's whole."""
    stages = {name: ranked for name, gains in importance.items() if (ranked := _ranked(gains))}
    columns = min(2, max(1, len(stages)))
    rows = max(1, -(-len(stages) // columns))
    tallest = max((len(ranked) for ranked in stages.values()), default=1)
    colour = colours(list(stages))
    with picture(path, 5.2 * columns, (0.24 * tallest + 0.7) * rows + 0.5) as figure:
        panels = figure.subplots(rows, columns, squeeze=False)
        for axes in panels.flat[len(stages) :]:
            axes.set_axis_off()
        for axes, (name, ranked) in zip(panels.flat, stages.items(), strict=False):
            labels = [words(feature) for feature, _ in ranked]
            shares = [share for _, share in ranked]
            axes.barh(range(len(ranked)), shares, color=colour[name], height=0.7)
            axes.set_yticks(range(len(ranked)), labels, fontsize=9)
            axes.set_ylim(tallest - 0.5, -0.5)
            axes.xaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
            axes.grid(False, axis="y")
            axes.set_title(words(name))
        figure.suptitle(
            "What the model looks at: share of the gain"
            + (", mean of the fields" if len(stages) > 1 else ""),
            x=0.01,
            ha="left",
            fontweight="bold",
            fontsize=12,
        )


def _ranked(gains: Mapping[str, float]) -> list[tuple[str, float]]:
    """The largest shares first, the same order for equal ones."""
    whole = sum(gains.values())
    if whole <= 0:
        return []
    ranked = sorted(gains.items(), key=lambda item: (-item[1], item[0]))
    return [(name, gain / whole) for name, gain in ranked[:MOST_FEATURES] if gain > 0]
