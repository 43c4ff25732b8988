"""A seed of what docs/gate.md shows of twenty: candidates that are trained and registered here."""

import pytest

from benchmarks.gate import PARTS

pytestmark = pytest.mark.slow

SEEDS = {"receipts": (100,), "cards": (100,), "registered": (100,)}
"""Not those of the page."""


@pytest.mark.parametrize(
    ("part", "seed"), [(part, seed) for part, seeds in SEEDS.items() for seed in seeds]
)
def test_no_trained_bad_candidate_is_promoted_and_no_better_one_is_rejected(part, seed):
    said = PARTS[part].of_seed(seed)
    wrong = [one for one in said if one.good is False and one.decision == "promote"]
    wrong += [one for one in said if one.good and one.decision == "reject"]
    assert not wrong
    assert {one.good for one in said} >= {True, False}
    assert any(one.good and one.decision == "promote" for one in said)
