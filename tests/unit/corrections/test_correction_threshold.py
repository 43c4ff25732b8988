"""When corrections start a training: pure, at the borders, and closed where a signal is lost."""

from datetime import UTC, datetime, time, timedelta

import pytest
from factories.operations import NOW
from hypothesis import given
from hypothesis import strategies as st

from pipelines.contracts.policy import CorrectionPolicy, QuietHours
from pipelines.corrections.threshold import Signals, evaluate
from pipelines.measures.rate import Rate
from pipelines.retraining.allowance import Training, cooldown

POLICY = CorrectionPolicy(threshold=10)


def signals(**different):
    return Signals(**{"counted": 10, "audit": {}, "trainings": (), "waiting": None} | different)


def trained(hours_ago, rejected=None, cost=None):
    return Training(NOW - timedelta(hours=hours_ago), cost, rejected)


def verdict(policy=POLICY, now=NOW, **different):
    return evaluate(signals(**different), policy, now)


def test_fires_at_the_threshold_and_not_one_before():
    assert verdict().decision == "fire"
    found = verdict(counted=9)
    assert (found.decision, found.missing) == ("wait", 1)
    assert found.reasons == ["9 of 10 corrected fields: 1 are missing."]


@pytest.mark.parametrize("lost", ["counted", "audit", "trainings"])
def test_unreadable_signal_fires_nothing(lost):
    found = verdict(**{lost: None})
    assert (found.decision, found.missing) == ("wait", None)
    assert "Could not be read" in found.reasons[0]


def test_error_rate_fires_when_it_is_surely_past_the_limit():
    few = {"total": Rate(0.6, 10, 10)}  # 40 % wrong, but of ten documents
    many = {"total": Rate(0.6, 100, 100), "date": Rate(0.95, 100, 100)}
    assert verdict(counted=1, audit=few).decision == "wait"
    found = verdict(counted=1, audit=many)
    assert found.decision == "fire"
    assert found.reasons == [
        "total is wrong in 40.0% of 100 audited documents, surely in more than 32.3%; "
        "the limit is 20.0%."
    ]
    # Nothing new was corrected: a training would learn what the last one did.
    assert verdict(counted=0, audit=many).decision == "wait"


def test_cooldown_waits_and_grows_with_every_rejected_candidate():
    assert verdict(trainings=[trained(23)]).decision == "wait"
    assert verdict(trainings=[trained(24)]).decision == "fire"
    twice = [trained(90, True), trained(200, True), trained(300, False), trained(400, True)]
    assert cooldown(twice, POLICY) == timedelta(hours=96)
    found = verdict(trainings=twice)
    assert found.reasons == [
        "It cools down until 2026-11-21 09:00Z, 96 hours after the last training."
    ]
    assert verdict(trainings=[trained(96, True), *twice[1:]]).decision == "fire"
    assert cooldown([trained(1, True)] * 5_000, POLICY) == timedelta(days=14)
    undecided = [trained(90), trained(200, True)]
    assert cooldown(undecided, POLICY) == timedelta(hours=48)


def test_clock_that_jumped_back_waits():
    assert verdict(trainings=[trained(-5)]).decision == "wait"
    found = verdict(trainings=[trained(200), trained(-5)])
    assert found.decision == "wait"


def test_weekly_cost_is_never_passed():
    policy = POLICY.model_copy(update={"weekly_cost": 3, "training_cost": 1})
    old = [trained(30, cost=1), trained(60, cost=1), trained(169, cost=9)]
    assert verdict(policy, trainings=old).decision == "fire"
    found = verdict(policy, trainings=[trained(30, cost=1.5), trained(60)])
    assert found.reasons == ["Trainings cost 2.5 in seven days and one more 1: 3 is the most."]
    free = POLICY.model_copy(update={"weekly_cost": 0})
    assert verdict(free).decision == "wait"


@pytest.mark.parametrize(
    ("start", "end", "zone", "hour", "decision"),
    [
        ("22:00", "06:00", "UTC", 23, "wait"),
        ("22:00", "06:00", "UTC", 5, "wait"),
        ("22:00", "06:00", "UTC", 6, "fire"),
        ("22:00", "06:00", "UTC", 21, "fire"),
        ("08:00", "18:00", "UTC", 8, "wait"),
        ("08:00", "18:00", "UTC", 18, "fire"),
        ("08:00", "18:00", "Asia/Kuala_Lumpur", 0, "wait"),
        ("08:00", "18:00", "Asia/Kuala_Lumpur", 10, "fire"),
        ("08:00", "08:00", "UTC", 8, "fire"),
    ],
)
def test_quiet_hours_hold_in_their_zone(start, end, zone, hour, decision):
    quiet = QuietHours(start=time.fromisoformat(start), end=time.fromisoformat(end), zone=zone)
    policy = POLICY.model_copy(update={"quiet": quiet})
    assert verdict(policy, datetime(2026, 11, 21, hour, tzinfo=UTC)).decision == decision


def test_unknown_zone_is_refused():
    with pytest.raises(ValueError, match="IANA"):
        QuietHours(start=time(1), end=time(2), zone="Nowhere/City")


def test_all_that_stands_against_it_is_said():
    quiet = QuietHours(start=time(0), end=time(12))
    policy = POLICY.model_copy(update={"quiet": quiet, "weekly_cost": 1})
    found = verdict(policy, trainings=[trained(1)])
    assert len(found.reasons) == 3


def test_batch_joins_an_open_request_whatever_stands_against_another_training():
    found = verdict(trainings=[trained(1)], waiting=7)
    assert found.decision == "fire"
    assert found.reasons[-1] == "It joins request 7, which is open."
    assert verdict(counted=9, waiting=7).decision == "wait"


@given(
    counted=st.integers(0, 30),
    hours=st.lists(st.floats(-100, 1_000), max_size=5),
    rejected=st.sampled_from([True, False, None]),
    weekly=st.floats(0, 5),
    share=st.floats(0, 1),
)
def test_it_never_fires_while_cooling_or_past_the_cost(counted, hours, rejected, weekly, share):
    policy = POLICY.model_copy(update={"weekly_cost": weekly})
    trainings = [trained(one, rejected) for one in sorted(hours)]
    audit = {"total": Rate(share, 50, 50)}
    found = verdict(policy, counted=counted, trainings=trainings, audit=audit)
    if found.decision == "fire":
        assert counted >= 10 or (counted and share < 0.8)
        assert all(one.started_at + timedelta(hours=24) <= NOW for one in trainings)
        week = sum(one.started_at > NOW - timedelta(days=7) for one in trainings)
        assert week + 1 <= weekly
