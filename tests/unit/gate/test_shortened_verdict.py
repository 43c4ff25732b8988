"""A verdict as far as a task's result carries it."""

import pytest

from pipelines.contracts.verdict import Verdict
from pipelines.gate.evidence import shortened


def verdict(count: int) -> Verdict:
    return Verdict(decision="reject", reasons=[f"reason {number}" for number in range(count)])


def test_short_verdict_stays_as_it_is():
    assert shortened(verdict(3)) == verdict(3)


@pytest.mark.parametrize("count", range(1, 30))
def test_reasons_that_are_left_out_are_counted_and_the_last_one_stays(count: int):
    found = shortened(verdict(count)).reasons
    said, more = (found[:-1], found[-1]) if "evidence" in found[-1] else (found, "")
    left = count - len(said)
    assert (
        said[-1] == f"reason {count - 1}" and said[:-1] == verdict(count).reasons[: len(said) - 1]
    )
    assert more == {0: "", 1: "1 more reason is in the evidence."}.get(
        left, f"{left} more reasons are in the evidence."
    )
