"""The tables of docs/gate.md: what counts as right, its interval, and sections of their own."""

import pytest

from benchmarks.gate import PARTS, Line, lines, page, section, share, summary
from benchmarks.trained import Said


def said(name, good, *decisions):
    return [Said(name, good, one) for one in decisions]


SEEDS = range(200, 203)
FOUND = lines([
    *said("bad", False, "reject", "inconclusive", "promote"),
    *said("better", True, "promote", "reject", "inconclusive", "promote"),
    *said("who knows", None, "promote"),
])


def test_bad_one_is_right_unless_promoted_and_better_one_only_then():
    assert [(line.name, line.right) for line in FOUND[:2]] == [("bad", 2), ("better", 2)]


def test_section_says_which_seeds_it_is_of():
    assert "Seeds 200 to 202; " in section(PARTS["cards"], FOUND, SEEDS)


def test_summary_counts_the_inconclusive_better_ones_apart_and_leaves_out_the_unknown():
    text = summary(FOUND)
    assert "2 of 3 bad candidates were blocked" in text
    assert "2 of 4 better ones were promoted" in text
    assert "inconclusive were 1 of the better ones" in text


@pytest.mark.parametrize(
    ("right", "whole", "shown"),
    # Clopper and Pearson: 1 - 0.025 ** (1 / 20) is the well known end of 20 out of 20.
    [(20, 20, "100% (83.2 to 100.0)"), (19, 20, "95% (75.1 to 99.9)"), (0, 20, "0% (0.0 to 16.8)")],
)
def test_share_has_the_exact_interval(right, whole, shown):
    assert share(right, whole) == shown


def test_page_keeps_the_sections_of_the_parts_that_were_not_measured():
    parts = {name: section(part, FOUND, SEEDS) for name, part in PARTS.items()}
    whole = page(parts, "")
    assert [line for line in whole.splitlines() if line.startswith("## ")] == [
        f"## {part.title}" for part in PARTS.values()
    ]
    assert page({}, whole) == whole
    other = [Line("another", True, FOUND[1].counted)]
    changed = page({"cards": section(PARTS["cards"], other, SEEDS)}, whole)
    assert changed.count("| another |") == 1 and changed.count("| bad |") == len(PARTS) - 1


def test_every_line_says_how_its_candidates_were_made():
    for part in PARTS.values():
        rows = [line for line in section(part, FOUND, SEEDS).splitlines() if line.startswith("| b")]
        assert rows and all(f"| {part.how} |" in row for row in rows)
