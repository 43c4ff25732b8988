"""docs/learning.md and its picture."""

from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

import numpy as np

from benchmarks.learning_curve import (
    LABELS,
    MEASURES,
    OTHER_SHARES,
    SHARE,
    START,
    WAYS,
    Seed,
    interval,
    mean_curve,
    needed,
    resampled,
)
from benchmarks.workbench import machine
from pipelines.evaluation.style import PALETTE, picture

TRIED = (
    "Tried on other seeds (100 to 104, one run each, so small differences mean nothing) and left: "
    "fields one by one from any document, by doubt times likeness of the whole text (200 to 300 "
    "labels where random documents needed 430 to 460); random documents, but only the fields "
    "surer than 0.9 left out (220 to 300); drawing fields with a chance that grows with their "
    "doubt (290 and more); documents of whole-text clusters with half of a cluster's worth left "
    "after each (250 and more; worse than random below 200 labels); weighing totals over addresses "
    "by cost, and taking the surest tenth's error of a field for what no label mends (no gain). "
    "What helped is one document of each merchant before a second of another, told by the first "
    "lines of the page, and not asking what the model is sure of. The rest of the labels goes into "
    "addresses, whose spelling people do not agree on, and totals, which only many labels teach. "
    "An earlier setting, with twelve first documents and fields asked up to 0.9, had a ratio of "
    "0.60 on the seeds of the table; the present one was chosen on the other seeds. With the "
    "model's own parameters three seeds (0, 1 and 3) needed 161 labels against 240, a ratio of "
    "0.67: the stronger extractor learns more from few random documents. First documents chosen by "
    "their looks alone, in place of six random ones, were ahead at 24 labels (0.74 of the full F1 "
    "against 0.69) and behind from 100 on (0.90 against 0.93 at 136); twice as many rounds made no "
    "difference to that (seeds 300 and 301)."
)

CHANGED = (
    ("asked where the answer is wrong, as if that were known", "-0.003 ± 0.005", 12),
    ("documents by the square of the doubt of what is asked of them", "-0.011 ± 0.005", 6),
    ("documents by its root", "-0.005 ± 0.003", 12),
    ("documents by how many they stand for, whatever the doubt", "-0.006 ± 0.004", 6),
    ("likeness to what was asked counted by field, worth by label asked", "-0.010 ± 0.005", 6),
    ("the same, and three times the own doubt of a date or total added", "-0.008 ± 0.009", 6),
    ("labels of a round shared among fields by the square of their doubt", "-0.015 ± 0.007", 6),
    ("at most two fields of a document", "-0.011 ± 0.004", 6),
    ("fields asked up to 0.9", "-0.009 ± 0.007", 6),
    ("all fields of a document but those that are sure on the whole", "0.000 ± 0.003", 6),
    ("what was asked before covers its like by a quarter, not by half", "-0.004 ± 0.005", 6),
    ("by three quarters", "-0.002 ± 0.005", 12),
    ("errors of totals twice as dear", "-0.004 ± 0.006", 6),
    ("errors of addresses half as dear", "+0.004 ± 0.003", 12),
    ("addresses a third as dear, totals a third dearer", "-0.003 ± 0.004", 12),
    ("no address asked any more once 30 are labelled", "0.000 ± 0.002", 12),
    ("only doubt beyond that of the like of what is labelled", "-0.131 ± 0.055", 3),
    ("training told the merchant of documents whose company was not asked", "-0.005 ± 0.004", 12),
    ("the extractor remembers words and lines that it saw once, too", "-0.003 ± 0.008", 6),
    ("a quarter of the merchants left out whole in training, not half", "-0.001 ± 0.002", 6),
    ("half of the merchants of one document known to later stages", "-0.014 ± 0.009", 6),
    ("a quarter of them, and what was seen once is remembered", "+0.002 ± 0.006", 6),
)
"""What was changed in selection or training, what it did to the F1, and the seeds."""
FOUND = (
    "So the choice is hardly what holds it back. To know which answers are wrong gains nothing, "
    "and better doubts (of folds or word models that disagree) can promise no more. The first 40 "
    "to 80 documents that their heads alone would choose are of the merchants of 52 to 65 % of the "
    "tested ones (seeds 100 to 102); documents of the largest merchants would be of 54 to 66 %, "
    "random ones are of 46 to 54 %, all of the pool of 67 to 77 %. From 136 to 184 labels company "
    "goes from 0.850 to 0.877 (0.922 with all labels), address from 0.693 to 0.704 (0.745), total "
    "from 0.759 to 0.825 (0.908); date is at 0.975 (0.987) with nine labels. What is missing is "
    "totals, and these come with their number: 80 random ones make 0.819, 64 chosen ones 0.825. "
    "Of merchants that nobody labelled the company is right in 0.73 with 184 chosen labels and in "
    "0.81 with 340 random ones, which are 85 companies in place of 46; of the others in 0.97 with "
    "both, and totals are right more often with the chosen ones (0.82 against 0.74, and 0.85 "
    "against 0.82; seeds 100 to 102)."
)

