"""What is asked: never more than the budget, nothing twice, and an audit of known chance."""

from hashlib import sha256

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.reviewing import audit
from pipelines.reviewing.likeness import HEAD_LINES, Looks
from pipelines.reviewing.select import choose

pytestmark = pytest.mark.slow

WORDS = [f"word{number}" for number in range(60)]


def contents(count, salt=""):
    return [sha256(f"{salt}{number}".encode()).hexdigest() for number in range(count)]


@st.composite
def pools(draw):
    """Doubts about documents, some of which are copies of each other, and some asked before."""
    chance = np.random.default_rng(draw(st.integers(0, 10_000)))
    count = draw(st.integers(1, 25))
    kinds = ["\n".join(chance.choice(WORDS, 12)) for _ in range(draw(st.integers(1, 8)))]
    texts = [kinds[at] for at in chance.integers(0, len(kinds), count)]
    doubt = chance.random((count, draw(st.integers(1, 4)))).round(2)
    asked = texts[: draw(st.integers(0, 2))] if draw(st.booleans()) else []
    return doubt, Looks.of([*texts, *asked])


@given(pools(), st.integers(0, 12), st.one_of(st.none(), st.integers(0, 20)))
def test_selection_keeps_to_its_budget_and_asks_no_copy(pool, documents, labels):
    doubt, looks = pool
    weight = np.ones(doubt.shape[1])
    found = choose(doubt, weight, looks, documents=documents, labels=labels)
    assert len(found) <= documents
    assert len({one.row for one in found}) == len(found)
    assert labels is None or sum(len(one.fields) for one in found) <= labels
    for one in found:
        assert one.fields and list(one.fields) == sorted(set(one.fields))
        left = np.setdiff1d(np.arange(doubt.shape[1]), one.fields)
        assert doubt[one.row, list(one.fields)].min() > 0
        assert doubt[one.row, left].max(initial=0) <= doubt[one.row, list(one.fields)].min()
    copies = looks.copies(slice(None), slice(None))
    rows = [one.row for one in found]
    assert copies[np.ix_(rows, rows)].sum() == len(rows)
    assert not copies[np.ix_(rows, range(len(doubt), len(looks)))].any()
    assert choose(doubt, weight, looks, documents=documents, labels=labels) == found


def test_selection_asks_one_of_ten_copies_when_others_are_doubtful_too():
    texts = ["SHOP ONE\nHIGH STREET\nTOTAL 5.00"] * 10 + [
        f"MERCHANT {number}\nROAD {number}\nIN TOWN {number}" for number in range(5)
    ]
    doubt = np.full((15, 1), 0.2)
    doubt[:10] = 0.9
    found = [one.row for one in choose(doubt, np.ones(1), Looks.of(texts), documents=6)]
    assert sum(row < 10 for row in found) == 1
    assert len(found) == 6


def receipts_of(*merchants):
    """Receipts of merchants with eight lines of their own, all with other things bought."""
    return [
        "\n".join([
            *(f"{merchant} {word}" for word in WORDS[:HEAD_LINES]),
            *(f"ITEM{at}X{k} {at}.{k}0 PIECE{at}X{k}" for k in range(20)),
        ])
        for at, merchant in enumerate(merchants)
    ]


def test_selection_takes_another_merchant_before_a_second_receipt_of_the_same():
    texts = receipts_of(*["BIG CHAIN SDN BHD"] * 6, "LONELY SHOP AT THE LAKE", "OLD INN")
    doubt = np.full((8, 1), 0.5)
    doubt[:6] = 0.9
    looks = Looks.of(texts)
    assert looks.copies(slice(None), slice(None)).sum() == 8
    found = [one.row for one in choose(doubt, np.ones(1), looks, documents=3)]
    assert found[0] < 6 and set(found[1:]) == {6, 7}


def test_selection_turns_to_others_when_the_like_was_asked_before():
    texts = receipts_of(*["BIG CHAIN SDN BHD"] * 2, "OLD INN", "NEW INN BY THE SEA")
    asked = receipts_of("NOTHING", "NOBODY", "NOWHERE", "NO ONE", "BIG CHAIN SDN BHD")[-1:]
    doubt = np.full((4, 1), 0.5)
    fresh = choose(doubt, np.ones(1), Looks.of(texts), documents=1)
    later = choose(doubt, np.ones(1), Looks.of(texts + asked), documents=1)
    assert fresh[0].row < 2 <= later[0].row


def test_selection_asks_the_doubtful_fields_of_a_document_and_leaves_the_others():
    looks = Looks.of(["A SHOP\nIN TOWN", "ANOTHER PLACE\nBY THE SEA"])
    doubt = np.array([[0.9, 0.01, 0.8], [0.02, 0.02, 0.02]])
    found = choose(doubt, np.ones(3), looks, documents=1)
    assert [(one.row, one.fields) for one in found] == [(0, (0, 2))]


def test_selection_asks_the_least_sure_when_all_are_sure():
    looks = Looks.of(["A SHOP\nIN TOWN", "ANOTHER PLACE\nBY THE SEA", "NO DOUBT\nAT ALL"])
    doubt = np.array([[0.01, 0.02], [0.04, 0.03], [0.0, 0.0]])
    found = choose(doubt, np.ones(2), looks, documents=1)
    assert [(one.row, one.fields) for one in found] == [(1, (0,))]
    assert {one.row for one in choose(doubt, np.ones(2), looks, documents=9)} == {0, 1}


def test_selection_weighs_doubts_by_what_an_error_costs():
    looks = Looks.of(["A SHOP\nIN TOWN", "ANOTHER PLACE\nBY THE SEA"])
    doubt = np.array([[0.9, 0.2], [0.2, 0.9]])
    for weight, row in (((1, 5), 1), ((5, 1), 0)):
        found = choose(doubt, np.array(weight), looks, documents=1)
        assert found[0].row == row
    assert choose(doubt, np.array([0, 1]), looks, documents=1)[0].fields == (1,)


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
    looks = Looks.of(receipts_of(*["KEDAI KOPI AH SENG"] * 3, *["NORTH BAKERY"] * 3))
    alike = looks.alike(slice(None), slice(None))
    assert alike[:3, :3].min() > 0.5 and alike[:3, 3:].max() == 0
    assert np.allclose(np.diag(alike), 1, atol=1e-5)
    nothing = Looks.of(["", "A B"])
    assert nothing.alike(slice(0, 1), slice(None)).tolist() == [[0, 0]]
