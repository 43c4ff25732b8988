"""Who may look at what, and when: leases, drafts and second looks, on both engines."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from factories.corrections import judgements, put, review, review_task
from factories.operations import NOW

from pipelines.corrections import record
from pipelines.errors import BadDataError, RefusedError
from pipelines.opsdb import corrections, queue, reviewing

LATER = NOW + timedelta(minutes=16)


def claim(db, reviewer="ann", now=NOW, **more):
    with db.write() as session:
        return reviewing.claim(
            session, "receipts", reviewer, now, 15, **{"adjudicator": False} | more
        )


def number(found):
    return None if found is None else found[0].document.document_id


def test_content_is_asked_once_when_it_is_scored_again(opsdb):
    put(opsdb, review_task("d1"), review_task("d1"), review_task("d2"))
    put(opsdb, review_task("d1", "audit"), review_task("d3"))
    with opsdb.read() as session:
        assert [one.document_id for one in queue.lines(session)] == ["d1", "d2", "d3"]
        hashes = {"hash-d1", "hash-d9"}
        assert queue.known_contents(session, "receipts", hashes) == {"hash-d1"}
        assert queue.known_contents(session, "other", hashes) == set()
        assert queue.made_since(session, "receipts", NOW) == {"uncertain": 3}
        assert queue.made_since(session, "receipts", LATER) == {}


def test_task_hides_the_truth_that_measures_the_reviewer(opsdb):
    put(opsdb, review_task())
    assert claim(opsdb)[0].document.fields is None


def test_two_reviewers_never_hold_one_document(opsdb):
    put(opsdb, *(review_task(f"d{n}") for n in range(6)))
    start = threading.Barrier(8)

    def work(n):
        start.wait()
        return number(claim(opsdb, f"r{n}"))

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(work, range(8)))
    assert sorted(one for one in found if one) == [f"d{n}" for n in range(6)]


def test_lease_expires_and_the_draft_stays(opsdb):
    put(opsdb, review_task("d1"))
    task, lease = claim(opsdb)
    assert lease.expires_at == NOW + timedelta(minutes=15)
    with opsdb.write() as session:
        reviewing.save_draft(session, task.task_id, "ann", {"total": "8"}, NOW)
        reviewing.save_draft(session, task.task_id, "ann", {"total": "8.0"}, NOW)
    assert claim(opsdb, "bob") is None
    assert number(claim(opsdb, "bob", LATER)) == "d1"
    with opsdb.write() as session:
        assert reviewing.draft(session, task.task_id, "ann") == {"total": "8.0"}
        assert reviewing.draft(session, task.task_id, "bob") is None
        with pytest.raises(RefusedError, match="not ann's any more: bob has it"):
            reviewing.extend(session, task.task_id, "ann", LATER, 15)
        with pytest.raises(RefusedError, match="bob has it"):
            reviewing.save_draft(session, task.task_id, "ann", {}, LATER)
        reviewing.leave(session, task.task_id, "ann")  # not hers: it stays bob's
        reviewing.leave(session, task.task_id, "bob")
    put(opsdb, review_task("d2", priority=9.0))
    assert number(claim(opsdb, "ann", LATER)) == "d1"  # her draft comes before what is worth more


def test_reviewer_finishes_after_the_lease_ran_out_when_nobody_took_it(opsdb, spec):
    put(opsdb, review_task())
    task, _ = claim(opsdb)
    with opsdb.write() as session:
        reviewing.save_draft(session, task.task_id, "ann", {"total": "8"}, NOW)
        words = judgements(total="8.00")
        said = record.submit(session, spec, task.task_id, "ann", words, LATER)
        again = record.submit(session, spec, task.task_id, "ann", words, LATER)
        assert [one.correction_id for one in said] == [one.correction_id for one in again]
        assert reviewing.draft(session, task.task_id, "ann") is None
        with pytest.raises(RefusedError, match="ann finished it"):
            record.submit(session, spec, task.task_id, "bob", judgements(), LATER)
        with pytest.raises(RefusedError, match="ann finished it"):
            record.submit(session, spec, task.task_id, "ann", judgements(), LATER)


def test_next_one_is_fetched_ahead_while_one_is_on_the_screen(opsdb):
    put(opsdb, review_task("d1", priority=2.0), review_task("d2", priority=3.0))
    first, _ = claim(opsdb)
    second, _ = claim(opsdb, skip=[first.task_id])
    assert (first.document.document_id, second.document.document_id) == ("d2", "d1")
    assert claim(opsdb, skip=[first.task_id, second.task_id]) is None
    with opsdb.read() as session:
        assert queue.queue(session, "receipts", NOW) == {"uncertain": {"open": 2, "held": 2}}
        assert queue.queue(session, "receipts", LATER) == {"uncertain": {"open": 2, "held": 0}}


def test_second_reviewer_is_another_and_an_adjudicator_is_asked_where_they_differ(opsdb, doubled):
    put(opsdb, review_task())
    assert review(opsdb, doubled, "ann", total="8.00", date=None).reason == "uncertain"
    assert review(opsdb, doubled, "ann") is None
    assert review(opsdb, doubled, "bob", total="RM 8.00", date="02/02/2026").reason == "second"
    assert review(opsdb, doubled, "cat") is None  # no adjudicator
    assert review(opsdb, doubled, "ann", adjudicator=True) is None  # has spoken before
    task = review(opsdb, doubled, "cat", adjudicator=True, date="02/02/2026")
    assert (task.reason, task.fields) == ("adjudicate", ["date"])
    with opsdb.read() as session:
        assert queue.finished(session, "receipts", NOW, LATER) == {"ann": 1, "bob": 1, "cat": 1}
        assert queue.finished(session, "receipts", LATER, LATER) == {}
        assert len(queue.lines(session, reviewer="bob")) == 1
        assert [one.reason for one in queue.lines(session, after=1, limit=1)] == ["second"]


def test_nobody_adjudicates_when_two_agree(opsdb, doubled):
    put(opsdb, review_task())
    review(opsdb, doubled, "ann", total="8.00")
    review(opsdb, doubled, "bob", total="8.00")
    assert review(opsdb, doubled, "cat", adjudicator=True) is None


def test_undone_review_comes_back_and_takes_a_needless_adjudication_away(opsdb, doubled):
    put(opsdb, review_task())
    review(opsdb, doubled, "ann", total="8.00")
    task = review(opsdb, doubled, "bob", total="7.00")
    with opsdb.write() as session:
        with pytest.raises(RefusedError, match="was not finished by ann"):
            record.take_back(session, task.task_id, "ann", NOW, 15)
        back, lease, said = record.take_back(session, task.task_id, "bob", NOW, 15)
        assert (back.state, lease.reviewer, len(said)) == ("open", "bob", 4)
        assert corrections.of_task(session, task.task_id) == []
        record.submit(session, doubled, task.task_id, "bob", judgements(total="8.00"), NOW)
        states = [one.state for one in queue.reviews(session, "receipts", "hash-d1")]
        assert states == ["done", "done", "dropped"]
        record.take_back(session, task.task_id, "bob", NOW, 15)
        record.submit(session, doubled, task.task_id, "bob", judgements(total="7.00"), NOW)
        states = [one.state for one in queue.reviews(session, "receipts", "hash-d1")]
        assert states == ["done", "done", "open"]


def test_review_is_not_taken_back_while_another_looks_at_the_document(opsdb, doubled):
    put(opsdb, review_task())
    first = review(opsdb, doubled, "ann")
    assert claim(opsdb, "bob") is not None
    with opsdb.write() as session, pytest.raises(RefusedError, match="bob is reviewing"):
        record.take_back(session, first.task_id, "ann", NOW, 15)
    with opsdb.write() as session:
        record.take_back(session, first.task_id, "ann", LATER, 15)
    assert claim(opsdb, "bob", LATER) is None  # ann has the document again


INCOMPLETE = [
    ([], "needs a word on company, date, address, total"),
    (judgements()[:3], "needs a word on total"),
    ([*judgements(), judgements()[0]], "judged twice"),
    ([*judgements(), judgements()[0].model_copy(update={"field": "vat"})], "no field vat"),
]


def test_audit_is_refused_when_a_field_is_left_out_or_unknown(opsdb, spec):
    put(opsdb, review_task(reason="audit"))
    task, _ = claim(opsdb)
    for words, message in INCOMPLETE:
        with opsdb.write() as session, pytest.raises(BadDataError, match=message):
            record.submit(session, spec, task.task_id, "ann", words, NOW)


def test_share_of_second_reviews_is_the_policy_s():
    found = sum(record.doubled(f"content-{n}", 0.1) for n in range(5_000))
    assert 400 < found < 600
    assert not any(record.doubled(f"content-{n}", 0) for n in range(100))
    assert all(record.doubled(f"content-{n}", 1) for n in range(100))