MENDED = (
    "What helped then was the extractor (the same seeds and mean). Small training sets are divided "
    "into more folds: +0.008 ± 0.003 for random documents (304 and 340 labels), and -0.001 ± 0.007 "
    "for the selection, because with some seeds a few right answers made a field sure for ever and "
    "it was asked no more. So the ranker's own probability counts as five further answers: with "
    "both the selection has +0.008 ± 0.003. It came to 95 % with 161 labels in place of 181, "
    "random documents with 293 in place of more than 340: both need fewer, and the ratio stays. "
    "Amounts that make each other up gave random documents another +0.006 ± 0.001 and the "
    "selection +0.001 ± 0.007. On the seeds of the table it was 177 labels "
    "against 332 before all of this, a ratio of 0.53 (0.49 to 0.67): what made the extractor learn "
    "more from few labels helped most where they are worst chosen. Tried on top of folds and "
    "confidence (five or ten answers; the last two on folds alone), and left:"
)
AGAIN = (
    ("errors of addresses half as dear", "+0.002 ± 0.003", 12),
    ("four random documents to begin with, not six", "-0.007 ± 0.005", 6),
    ("the first six by their looks", "-0.002 ± 0.005", 12),
    ("fields asked up to 0.7", "-0.002 ± 0.005", 10),
    ("told in how many documents of the pool a line or word stands", "-0.008 ± 0.006", 6),
    ("told it of lines alone", "-0.007 ± 0.003", 6),
)
"""The same for what was tried with the present extractor."""


