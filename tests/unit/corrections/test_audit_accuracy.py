"""The audit measures the truth: unbiased, with an interval that holds; reviewers' agreement."""

import random

import pytest
from factories.corrections import put, review, review_task
from factories.operations import NOW, change

from pipelines.corrections import accuracy, agreement, claim, state
from pipelines.corrections.settle import same_value
from pipelines.governance import promotion
from pipelines.measures.rate import rate
from pipelines.opsdb import ledger


@pytest.mark.parametrize(("hits", "n"), [(0, 10), (7, 10), (10, 10), (180, 200)])
def test_interval_is_wilson_s_when_all_were_drawn_alike(hits, n):
    from scipy.stats import binomtest

    found = rate([True] * hits + [False] * (n - hits), [4.0] * n)
    low, high = binomtest(hits, n).proportion_ci(0.95, method="wilson")
    assert found.interval() == pytest.approx((low, high), abs=1e-12)
    assert found.effective == pytest.approx(n)
    one_sided = binomtest(hits, n).proportion_ci(0.9, method="wilson")
    assert found.error_at_least(0.05) == pytest.approx(1 - one_sided[1], abs=1e-12)


def test_share_is_unbiased_when_some_were_drawn_more_often():
    """Half of the documents are easy and were drawn four times as often as the hard half."""
    chance = random.Random(5)
    shares, inside = [], 0
    for _ in range(400):
        right, weights = [], []
        for easy in (True, False):
            drawn = 0.4 if easy else 0.1
            for _ in range(500):
                if chance.random() < drawn:
                    right.append(chance.random() < (0.95 if easy else 0.55))
                    weights.append(1 / drawn)
        found = rate(right, weights)
        low, high = found.interval()
        inside += low <= 0.75 <= high
        shares.append(found.share)
    assert sum(shares) / len(shares) == pytest.approx(0.75, abs=0.01)
    assert inside / 400 > 0.92


def test_no_document_measures_nothing():
    assert rate([], []) is None


def test_audit_alone_measures_the_champion(opsdb, spec):
    put(
        opsdb,
        review_task("a1", "audit", chance=0.5, priority=9.0),
        review_task("a2", "audit", chance=0.125, priority=8.0),
        review_task("a3", "audit", model_version=4, priority=7.0),
        review_task("u1", priority=6.0),
        review_task("a4", "audit"),
    )
    review(opsdb, spec, "ann", company="?")
    review(opsdb, spec, "ann", total="8.00", date=None)
    review(opsdb, spec, "ann", total="8.00")  # of another version
    review(opsdb, spec, "ann", total="8.00")  # not drawn by chance; a4 stays open
    with opsdb.read() as session:
        found = accuracy.measure(session, spec, 3)
    assert {name: (rate.share, rate.documents) for name, rate in found.fields.items()} == {
        "company": (1.0, 1),  # what nobody could read is left out
        "date": (0.2, 2),
        "address": (1.0, 2),
        "total": (0.2, 2),
    }
    assert found.whole.share == 0.2
    assert found.fields["company"].effective == 1
    assert found.fields["address"].effective == pytest.approx(10**2 / (2**2 + 8**2))


def test_disputed_audit_counts_by_the_first_word(opsdb, doubled):
    put(opsdb, review_task("a1", "audit"))
    review(opsdb, doubled, "ann", total="8.00")
    review(opsdb, doubled, "bob")
    with opsdb.read() as session:
        assert accuracy.measure(session, doubled, 3).fields["total"].share == 0


def test_error_rate_of_the_champion_fires_before_the_count_does(opsdb, spec):
    policy = spec.corrections.model_copy(update={"threshold": 1_000})
    spec = spec.model_copy(update={"corrections": policy})
    put(opsdb, *(review_task(f"a{n}", "audit") for n in range(30)))
    for number in range(30):
        review(opsdb, spec, "ann", total="8.00" if number % 2 else "=")
    with opsdb.write() as session:
        assert claim.look(session, spec, (), NOW).decision == "wait"  # there is no champion
        ledger.lock(session)
        promotion.append(session, change(3), expected=None)
        found = claim.look(session, spec, (), NOW)
    assert found.decision == "fire"
    assert "total is wrong in 50.0% of 30 audited documents" in found.reasons[0]


def agreements(opsdb, doubled):
    with opsdb.read() as session:
        items = state.read(session, doubled).items.values()
    same = same_value(doubled)
    return agreement.by_field(items, same), agreement.by_reviewer(items, same)


def test_alpha_is_high_for_who_agrees_and_low_for_who_guesses(opsdb, doubled):
    for number in range(8):
        put(opsdb, review_task(f"d{number}"))
        value = f"{number % 4 + 1}.00"
        review(opsdb, doubled, "ann", total=value)
        if number < 4:
            review(opsdb, doubled, "bob", total=value)
        else:
            review(opsdb, doubled, "gus", total=f"{(number + 1) % 4 + 1}.00")
    fields, reviewers = agreements(opsdb, doubled)
    assert fields["company"] is None  # one answer alone says nothing
    assert 0 < fields["total"] < 1
    assert reviewers["gus"] < reviewers["ann"] < reviewers["bob"]


def test_alpha_of_the_textbook_example():
    """K. Krippendorff, Computing Krippendorff's Alpha-Reliability (2011), example C: 0.743."""
    import krippendorff

    data = [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
        [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
    ]
    found = krippendorff.alpha(
        reliability_data=[[float("nan") if x is None else x for x in row] for row in data],
        level_of_measurement="nominal",
    )
    assert found == pytest.approx(0.743, abs=0.001)


def test_nobody_agrees_or_differs_before_two_have_spoken(opsdb, spec):
    put(opsdb, review_task("d1"))
    review(opsdb, spec, "ann", total="8.00")
    fields, reviewers = agreements(opsdb, spec)
    assert set(fields.values()) == set(reviewers.values()) == {None}
