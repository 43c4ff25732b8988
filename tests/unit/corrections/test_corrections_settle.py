"""What stands of what reviewers said, what counts once, and what a training may learn."""

from datetime import timedelta

import pytest
from factories.corrections import correction, put, review, review_task, write
from factories.operations import NOW
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from pipelines.contracts.correction import Correction
from pipelines.corrections import hold, labels, record, state
from pipelines.errors import NotFoundError, RefusedError
from pipelines.opsdb import corrections, proposals, standings

LATER = NOW + timedelta(hours=1)


def items(db, spec):
    with db.read() as session:
        return state.read(session, spec).items


def item(db, spec, field="total", document="d1"):
    return items(db, spec)[document, field]


def counted(db, spec, golden=()):
    with db.read() as session:
        return [(one.document_id, one.field) for one in state.fresh(session, spec, golden).counted]


def build(db, spec, **more):
    with db.read() as session:
        return labels.build(session, spec, **{"golden": ()} | more)


def undo(db, correction_id, reviewer="ann", key="undo-1"):
    with db.write() as session:
        return record.undo(session, correction_id, reviewer, key, LATER)


def test_same_key_is_the_same_correction_whenever_it_comes(opsdb):
    first, again = (
        write(opsdb, correction(key="k", at=at))[0] for at in (NOW, NOW + timedelta(days=1))
    )
    assert first == again
    with pytest.raises(RefusedError, match="'k' belongs to another correction, of d1 total by ann"):
        write(opsdb, correction(key="k", after="7.00"))
    assert write(opsdb, correction(key="k", model="other"))[0].correction_id != first.correction_id


def test_written_corrections_cannot_be_changed_or_removed(opsdb):
    write(opsdb, correction())
    for statement in ("update correction set after = 'x'", "delete from correction"):
        with pytest.raises(DBAPIError, match="append-only"), opsdb.engine.begin() as connection:
            connection.execute(text(statement))


@pytest.mark.parametrize(
    ("verdict", "before", "after"),
    [("right", "1", "2"), ("wrong", "1", "1"), ("wrong", "1", None), ("absent", "1", "1")],
)
def test_correction_that_contradicts_itself_is_refused(verdict, before, after):
    with pytest.raises(ValueError, match=r"right|wrong|absent"):
        Correction.model_validate(
            correction().model_dump() | {"verdict": verdict, "before": before, "after": after}
        )


def test_newest_word_of_a_reviewer_stands_and_an_undo_brings_back_the_one_before(opsdb, spec):
    _, second = write(opsdb, correction(after="8.00"), correction(after="7.00"))
    assert item(opsdb, spec).answer.after == "7.00"
    first = undo(opsdb, second.correction_id)
    assert undo(opsdb, second.correction_id) == first  # the same again
    assert item(opsdb, spec).answer.after == "8.00"
    with pytest.raises(RefusedError, match="undone already"):
        undo(opsdb, second.correction_id, key="undo-2")
    with pytest.raises(RefusedError, match="is an undo"):
        undo(opsdb, first.correction_id, key="undo-3")
    with pytest.raises(RefusedError, match="is ann's"):
        undo(opsdb, second.correction_id, "bob", "undo-4")
    with pytest.raises(NotFoundError):
        undo(opsdb, 99)


def test_item_is_gone_when_its_only_word_is_undone(opsdb, spec):
    [only] = write(opsdb, correction())
    undo(opsdb, only.correction_id)
    assert items(opsdb, spec) == {}
    assert counted(opsdb, spec) == []


def test_two_words_that_mean_the_same_agree_whatever_their_spelling(opsdb, spec):
    write(opsdb, correction(after="8.00"), correction(after="RM 8.00", reviewer="bob"))
    found = item(opsdb, spec)
    assert (found.state, found.answer.after, len(found.agreeing)) == ("settled", "8.00", 2)


def test_two_who_differ_settle_nothing_until_a_third_adjudicates(opsdb, doubled):
    put(opsdb, review_task())
    review(opsdb, doubled, "ann", total="8.00")
    assert item(opsdb, doubled).state == "pending"
    assert counted(opsdb, doubled) == []
    review(opsdb, doubled, "bob", total="7.00")
    assert item(opsdb, doubled).state == "disputed"
    assert item(opsdb, doubled, "date").state == "settled"
    assert build(opsdb, doubled).documents["d1"]["total"] == labels.MASKED
    review(opsdb, doubled, "cat", adjudicator=True, total="7.00")
    found = item(opsdb, doubled)
    assert (found.state, found.answer.after, found.adjudicated) == ("settled", "7.00", True)
    assert len(found.agreeing) == 2  # bob's and cat's, not ann's
    assert counted(opsdb, doubled) == [("d1", "total")]


def test_confirmed_and_unreadable_fields_do_not_count(opsdb, spec):
    put(opsdb, review_task())
    review(opsdb, spec, "ann", total="?", date=None)
    assert counted(opsdb, spec) == [("d1", "date")]


def test_words_of_whoever_is_held_back_stand_nowhere(opsdb, doubled):
    put(opsdb, review_task("d1"), review_task("d2"))
    review(opsdb, doubled, "ann", total="8.00")
    review(opsdb, doubled, "bob", total="7.00")
    with opsdb.write() as session:
        hold.hold(session, "receipts", "ann", "slips", "sue", NOW)
    # bob was the second of two: nobody is asked in ann's place, and his word is enough
    assert item(opsdb, doubled).answer.reviewer == "bob"
    assert build(opsdb, doubled, standings_until=0).documents["d1"]["total"] == labels.MASKED
    with opsdb.write() as session:
        hold.let_count(session, "receipts", "ann", "trained", "sue", LATER)
    assert item(opsdb, doubled).state == "disputed"


