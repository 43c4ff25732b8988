"""How amounts of a page make each other up."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.extraction.arithmetic import RELATIONS, relations


def of(*lines: tuple[float, ...]) -> list[dict[str, float]]:
    """The relations of the amounts of one document, given line by line."""
    numbers = [number for line in lines for number in line]
    line = np.array([at for at, amounts in enumerate(lines) for _ in amounts], dtype=np.int64)
    found = relations(np.zeros(len(numbers), np.int64), line, np.array(numbers))
    return [dict(zip(RELATIONS, row.tolist(), strict=True)) for row in found]


def test_total_is_what_was_paid_less_the_change() -> None:
    total, paid, change = of((37.45,), (50.00,), (12.55,))

    assert (total["is_difference"], change["is_difference"]) == (1, 1)
    assert (paid["is_difference"], paid["is_sum"]) == (0, 1)


def test_total_is_subtotal_and_tax() -> None:
    found = of((10.00,), (0.60,), (10.60,))

    assert [one["is_sum"] for one in found] == [0, 0, 1]


def test_total_adds_up_the_items_above_it_by_the_last_amount_of_each_line() -> None:
    *items, total = of((2, 1.50, 3.00), (1, 4.20, 4.20), (3, 0.70, 2.10), (9.30,))

    assert total["is_sum_of_run"] == 3
    assert not any(one["is_sum_of_run"] for one in items)
    # What stands above cannot be made of what comes below.
    assert of((9.30,), (3.00,), (4.20,), (2.10,))[0]["is_sum_of_run"] == 0


def test_rounded_amount_stands_beside_the_exact_one() -> None:
    exact, rounded, far = of((11.32,), (11.30,), (15.00,))

    assert (exact["step"], exact["beside"], exact["beside_by"]) == (2, 1, -2)
    assert (rounded["step"], rounded["beside"], rounded["beside_by"]) == (0, 1, 2)
    assert far["beside"] == 0


def test_amount_that_stands_twice_makes_up_nothing_of_its_own() -> None:
    once, again, double = of((5.00,), (5.00,), (10.00,))

    assert double["is_sum"] == once["is_difference"] == again["is_difference"] == 0
    assert double["is_sum_of_run"] == 2, "two items of one price"


@pytest.mark.parametrize("amount", [0.0, -3.0, 1e15, -1e15])
def test_amounts_that_are_none_have_no_relations(amount: float) -> None:
    assert not any(of((amount,))[0][name] for name in RELATIONS[:3])


@given(
    st.lists(st.lists(st.integers(-500, 5000), min_size=1, max_size=3), max_size=12),
    st.lists(st.lists(st.integers(-500, 5000), min_size=1, max_size=3), max_size=12),
)
def test_a_document_has_the_same_relations_alone_and_in_a_batch(
    one: list[list[int]], other: list[list[int]]
) -> None:
    alone = [relations(*flat([lines])) for lines in (one, other)]

    assert np.array_equal(relations(*flat([one, other])), np.concatenate(alone))


def flat(documents: list[list[list[int]]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rows = [
        (document, 100 * document + line, cents / 100)
        for document, lines in enumerate(documents)
        for line, amounts in enumerate(lines)
        for cents in amounts
    ]
    document, line, number = zip(*rows, strict=True) if rows else ((), (), ())
    return np.array(document, np.int64), np.array(line, np.int64), np.array(number, float)
