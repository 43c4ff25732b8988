"""Batch and request are one fact, whoever claims how often; a training takes one request."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from factories.corrections import correction, write
from factories.operations import NOW, request
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError

from pipelines.contracts.correction import RetrainReason
from pipelines.contracts.decision import Decided
from pipelines.corrections import claim, signals, state, training
from pipelines.errors import NotFoundError, RefusedError
from pipelines.opsdb import batches, corrections, decisions, requests

DAY = timedelta(days=1)


def cross(db, documents=("d1", "d2", "d3"), **different):
    return write(db, *(correction(one, **different) for one in documents))


def take(db, spec, key="run-1", now=NOW, golden=()):
    with db.write() as session:
        return claim.claim(session, spec, key, golden, now)


def start(db, spec, run="r1", now=NOW, reason=None, golden=()):
    with db.write() as session:
        return training.start(session, spec, run, golden, now, reason)


def finish(db, run="r1", version=4, now=NOW, cost=None):
    with db.write() as session:
        return training.finish(session, "receipts", run, version, cost, now)


def wish(key="hand-1", kind="hand", at=NOW):
    return RetrainReason(key=key, kind=kind, detail="because", person="ben", at=at)


def ask(db, reason):
    with db.write() as session:
        return training.ask(session, "receipts", reason)


def all_batches(db):
    with db.read() as session:
        return batches.all_of(session, "receipts")


def test_threshold_claims_what_is_new_and_asks_for_one_training(opsdb, spec):
    said = cross(opsdb, ["d1", "d2"])
    found = take(opsdb, spec)
    assert (found.batch, found.request, found.verdict.missing) == (None, None, 1)
    said += cross(opsdb, ["d3"])
    found = take(opsdb, spec)
    assert (found.batch.counted, found.batch.rows) == (3, 3)
    assert (found.request.state, found.request.batches) == ("open", [found.batch.batch_id])
    assert [(one.kind, one.person) for one in found.request.reasons] == [
        ("corrections", "millrace")
    ]
    with opsdb.read() as session:
        members = batches.members(session, found.batch.batch_id)
        assert members == [one.correction_id for one in said]
        assert batches.claimed(session, "receipts") == dict.fromkeys(members, 1)
        assert corrections.unclaimed_documents(session, "receipts") == set()
    assert take(opsdb, spec, "run-2").batch is None


def test_same_claimer_finds_its_batch_also_when_more_was_said_since(opsdb, spec):
    cross(opsdb)
    first = take(opsdb, spec)
    cross(opsdb, ["d4", "d5", "d6"])
    again = take(opsdb, spec, now=NOW + DAY)
    assert (again.batch, again.request) == (first.batch, first.request)
    assert len(all_batches(opsdb)) == 1


def test_one_of_many_claims_when_all_come_at_once(opsdb, spec):
    cross(opsdb)
    start_ = threading.Barrier(6)

    def work(number):
        start_.wait()
        return take(opsdb, spec, f"run-{number % 3}")

    with ThreadPoolExecutor(6) as pool:
        found = list(pool.map(work, range(6)))
    won = {one.batch.batch_id for one in found if one.batch}
    assert len(won) == 1 and len(all_batches(opsdb)) == 1


def test_same_answer_counts_once_whoever_gives_it_again(opsdb, spec):
    said = cross(opsdb)
    take(opsdb, spec)
    cross(opsdb, reviewer="bob")  # the same values by another
    write(opsdb, correction("d1", after="7.00", reviewer="ann"))  # now they differ
    with opsdb.read() as session:
        new = state.fresh(session, spec)
    assert (new.counted, len(new.members), new.unsettled) == ([], 2, 1)
    write(opsdb, correction("d1", after="7.00", reviewer="bob"))
    with opsdb.read() as session:
        assert [one.document_id for one in state.fresh(session, spec).counted] == ["d1"]
    assert len(said) == 3


def test_database_refuses_a_correction_in_two_batches_and_a_changed_batch(opsdb, spec):
    cross(opsdb)
    first = take(opsdb, spec)
    with pytest.raises(IntegrityError), opsdb.write() as session:
        batches.write(session, "receipts", "other", first.request.request_id, [1], 1, NOW)
    for statement in (
        "delete from batch_correction",
        "update batch set request_id = 1",
        "delete from batch",
    ):
        with pytest.raises(DBAPIError, match="append-only"), opsdb.engine.begin() as connection:
            connection.execute(text(statement))


def test_reasons_at_once_make_one_training(opsdb, spec):
    cross(opsdb)
    by_hand = ask(opsdb, wish())
    batch = take(opsdb, spec)
    drift = ask(opsdb, wish("drift-1", "drift"))
    assert by_hand.request_id == batch.request.request_id == drift.request_id
    assert ask(opsdb, wish()).request_id == by_hand.request_id  # told twice
    kinds = ["hand", "corrections", "drift"]
    found = start(opsdb, spec)
    assert [one.kind for one in found.reasons] == kinds
    assert start(opsdb, spec) == found
    assert finish(opsdb).version == 4
    with pytest.raises(RefusedError, match="no retrain request of receipts is open"):
        start(opsdb, spec, "r2")
    # A reason that was told before is answered by what became of it, and wishes nothing more.
    assert ask(opsdb, wish("drift-1", "drift")).state == "done"


def test_database_refuses_a_second_open_request(opsdb):
    ask(opsdb, wish())
    insert = (
        "insert into retrain_request (model, state, requested_at) "
        "values ('receipts', 'open', '2026-11-21T03:00:00.000000Z')"
    )
    with pytest.raises(IntegrityError), opsdb.engine.begin() as connection:
        connection.execute(text(insert))


def test_training_without_request_brings_its_reason_and_claims_what_it_learns_from(opsdb, spec):
    cross(opsdb, ["d1", "d2"])
    cross(opsdb, ["gold"])
    found = start(opsdb, spec, reason=wish(), golden={"gold"})
    assert (found.state, found.run_id, found.labels_until) == ("running", "r1", 3)
    [batch] = all_batches(opsdb)
    assert (batch.counted, batch.request_id) == (2, found.request_id)
    assert start(opsdb, spec, reason=wish("hand-2")).request_id == found.request_id
    assert len(all_batches(opsdb)) == 1


def test_second_training_waits_for_the_first(opsdb, spec):
    first = start(opsdb, spec, reason=wish())
    ask(opsdb, wish("hand-2"))
    with pytest.raises(RefusedError, match=f"run r1 .request {first.request_id}.*release"):
        start(opsdb, spec, "r2")
    finish(opsdb)
    assert start(opsdb, spec, "r2").state == "running"


def test_batch_of_a_failed_training_is_trained_by_the_next(opsdb, spec):
    cross(opsdb)
    batch = take(opsdb, spec).batch
    failed = start(opsdb, spec)
    with opsdb.write() as session:
        found = training.give_up(session, "receipts", "r1", "no space", NOW)
        again = training.give_up(session, "receipts", "r1", "no space", NOW)
        assert training.give_up(session, "receipts", "r9", "unknown", NOW) is None
        old = requests.get(session, failed.request_id)
    assert found == again
    assert (found.state, found.batches, len(found.reasons)) == ("open", [batch.batch_id], 1)
    assert (old.state, old.note, old.merged_into) == ("failed", "no space", found.request_id)
    # The same run, cleared by a person, takes it up again.
    second = start(opsdb, spec, now=NOW + DAY)
    assert (second.request_id, second.batches) == (found.request_id, [batch.batch_id])
    assert finish(opsdb).state == "done"
    assert take(opsdb, spec).request.request_id == second.request_id


def test_failed_training_gives_its_reasons_to_the_request_that_is_open(opsdb, spec):
    cross(opsdb)
    batch = take(opsdb, spec).batch
    running = start(opsdb, spec)
    waiting = ask(opsdb, wish("drift-1", "drift"))
    with opsdb.write() as session:
        found = training.release(session, "receipts", running.request_id, "lost", NOW)
    assert found.request_id == waiting.request_id
    assert {one.kind for one in found.reasons} == {"corrections", "drift"}
    assert found.batches == [batch.batch_id]


def test_finished_training_is_not_given_up_any_more(opsdb, spec):
    start(opsdb, spec, reason=wish())
    done = finish(opsdb)
    with opsdb.write() as session:
        assert training.give_up(session, "receipts", "r1", "late", NOW) == done
        assert training.finish(session, "receipts", "r1", 9, 2.0, NOW) == done
        assert training.finish(session, "receipts", "r9", 9, 2.0, NOW) is None
        assert training.run_id(done) == f"retrain__{done.request_id}"
        with pytest.raises(NotFoundError):
            requests.get(session, 99)


def decide(db, version, choice):
    with db.write() as session:
        stored = decisions.ask(session, request(version))
        decisions.record(
            session,
            Decided(
                request_id=stored.request_id, model="receipts", version=version, choice=choice,
                person="ben", why="because", via="cli", at=NOW,
            ),
        )  # fmt: skip


def test_rejected_candidate_keeps_its_labels_and_the_next_training_waits_longer(opsdb, spec):
    cross(opsdb)
    take(opsdb, spec)
    start(opsdb, spec)
    finish(opsdb, version=4, cost=2.5)
    decide(opsdb, 4, "reject")
    cross(opsdb, ["d4", "d5", "d6"])
    after = NOW + timedelta(hours=25)
    found = take(opsdb, spec, "run-2", after)
    assert found.batch is None and "48 hours" in found.verdict.reasons[0]
    with opsdb.read() as session:
        [one] = signals.trainings(session, "receipts", after)
        assert (one.rejected, one.cost) == (True, 2.5)
        assert len(state.read(session, spec).items) == 6  # all of them are labels still
    found = take(opsdb, spec, "run-2", NOW + timedelta(hours=49))
    assert found.batch.counted == 3
    start(opsdb, spec, "r2", NOW + timedelta(hours=49))
    finish(opsdb, "r2", version=5)
    decide(opsdb, 5, "promote")
    with opsdb.read() as session:
        found = signals.trainings(session, "receipts", after)
    assert [one.rejected for one in found] == [False, True]


def test_trainings_are_read_as_far_as_they_matter(opsdb, spec):
    for number, choice in enumerate(["promote", "promote", "reject"]):
        at = NOW + number * 10 * DAY
        start(opsdb, spec, f"r{number}", at, wish(f"hand-{number}"))
        finish(opsdb, f"r{number}", version=number + 1, now=at)
        decide(opsdb, number + 1, choice)
    with opsdb.read() as session:
        found = signals.trainings(session, "receipts", NOW + 21 * DAY)
    assert [one.rejected for one in found] == [True, False]


def test_models_do_not_touch_each_other(opsdb, spec):
    cross(opsdb)
    other = spec.model_copy(update={"name": "invoices"})
    cross(opsdb, model="invoices")
    assert take(opsdb, spec).batch.rows == 3
    found = take(opsdb, other)
    assert (found.batch.rows, found.request.model) == (3, "invoices")