def test_label_is_a_value_absent_or_masked_and_never_taken_as_right(opsdb, spec):
    write(
        opsdb,
        correction(field="total", after="8.00", content_hash="c1"),
        correction(field="date", after=None),
        correction(field="company", after=None, verdict="unreadable"),
        correction("gold", field="total"),
        correction("d2", field="total", after="9.00", before="9.00"),
    )
    found = build(opsdb, spec, golden={"gold"})
    assert dict(found.documents["d1"]) == {
        "company": labels.MASKED,
        "date": ("absent", None, False),
        "address": labels.MASKED,
        "total": ("value", "8.00", False),
    }
    assert set(found.documents) == {"d1", "d2"}
    assert found.table("document_id").to_pylist() == [
        {
            "document_id": "d1",
            "content_hash": "c1",
            "fields": [("date", None), ("total", "8.00")],
        },
        {"document_id": "d2", "content_hash": None, "fields": [("total", "9.00")]},
    ]


def test_labels_of_a_request_are_the_same_whatever_is_said_since(opsdb, spec):
    write(opsdb, correction(after="8.00"))
    then = build(opsdb, spec)
    with opsdb.write() as session:
        hold.hold(session, "receipts", "ann", "slips", "sue", NOW)
    write(opsdb, correction(after="7.00", reviewer="bob"))
    assert build(opsdb, spec) != then
    assert build(opsdb, spec, until=then.until) != then
    assert build(opsdb, spec, until=then.until, standings_until=0) == then


def test_settled_label_stays_when_the_document_is_reviewed_by_two_since(opsdb, doubled):
    put(opsdb, review_task())
    write(opsdb, correction(after="8.00", reviewer="imp"))
    then = build(opsdb, doubled)
    assert then.documents["d1"]["total"].value == "8.00"
    review(opsdb, doubled, "ann", total="7.00")  # asks a second reviewer
    assert build(opsdb, doubled, until=then.until, standings_until=0) == then


def test_correction_of_a_golden_document_is_proposed_and_never_counts(opsdb, spec):
    said = write(opsdb, correction("gold"), correction("gold", field="date", after="01/02/2026"))
    assert counted(opsdb, spec, golden={"gold"}) == []
    with opsdb.write() as session:
        assert state.propose_golden(session, spec, {"gold"}, NOW) == 1
        assert state.propose_golden(session, spec, {"gold"}, LATER) == 0
        [one] = proposals.listed(session, "receipts")
        assert (one.correction_id, one.after, one.state) == (said[0].correction_id, "8.00", "open")
        decided = proposals.decide(session, one.proposal_id, "refused", "sue", "blurred", LATER)
        again = proposals.decide(session, one.proposal_id, "refused", "sue", "blurred", LATER)
        assert decided == again
        with pytest.raises(RefusedError, match="sue refused proposal"):
            proposals.decide(session, one.proposal_id, "accepted", "ann", "sharp", LATER)
        assert proposals.listed(session, "receipts") == []
        assert state.propose_golden(session, spec, {"gold"}, LATER) == 0


def disagree(db, spec, count, overruled, other="bob"):
    """Two review `count` documents; an adjudicator finds ann wrong in `overruled` of them."""
    for number in range(count):
        put(db, review_task(f"{other}-{number}", fields=["total"]))
        wrong = number < overruled
        review(db, spec, "ann", LATER, total="1.00" if wrong else "8.00")
        review(db, spec, other, LATER, total="8.00")
        if wrong:
            review(db, spec, "cat", LATER, adjudicator=True, total="8.00")


def test_reviewer_who_is_overruled_beyond_chance_is_held_back_once(opsdb, doubled):
    policy = doubled.review.model_copy(update={"hold_items": 8})
    doubled = doubled.model_copy(update={"review": policy})
    disagree(opsdb, doubled, 8, 1)
    with opsdb.write() as session:
        assert hold.judge(session, doubled, NOW) == []
    disagree(opsdb, doubled, 4, 4, "dan")
    with opsdb.write() as session:
        newest = standings.newest(session, "receipts")
        assert hold.judge(session, doubled, LATER) == []
    assert set(newest) == {"ann"}  # held at the adjudication; neither bob, dan nor cat
    assert newest["ann"].held and newest["ann"].by == "millrace"
    assert "overruled in" in newest["ann"].why
    with opsdb.write() as session:
        hold.let_count(session, "receipts", "ann", "a bad day", "sue", LATER + timedelta(hours=1))
        assert hold.judge(session, doubled, LATER) == []


@pytest.mark.parametrize(
    ("items", "overruled", "chance"), [(20, 0, 1.0), (20, 6, 0.0113), (20, 7, 0.0024), (0, 0, 1.0)]
)
def test_chance_of_errors_is_the_binomial_tail(items, overruled, chance):
    from scipy.stats import binom

    found = hold.Record("ann", items, overruled).chance(0.1)
    assert found == pytest.approx(binom.sf(overruled - 1, items, 0.1), abs=1e-12)
    assert found == pytest.approx(chance, abs=1e-4)


def test_numbers_grow_in_the_order_of_writing(opsdb):
    for number in range(3):
        write(opsdb, correction(f"d{number}"))
    with opsdb.read() as session:
        assert corrections.last(session, "receipts") == 3
        assert corrections.last(session, "other") == 0
        assert [one.document_id for one in corrections.page(session, after=1, limit=1)] == ["d1"]
        assert len(corrections.page(session, "receipts", "bob")) == 0
        assert len(corrections.rows(session, "receipts", until=2)) == 2