def page(seeds: Sequence[Seed], parameters: str) -> str:
    """docs/learning.md."""
    lines = [
        "# How many labels the extractor needs",
        "",
        "Written by `make bench-learning`. Real receipts (SROIE, 626), of which 30 % are tested "
        f"and the others are the pool; {len(seeds)} seeds draw the parts anew. A label is one "
        "field of one document that a reviewer looked at. Both ways begin with the same "
        f"{START} random documents; then *random documents* are labelled whole, or *our "
        "selection* (`pipelines/reviewing/select.py`, the model's own calibrated confidence) says "
        "which fields of which documents. Fields that nobody looked at are masked. "
        f"{parameters}",
        "",
        f"Labels needed for {SHARE:.0%} of the F1 of all labels of the pool, where the mean curve "
        "of the seeds gets there, with 95 % intervals (bootstrap of the seeds):",
        "",
        "| F1 | of all labels | our selection | random documents | ratio |",
        "|---|--:|--:|--:|--:|",
    ]
    for measure, name in MEASURES.items():
        drawn = resampled(seeds, measure)
        best = np.mean([getattr(seed.full, measure) for seed in seeds])
        both = {way: needed(seeds, way, measure) for way in WAYS}
        ratio = both["selected"] / both["random"]
        cells = [
            f"{best:.3f}",
            *(f"{_count(both[way])} ({_between(drawn[way])})" for way in WAYS),
            f"{ratio:.2f} ({_share(drawn['ratio'])})",
        ]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    others = [(share, *(needed(seeds, way, "f1", share) for way in WAYS)) for share in OTHER_SHARES]
    met = needed(seeds, "selected", "f1") <= 0.5 * needed(seeds, "random", "f1")
    lines += [
        "",
        f"The goal, a ratio of at most a half, is {'' if met else 'not '}reached by exact match. "
        "For other shares of that F1: "
        + "; ".join(
            f"{share:.1%} with {_count(ours)} against {_count(theirs)} labels"
            + (f" ({ours / theirs:.2f})" if np.isfinite(ours + theirs) else "")
            for share, ours, theirs in others
        )
        + ".",
        "",
        "![Learning curves](learning.png)",
        "",
        "Mean F1 by exact match, and the documents that the labels are of:",
        "",
        "| labels | our selection | documents | random documents | documents |",
        "|--:|--:|--:|--:|--:|",
    ]
    for at, labels in enumerate(LABELS):
        cells = []
        for way in WAYS:
            points = [seed.curves[way][at] for seed in seeds]
            cells.append(f"{np.mean([one.f1 for one in points]):.3f}")
            cells.append(f"{np.mean([one.documents for one in points]):.0f}")
        lines.append(f"| {labels} | {' | '.join(cells)} |")
    lines += [
        "",
        TRIED,
        "",
        "Tried after that, and left too, on seeds 100 to 111 in three rounds (64, 136 and 184 "
        "labels), where the selection had an F1 of 0.820 and 0.846 with the last two and "
        "came to 95 % with 184 labels, random documents with 313. The difference that a change "
        "made to the mean of both, with its standard error over the seeds:",
        "",
        *_differences(CHANGED),
        "",
        FOUND,
        "",
        MENDED,
        "",
        *_differences(AGAIN),
    ]
    spent = fmean(seed.seconds for seed in seeds)
    return "\n".join([*lines, "", f"{machine()}. {spent:.0f} CPU seconds a seed.", ""])


def _differences(changed: Sequence[tuple[str, str, int]]) -> list[str]:
    rows = (f"| {what} | {difference} | {count} |" for what, difference, count in changed)
    return ["| changed | F1 | seeds |", "|---|--:|--:|", *rows]


def draw(seeds: Sequence[Seed], path: Path) -> None:
    """Mean curves of both ways with the spread of the seeds, and where each gets there."""
    with picture(path, 8.0, 4.2) as figure:
        axes = figure.subplots()
        for (way, name), colour in zip(WAYS.items(), PALETTE, strict=False):
            for seed in seeds:
                own = [(one.labels, one.f1 / seed.full.f1) for one in seed.curves[way]]
                axes.plot(*zip(*own, strict=True), color=colour, linewidth=0.5, alpha=0.3)
            labels, shares = mean_curve(seeds, way, "f1")
            axes.plot(labels, shares, "o-", color=colour, linewidth=2, markersize=4, label=name)
            there = needed(seeds, way, "f1")
            if np.isfinite(there):
                axes.plot([there, there], [0.6, SHARE], ":", color=colour, linewidth=1.5)
                axes.annotate(f"{there:.0f}", (there, 0.61), color=colour, ha="left")
        axes.axhline(SHARE, color="#8A8A8A", linewidth=0.8)
        axes.set_ylim(0.6, 1.02)
        axes.set_xlabel("labels (fields looked at)")
        axes.set_ylabel("F1 as a share of that of all labels")
        axes.set_title(f"Real receipts, {len(seeds)} seeds; thin lines are single seeds")
        axes.legend(loc="lower right")


def _count(value: float) -> str:
    return f"{value:.0f}" if np.isfinite(value) else f"over {LABELS[-1]}"


def _between(values: Sequence[float]) -> str:
    low, high = interval(values)
    return f"{_count(low)} to {_count(high)}"


def _share(values: Sequence[float]) -> str:
    low, high = interval(values)
    return f"{low:.2f} to {high:.2f}"
