"""Krippendorff's alpha: how far reviewers agree beyond chance, by field and by reviewer.

Nominal, over what each reviewer last said of an item before any adjudication (K. Krippendorff,
Content Analysis, 4th edition, chapter 12). 1 is full agreement, 0 is chance, below 0 is worse.
"""

from collections.abc import Iterable, Mapping, Sequence

import krippendorff
import numpy as np

from pipelines.corrections.settle import Item, Same, answer

MOST_ITEMS = 1_000
"""Newest items that are looked at: the library holds items times distinct answers in memory."""


def alpha(items: Sequence[Item], same: Same) -> float | None:
    """Alpha over items; None where fewer than two were judged twice, or all answers are one."""
    twice = [found for item in items if len(found := _said(item, same)) > 1]
    twice = twice[-MOST_ITEMS:]
    codes = {one: code for code, one in enumerate(sorted({v for u in twice for v in u.values()}))}
    if len(twice) < 2 or len(codes) < 2:
        return None
    reviewers = sorted({name for unit in twice for name in unit})
    ratings = np.full((len(reviewers), len(twice)), np.nan)
    for column, unit in enumerate(twice):
        for name, said in unit.items():
            ratings[reviewers.index(name), column] = codes[said]
    return float(krippendorff.alpha(reliability_data=ratings, level_of_measurement="nominal"))


def by_field(items: Iterable[Item], same: Same) -> dict[str, float | None]:
    """Alpha of each field that was judged."""
    return {
        field: alpha(some, same)
        for field, some in _groups((item.field, item) for item in items).items()
    }


def by_reviewer(items: Iterable[Item], same: Same) -> dict[str, float | None]:
    """Alpha of each reviewer with the others, over the items that he judged."""
    return {
        name: alpha(some, same)
        for name, some in _groups(
            (one.reviewer, item) for item in items for one in item.opinions if not one.adjudicates
        ).items()
    }


def _said(item: Item, same: Same) -> Mapping[str, str]:
    return {
        one.reviewer: f"{item.field}:{':'.join(answer(one, same))}"
        for one in item.opinions
        if not one.adjudicates
    }


def _groups(pairs: Iterable[tuple[str, Item]]) -> dict[str, list[Item]]:
    found: dict[str, list[Item]] = {}
    for name, item in pairs:
        found.setdefault(name, []).append(item)
    return dict(sorted(found.items()))
