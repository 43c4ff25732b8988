"""The report of a classifier: pictures and one page that holds them all."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa

from pipelines.contracts.names import SEEN_GROUP, UNSEEN_GROUP
from pipelines.contracts.spec import ModelSpec
from pipelines.evaluation.page import write_figures, write_page
from pipelines.evaluation.pictures import FEWEST_ANSWERS, draw_importance
from pipelines.evaluation.scores_classification import Evaluation
from pipelines.evaluation.style import FAINT, INK, PALETTE, picture, words
from pipelines.measures.cases import cases
from pipelines.measures.ranking import Flags, Floats

_LEAST = 1e-5
"""Probabilities below are drawn at this place: the axis is logarithmic."""


def write_report(
    folder: Path,
    found: Evaluation,
    rows: pa.Table,
    predictions: pa.Table,
    spec: ModelSpec,
    importance: Mapping[str, Mapping[str, float]],
) -> None:
    """Fills `folder`: index.html (self-contained), the pictures, metrics.json, scores.json."""
    write_figures(folder, found.metrics(), found.model_dump(mode="json"))
    scored = cases(rows, predictions, spec, {})
    draw_slices(found, folder / "scores.png")
    draw_precision_recall(scored.score, scored.label, folder / "precision_recall.png")
    draw_days(found, folder / "days.png")
    draw_reliability(found, folder / "reliability.png")
    if any(importance.values()):
        draw_importance(importance, folder / "importance.png")
    write_page(folder, "classification.html", spec=spec, found=found, titles=_titles(spec))


def _titles(spec: ModelSpec) -> dict[str, str]:
    group = words(spec.split.group_by)
    return {
        "all": "All test rows",
        SEEN_GROUP: f"Of a {group} that was trained on",
        UNSEEN_GROUP: f"Of a {group} that training never saw",
    }


def draw_slices(found: Evaluation, path: Path) -> None:
    """Average precision per slice with its interval."""
    parts = [(name, part) for name, part in found.slices.items() if part.average_precision]
    with picture(path, 8.5, 1.2 + 0.5 * len(parts)) as figure:
        axes = figure.subplots()
        for place, (_, part) in enumerate(parts):
            value, ends = part.average_precision or 0.0, part.average_precision_interval
            low, high = ends or (value, value)
            axes.errorbar(
                value,
                place,
                xerr=[[max(0.0, value - low)], [max(0.0, high - value)]],
                fmt="o",
                color=INK if place == 0 else PALETTE[0],
                elinewidth=1.4,
            )
        labels = [f"{words(name)} ({part.true} of {part.rows})" for name, part in parts]
        axes.set_yticks(range(len(parts)), labels)
        axes.set_ylim(len(parts) - 0.5, -0.5)
        axes.grid(False, axis="y")
        axes.set_xlabel("average precision with 95 % interval")
        title = f"Average precision {found.whole.average_precision or 0:.3f}"
        figure.suptitle(title, x=0.01, ha="left", fontweight="bold", fontsize=12)


def draw_precision_recall(score: Floats, label: Flags, path: Path) -> None:
    """Share of alarms that are true against share of true rows that are found."""
    order = np.argsort(-score, kind="stable")
    right = np.cumsum(label[order])
    last = np.flatnonzero(np.diff(score[order], append=-1.0))
    precision, recall = right[last] / (last + 1), right[last] / max(1, right[-1])
    with picture(path, 6.5, 4.2) as figure:
        axes = figure.subplots()
        axes.step(recall, precision, where="post", color=PALETTE[0])
        axes.axhline(label.mean(), color=FAINT, linestyle="--", linewidth=1)
        axes.set_xlim(0, 1.01)
        axes.set_ylim(0, 1.03)
        axes.set_xlabel("recall: share of the true rows that are found")
        axes.set_ylabel("precision: share of alarms that are true")
        axes.text(0.99, label.mean() + 0.02, "by chance", color=FAINT, ha="right", fontsize=9)


def draw_days(found: Evaluation, path: Path) -> None:
    """Precision among the top of each day of the test."""
    days = found.precision_by_day
    low, high = found.precision_at_top_interval
    with picture(path, 8.5, 3.2) as figure:
        axes = figure.subplots()
        axes.bar(range(1, len(days) + 1), days, color=PALETTE[0], width=0.75)
        axes.axhline(found.precision_at_top, color=INK, linewidth=1.2)
        axes.axhspan(low, high, color=INK, alpha=0.12)
        axes.set_xlabel("day of the test (line: mean with 95 % interval)")
        axes.set_ylabel(f"precision among the top {found.per_day}")
        axes.grid(False, axis="x")


def draw_reliability(found: Evaluation, path: Path) -> None:
    """Share true against probability, both logarithmic: most probabilities are small."""
    with picture(path, 5.2, 4.6) as figure:
        axes = figure.subplots()
        axes.plot([_LEAST, 1], [_LEAST, 1], "--", color=FAINT, linewidth=1)
        for one in found.bins:
            axes.errorbar(
                max(one.confidence, _LEAST),
                max(one.right, _LEAST),
                yerr=[[one.right - max(one.low, _LEAST)], [one.high - one.right]]
                if one.right > _LEAST
                else None,
                fmt="o",
                color=PALETTE[0],
                alpha=1.0 if one.answers >= FEWEST_ANSWERS else 0.3,
            )
        axes.set_xscale("log")
        axes.set_yscale("log")
        for axis in (axes.xaxis, axes.yaxis):
            # The usual labels of such an axis are formulas, which the style leaves as text.
            axis.set_major_formatter(lambda value, _: f"{value:g}")
        axes.set_xlabel("probability")
        axes.set_ylabel("share that is true (95 %)")
