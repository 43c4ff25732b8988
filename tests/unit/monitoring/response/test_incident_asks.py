"""An incident asks for one training, obeys what all obey, and waits for labels of its regime."""

from datetime import time, timedelta

import pytest
from factories.monitoring import MODEL, NOW, day

from pipelines import specs
from pipelines.contracts.correction import RetrainReason
from pipelines.contracts.policy import QuietHours
from pipelines.monitoring.response import ask as asking
from pipelines.monitoring.response.ask import Labelled
from pipelines.opsdb import corrections, incidents, requests

SPEC = specs.model(MODEL)
MANY = Labelled(rows=5_000, days=40)


def begin(db, kind="drift", severity="high", model=MODEL, number=60):
    with db.write() as session:
        return incidents.begin(
            session, model, kind, severity=severity, since=day(number), window=day(number),
            headline=f"{kind} moved", causes=[], moved=[], now=NOW,
        )  # fmt: skip


def ask(db, labelled=MANY, spec=SPEC, now=NOW):
    with db.write() as session:
        corrections.lock(session, spec.name)
        counted = {one.since: labelled for one in incidents.still_open(session, spec.name)}
        asking.ask(session, spec, {} if labelled is None else counted, now)
        found = asking.waiting(session, spec.name)
        return found, {one.kind: one for one in incidents.still_open(session, spec.name)}


def test_incidents_ask_for_one_training_and_keep_its_number(opsdb):
    begin(opsdb)
    begin(opsdb, "quality")
    request, found = ask(opsdb)
    assert {one.request_id for one in found.values()} == {request}
    said = {one.follows for one in found.values()}
    assert said == {f"A training was asked for: request {request}."}
    with opsdb.read() as session:
        reasons = requests.get(session, request).reasons
    assert [(one.kind, one.key, one.detail) for one in reasons] == [
        ("drift", "incident 1", "drift moved"), ("drift", "incident 2", "quality moved"),
    ]  # fmt: skip
    assert ask(opsdb) == (request, found)
    with opsdb.write() as session:
        requests.take(session, request, "run", NOW, 0, 0)
    assert ask(opsdb)[1]["drift"].follows.endswith("which is being trained.")
    with opsdb.write() as session:
        requests.finish(session, request, 3, 1.0, NOW)
    again, found = ask(opsdb)
    assert again is None and "which made version 3" in found["drift"].follows


def test_request_that_is_open_already_is_joined_whatever_cools_down(opsdb):
    with opsdb.write() as session:
        by_hand = RetrainReason(key="h", kind="hand", detail="wished", person="ben", at=NOW)
        first = requests.ask(session, MODEL, by_hand)
        requests.take(session, first.request_id, "run", NOW, 0, 0)
        open_one = requests.ask(session, MODEL, by_hand.model_copy(update={"key": "h2"}))
        assert asking.waiting(session, MODEL) is None  # nobody's drift
    begin(opsdb)
    request, found = ask(opsdb)
    assert request == open_one.request_id == found["drift"].request_id


def test_training_waits_for_cool_down_cost_and_quiet_hours(opsdb):
    begin(opsdb)
    with opsdb.write() as session:
        by_hand = RetrainReason(key="h", kind="hand", detail="wished", person="ben", at=NOW)
        made = requests.ask(session, MODEL, by_hand)
        requests.take(session, made.request_id, "run", NOW, 0, 0)
        requests.finish(session, made.request_id, 1, 1.0, NOW)
    request, found = ask(opsdb)
    assert request is None and "cools down until" in found["drift"].follows
    dear = SPEC.corrections.model_copy(update={"weekly_cost": 0})
    quiet = SPEC.corrections.model_copy(
        update={"quiet": QuietHours(start=time(5), end=time(9)), "cooldown_hours": 0}
    )
    for policy, said in ((dear, "is the most"), (quiet, "Quiet hours")):
        request, found = ask(opsdb, spec=SPEC.model_copy(update={"corrections": policy}))
        assert request is None and said in found["drift"].follows
    assert ask(opsdb, now=NOW + timedelta(hours=25))[0] is not None


@pytest.mark.parametrize(
    ("labelled", "said", "missing"),
    [
        (Labelled(40, 40), f"40 of 200 labelled rows since {day(60)}. They come later.", 160),
        (Labelled(5_000, 9), "9 days since", None),
        (None, "could not be read", None),
    ],
)
def test_nothing_is_trained_without_enough_labels_of_the_regime(opsdb, labelled, said, missing):
    begin(opsdb)
    request, found = ask(opsdb, labelled)
    assert request is None and said in found["drift"].follows
    assert found["drift"].labels_missing == missing
    request, found = ask(opsdb)
    assert request is not None and found["drift"].labels_missing is None


def test_reviewed_model_asks_for_reviews_first(opsdb):
    spec = specs.model("receipts")
    begin(opsdb, model="receipts")
    _, found = ask(opsdb, Labelled(3, 1), spec)
    assert "Review tasks from it are asked for first." in found["drift"].follows
    with opsdb.read() as session:
        wanted = incidents.wanting_labels(session, "receipts")
        assert wanted.labels_missing == spec.monitoring.min_labelled - 3


def test_nothing_is_trained_for_what_hardly_matters_or_is_no_change_of_the_world(opsdb):
    begin(opsdb, severity="low")
    begin(opsdb, "volume")
    begin(opsdb, "stop")
    request, found = ask(opsdb)
    assert request is None and "hardly looks at" in found["drift"].follows
    assert found["volume"].follows == found["stop"].follows == ""
    none = SPEC.monitoring.model_copy(update={"retrain_on": ()})
    _, found = ask(opsdb, spec=SPEC.model_copy(update={"monitoring": none}))
    assert "retrain_on" in found["drift"].follows
