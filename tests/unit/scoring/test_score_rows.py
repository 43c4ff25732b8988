"""One row that cannot be answered is refused alone; the others are answered as if it were not."""

import math

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from factories import cards
from factories.scoring import POISON, of_card, of_shop
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines import specs
from pipelines.contracts.names import REASON, RULE
from pipelines.contracts.spec import HistorySpec
from pipelines.errors import MisconfiguredError
from pipelines.scoring.rows import answers, grouped, not_finite

SCHEMA = pa.schema([("key", pa.string()), ("half", pa.float64())])


def numbers(count: int) -> pa.Table:
    return pa.table({"key": [str(at) for at in range(count)], "number": list(range(count))})


def halves(poisoned: set[int] = frozenset(), odd: set[int] = frozenset()):
    """Answers with the half; fails on some numbers, and has no finite answer for others."""

    def answer(rows: pa.Table) -> pa.Table:
        found = rows["number"].to_pylist()
        if poisoned & set(found):
            raise ZeroDivisionError("no half of it")
        half = [math.nan if one in odd else one / 2 for one in found]
        return pa.table({"half": half, "key": rows["key"]})

    return answer


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 40), st.sets(st.integers(0, 39)), st.sets(st.integers(0, 39)))
def test_exactly_the_bad_rows_are_refused_and_the_order_is_kept(count, poisoned, odd):
    rows = numbers(count)

    found = answers(rows, halves(poisoned, odd), SCHEMA, "key").to_pylist()

    assert [row["key"] for row in found] == rows["key"].to_pylist()
    for number, row in enumerate(found):
        if number in poisoned:
            assert (row[RULE], row[REASON]) == (
                "not_computable",
                "ZeroDivisionError: no half of it",
            )
        elif number in odd:
            assert (row[RULE], row[REASON]) == ("not_finite", "the prediction is not a number")
        else:
            assert (row[RULE], row[REASON], row["half"]) == (None, None, number / 2)
        assert (row["half"] is None) == (row[RULE] is not None)


def test_rows_are_refused_when_the_model_answers_for_others():
    def shuffled(rows: pa.Table) -> pa.Table:
        found = halves()(rows)
        return found.take(pa.array(range(found.num_rows))[::-1])

    found = answers(numbers(3), shuffled, SCHEMA, "key")

    # One row alone is in its own order.
    assert found[RULE].to_pylist() == [None, None, None]
    assert found["half"].to_pylist() == [0, 0.5, 1]


def test_no_row_is_blamed_for_a_wrong_installation():
    def broken(rows: pa.Table) -> pa.Table:
        raise MisconfiguredError("a library is missing")

    with pytest.raises(MisconfiguredError, match="library"):
        answers(numbers(2), broken, SCHEMA, "key")


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
def test_number_that_is_none_is_found_however_deep(wrong):
    fields = [
        [{"name": "total", "boxes": [[1.0, 2.0]]}],
        [{"name": "total", "boxes": [[1.0, wrong]]}],
        [],
        None,
        [{"name": "date", "boxes": []}, {"name": "total", "boxes": [[wrong], [0.0]]}],
    ]
    values = pa.array(fields)

    assert not_finite(values).tolist() == [False, True, False, False, True]
    assert not_finite(values.slice(1, 2)).tolist() == [True, False]
    assert not_finite(pa.array([1.5, None, wrong])).tolist() == [False, False, True]
    assert not_finite(pa.array(["nan", None])).tolist() == [False, False]


SPEC = specs.model("card_fraud").model_copy(
    update={
        "history": HistorySpec(
            groups={
                "customer_id": f"{of_card.__module__}:{of_card.__name__}",
                "terminal_id": f"{of_shop.__module__}:{of_shop.__name__}",
            },
            time="at",
            days=3,
        )
    }
)


def test_only_the_group_that_fails_is_refused_and_stays_history_of_others():
    rows = cards.table([
        cards.purchase(number, customer_id=card, terminal_id=shop)
        for number, (card, shop) in enumerate([
            ("c1", "s1"),
            (POISON, "s1"),
            ("c1", "s2"),
            (None, "s1"),
            ("c2", POISON),
        ])
    ])
    for name in (RULE, REASON):
        rows = rows.append_column(name, pa.nulls(rows.num_rows, pa.string()))
    schema = pa.schema([*rows.schema, ("count_customer_id", pa.int64())])

    by_card = grouped(rows, SPEC, "customer_id", schema)
    by_shop = grouped(
        by_card, SPEC, "terminal_id", pa.schema([*schema, ("count_terminal_id", pa.int64())])
    )

    found = {row["transaction_id"]: row for row in by_shop.to_pylist()}
    assert [found[f"t{at:05d}"]["count_customer_id"] for at in range(5)] == [2, None, 2, 1, 1]
    # The refused row of the first shop is counted with the others.
    assert [found[f"t{at:05d}"]["count_terminal_id"] for at in range(5)] == [3, 3, 1, 3, None]
    refused = by_shop.filter(pc.is_valid(by_shop[RULE])).sort_by("transaction_id")
    assert refused["transaction_id"].to_pylist() == ["t00001", "t00004"]
    assert set(refused[RULE].to_pylist()) == {"history_not_computable"}
    assert set(refused[REASON].to_pylist()) == {"ValueError: this group is poisoned"}
