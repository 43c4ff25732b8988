"""What the DAGs do with corrections: one request makes one training, whatever wakes it."""

from datetime import timedelta

import pytest
from factories.corrections import correction, write
from factories.operations import NOW

from pipelines.contracts.correction import RetrainReason
from pipelines.contracts.learning import Regime
from pipelines.corrections import training
from pipelines.corrections.desk import Desk, newest
from pipelines.errors import MisconfiguredError
from pipelines.lake.lake import Lake
from pipelines.opsdb import incidents, requests
from pipelines.opsdb.database import OpsDb
from pipelines.settings import Settings

HOUR = timedelta(hours=1)


@pytest.fixture
def desk(opsdb, spec, tmp_path) -> Desk:
    settings = Settings(home=tmp_path)
    return Desk(spec, settings, opsdb, Lake.open(settings), frozenset({"golden-1"}))


def reason(run: str, kind: str = "data", at=NOW) -> RetrainReason:
    return RetrainReason(key=f"run {run}", kind=kind, detail="because", person="millrace", at=at)


def cross(desk: Desk) -> None:
    write(desk.db, *(correction(one) for one in ("d1", "d2", "d3")))


def test_training_takes_the_batch_and_learns_from_its_labels(desk):
    cross(desk)
    assert desk.look(NOW).decision == "fire"
    claimed = desk.claim("corrections/run-1", NOW)
    taken = desk.take("r1", None, NOW)
    assert taken.request_id == claimed.request.request_id
    assert taken.batches == [claimed.batch.batch_id] == taken.labels.batches
    assert (taken.labels.documents, taken.labels.labels) == (3, 3)
    assert desk.take("r1", None, NOW + HOUR) == taken, "tried again, it is the same"


def test_second_event_finds_nothing_left_when_the_request_is_taken(desk):
    cross(desk)
    desk.claim("corrections/run-1", NOW)
    assert desk.take("r1", None, NOW) is not None
    desk.finish("r1", 4, NOW)
    assert desk.take("r2", None, NOW) is None


def test_two_reasons_at_once_make_one_training(desk):
    cross(desk)
    desk.claim("corrections/run-1", NOW)
    first = desk.take("r1", reason("r1"), NOW + HOUR, asked_at=NOW)
    assert len(first.reasons) == 2
    desk.finish("r1", 4, NOW + HOUR)
    # What was published before the training began is in it.
    assert desk.take("r2", reason("r2"), NOW + 2 * HOUR, asked_at=NOW + HOUR) is None
    later = NOW + 2 * HOUR
    assert desk.take("r3", reason("r3"), later, asked_at=later) is not None


def test_request_of_a_run_that_is_gone_is_taken_over(desk):
    cross(desk)
    claimed = desk.claim("corrections/run-1", NOW)
    desk.take("r1", None, NOW)
    taken = desk.take("r2", reason("r2", "schedule"), NOW + HOUR)
    assert taken.batches == [claimed.batch.batch_id]
    with desk.db.read() as session:
        assert requests.running(session, "receipts").run_id == "r2"
        assert requests.find(session, "receipts", "r1").state == "failed"
    desk.finish("r1", 4, NOW)  # it comes back to life, too late
    with desk.db.read() as session:
        assert requests.find(session, "receipts", "r1").state == "failed"


def test_training_knows_the_regime_when_incidents_led_to_it(desk):
    def alarm(kind: str, since: str, request_id: int) -> int:
        seen = {"severity": "high", "window": since, "headline": "moved", "causes": []}
        with desk.db.write() as session:
            begun = incidents.begin(
                session, "receipts", kind, since=since, moved=[], now=NOW, **seen
            )
            incidents.follow(session, begun.incident_id, "asked", request_id=request_id)
        return begun.incident_id

    with desk.db.write() as session:
        asked = training.ask(session, "receipts", reason("incident 1", "drift")).request_id
    first = alarm("drift", "2018-06-10", asked)
    assert desk.take("r1", None, NOW).regime == Regime(since="2018-06-10", incidents=[first])
    # Its run is gone: the request that takes over answers what it answered, and what came since.
    with desk.db.write() as session:
        training.give_up(session, "receipts", "r1", "gone", NOW)
        asked = requests.waiting(session, "receipts").request_id
        incidents.close(session, first, "2018-06-13", NOW)
    second = alarm("quality", "2018-06-14", asked)
    both = Regime(since="2018-06-14", incidents=[first, second])
    assert desk.take("r2", reason("r2", "schedule"), NOW).regime == both
    desk.finish("r2", 4, NOW)
    # One is open still: what was trained did not end it.
    left = Regime(since="2018-06-14", incidents=[second])
    assert desk.take("r3", reason("r3", "schedule"), NOW + HOUR).regime == left
    desk.finish("r3", 4, NOW)
    with desk.db.write() as session:
        incidents.close(session, second, "2018-06-20", NOW)
    assert desk.take("r4", reason("r4", "schedule"), NOW + HOUR).regime is None


def test_trial_learns_from_labels_and_claims_nothing(desk):
    assert desk.trial().labels is None
    cross(desk)
    trial = desk.trial()
    assert trial.request_id is None and trial.labels.documents == 3
    assert desk.look(NOW).decision == "fire"


def test_labels_of_golden_documents_stay_out(desk):
    write(desk.db, correction("golden-1"), correction("d1"))
    assert desk.trial().labels.documents == 1


def test_same_labels_are_the_same_snapshot(desk, spec):
    cross(desk)
    first, again = desk.trial().labels, desk.trial().labels
    assert first == again
    write(desk.db, correction("d4"))
    assert desk.trial().labels.snapshot_id != first.snapshot_id


def test_home_may_have_a_policy_of_its_own(tmp_path):
    plain = Desk.open("receipts", Settings(home=tmp_path))
    own = {"threshold": 2, "cooldown_hours": 0}
    trial = Desk.open("receipts", Settings(home=tmp_path, corrections=own))
    plain.take("first", reason("first"), NOW)
    plain.finish("first", 1, NOW)
    write(plain.db, *(correction(f"d{number}") for number in range(3)))
    assert plain.look(NOW).decision == "wait"
    assert trial.look(NOW).decision == "fire"


def test_policy_of_a_home_is_refused_when_it_has_unknown_names(tmp_path):
    with pytest.raises(MisconfiguredError, match="MILLRACE_CORRECTIONS"):
        Desk.open("receipts", Settings(home=tmp_path, corrections={"treshold": 2}))


def test_newest_grows_with_each_correction(tmp_path, spec):
    settings = Settings(home=tmp_path)
    assert newest("receipts", settings) == 0
    write(OpsDb.open(settings), correction("d1"), correction("d2"))
    assert newest("receipts", settings) == 2
