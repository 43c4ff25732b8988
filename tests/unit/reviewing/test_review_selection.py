"""What is asked: never more than the budget, nothing twice, and an audit of known chance."""

from hashlib import sha256

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipelines.reviewing import audit
from pipelines.reviewing.likeness import NEAR_COPY, likeness, signatures
from pipelines.reviewing.select import choose

WORDS = [f"word{number}" for number in range(60)]


def contents(count, salt=""):
    return [sha256(f"{salt}{number}".encode()).hexdigest() for number in range(count)]


@st.composite
def pools(draw):
    """Costs of documents, some of which are copies of each other, and some asked before."""
    seed = draw(st.integers(0, 10_000))
    chance = np.random.default_rng(seed)
    count = draw(st.integers(1, 25))
    kinds = [" ".join(chance.choice(WORDS, 12)) for _ in range(draw(st.integers(1, 8)))]
    texts = [kinds[at] for at in chance.integers(0, len(kinds), count)]
    cost = chance.random((count, draw(st.integers(1, 4)))).round(2)
    asked = texts[: draw(st.integers(0, 2))] if draw(st.booleans()) else []
    rows = signatures([*texts, *asked])
    return cost, rows[:count], rows[count:]


@given(pools(), st.integers(0, 12), st.one_of(st.none(), st.integers(0, 20)))
def test_selection_keeps_to_its_budget_and_asks_no_copy(pool, documents, labels):
    cost, rows, asked = pool
    found = choose(cost, rows, asked, documents=documents, labels=labels)
    assert len(found) <= documents
    assert len({one.row for one in found}) == len(found)
    assert labels is None or sum(len(one.fields) for one in found) <= labels
    for one in found:
        assert one.fields and len(set(one.fields)) == len(one.fields)
        assert all(cost[one.row, name] > 0 for name in one.fields)
    chosen = rows[[one.row for one in found]] if found else rows[:0]
    alike = likeness(chosen, chosen) - np.eye(len(found))
    assert not (alike >= NEAR_COPY).any()
    if asked.shape[0] and found:
        assert not (likeness(chosen, asked) >= NEAR_COPY).any()
    again = choose(cost, rows, asked, documents=documents, labels=labels)
    assert again == found


def test_selection_asks_one_of_ten_copies_when_others_are_doubtful_too():
    texts = ["SHOP ONE HIGH STREET TOTAL 5.00"] * 10 + [
        f"MERCHANT {number} ROAD {number} IN TOWN {number}" for number in range(5)
    ]
    cost = np.full((15, 1), 0.2)
    cost[:10] = 0.9
    rows = signatures(texts)
    found = [one.row for one in choose(cost, rows, rows[:0], documents=6)]
    assert sum(row < 10 for row in found) == 1
    assert len(found) == 6


def test_selection_opens_the_document_whose_like_are_many_when_doubts_are_equal():
    texts = ["LONELY SHOP AT THE LAKE"] + [
        f"BIG CHAIN SDN BHD HIGH STREET KUALA LUMPUR BRANCH {number} {number} {number}"
        for number in range(6)
    ]
    rows = signatures(texts)
    found = choose(np.full((7, 1), 0.5), rows, rows[:0], documents=1)
    assert found[0].row != 0


def test_selection_asks_the_doubtful_fields_of_a_document_and_leaves_the_others():
    rows = signatures(["A SHOP IN TOWN", "ANOTHER PLACE BY THE SEA"])
    cost = np.array([[0.9, 0.01, 0.8], [0.02, 0.02, 0.02]])
    found = choose(cost, rows, rows[:0], documents=1)
    assert [(one.row, sorted(one.fields)) for one in found] == [(0, [0, 2])]


def test_audit_chance_is_the_share_of_draws_over_many_seeds():
    names = contents(40)
    seeds = range(1_500)
    draws = [
        audit.draw(names, a_day=3.3, documents_a_day=100, room=50, seed=seed) for seed in seeds
    ]
    assert np.allclose([one.chance for one in draws], 0.033)
    counts = np.array([[name in one.contents for name in names] for one in draws])
    # Three and a half standard errors for each of forty documents.
    tolerance = 3.5 * np.sqrt(0.033 * 0.967 / len(seeds))
    assert np.abs(counts.mean(axis=0) - 0.033).max() < tolerance
    assert set(counts.sum(axis=1)) == {1, 2}  # 40 * 0.033 = 1.32, rounded by chance
    # Two documents are drawn together about as often as chance would have it.
    together = (counts[:, 0] & counts[:, 1]).mean()
    assert together < 0.01


@given(
    st.integers(0, 60),
    st.floats(0, 30),
    st.floats(0, 500),
    st.integers(0, 20),
    st.integers(0, 99),
)
def test_audit_keeps_to_its_room_and_depends_on_nothing_but_its_input(
    count, a_day, documents_a_day, room, seed
):
    names = contents(count)
    given_ = {"a_day": a_day, "documents_a_day": documents_a_day, "room": room, "seed": seed}
    found = audit.draw(names, **given_)
    assert len(found.contents) <= min(room, count)
    assert len(set(found.contents)) == len(found.contents) and set(found.contents) <= set(names)
    assert 0 <= found.chance <= 1
    assert (not found.contents) or found.chance > 0
    assert abs(len(found.contents) - count * found.chance) < 1
    assert audit.draw(names[::-1], **given_) == found


def test_audit_of_a_day_is_spread_over_its_runs_when_it_has_many():
    sizes = [
        len(
            audit.draw(
                contents(20, salt=str(run)), a_day=10, documents_a_day=480, room=10, seed=1
            ).contents
        )
        for run in range(24)
    ]
    assert 4 <= sum(sizes) <= 16
    assert max(sizes) == 1


def test_likeness_of_a_merchants_receipts_is_larger_than_that_of_strangers():
    texts = [
        f"{shop} {town} TEL 07 123 TOTAL {amount} CASH CHANGE THANK YOU"
        for shop, town in (("KEDAI KOPI AH SENG", "JALAN BESAR"), ("NORTH BAKERY", "HIGH STREET"))
        for amount in ("1.20", "33.10", "8.05")
    ]
    rows = signatures(texts)
    alike = likeness(rows, rows)
    assert alike[0, 1] > 1.1 * alike[0, 3]
    assert np.allclose(np.diag(alike), 1, atol=1e-5)
    nothing = signatures(["", "A B"])
    assert likeness(nothing, nothing)[0].tolist() == [0, 0]
