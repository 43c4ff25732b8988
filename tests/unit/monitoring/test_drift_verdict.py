"""What follows from signals: pure, and what is not known is never quiet."""

import pytest
from factories.monitoring import moved, signal
from hypothesis import given
from hypothesis import strategies as st

from pipelines.contracts.monitoring import MonitorPolicy, Signal
from pipelines.monitoring.verdict import evaluate, severity

POLICY = MonitorPolicy()


def judge(*signals, rows=900, quarantined=0, policy=POLICY):
    return evaluate(list(signals), policy, rows=rows, quarantined=quarantined)


def test_quiet_says_how_much_was_looked_at():
    found = judge(signal(), signal("volume/rows"), signal("input/shown", limit=None))
    assert (found.decision, found.severity, found.moved) == ("quiet", None, [])
    assert found.reasons == ["2 signals are within their limits."]


def test_a_window_past_its_limit_once_is_quiet_and_says_so():
    found = judge(signal(exceeded=True), signal("volume/rows"))
    assert found.decision == "quiet" and found.reasons[0].startswith("1 of 2 signals")


@pytest.mark.parametrize(
    ("signals", "said"),
    [
        (None, "could not be read"),
        ([], "Nothing of the window could be judged"),
        ([signal(limit=None)], "Nothing of the window could be judged"),
        ([signal("quality/read", topic="quality", value=None, sentence="no labels read")], "read"),
    ],
)
def test_what_is_not_known_alerts(signals, said):
    found = evaluate(signals, POLICY, rows=900, quarantined=0)
    assert found.decision == "alert" and said in found.reasons[0]


@pytest.mark.parametrize(
    ("importance", "decision", "level"),
    [(0.4, "retrain", "high"), (0.05, "retrain", "medium"), (0.01, "alert", "low")],
)
def test_drift_asks_for_a_training_where_the_model_looks_at_it(importance, decision, level):
    found = judge(moved(importance=importance), signal("volume/rows"))
    assert (found.decision, found.severity, found.moved) == (decision, level, ["input/amount"])
    assert found.reasons == ["amount went from 40 to 70 on average"]


def test_volume_and_time_alert_and_quality_retrains():
    assert judge(moved("volume/rows")).decision == "alert"
    assert judge(moved("system/score")).decision == "alert"
    found = judge(moved("quality/auroc", importance=0.0))
    assert (found.decision, found.severity) == ("retrain", "high")
    assert judge(moved(), policy=POLICY.model_copy(update={"retrain_on": ()})).decision == "alert"


def test_moved_are_the_most_important_first_and_the_lost_last():
    lost = signal("input/lost", value=None, importance=0.9)
    found = judge(moved("input/b", importance=0.1), moved("input/a", importance=0.3), lost)
    assert found.moved == ["input/a", "input/b", "input/lost"]


def test_broken_inputs_stop_at_once():
    missing = {"missing": 0.8, "missing_before": 0.1}
    for broken in (
        signal(details=missing),
        signal(value=None, limit=1.0),
    ):
        found = judge(broken)
        assert (found.decision, found.severity) == ("stop", "high")
        assert "input/amount" in found.reasons[0]
    found = judge(signal(), rows=100, quarantined=400)
    assert found.decision == "stop" and "80.0% of the window's rows" in found.reasons[0]


def test_nothing_stops_for_a_column_of_no_importance_a_few_rows_or_the_usual_gaps():
    missing = {"missing": 0.8, "missing_before": 0.1}
    assert judge(signal(details=missing, importance=0.05)).decision == "quiet"
    assert judge(signal(details=missing), rows=19).decision == "quiet"
    assert judge(signal(details=missing), rows=19, quarantined=9).decision == "quiet"
    assert judge(signal(details={"missing": 0.8, "missing_before": 0.7})).decision == "quiet"
    assert judge(signal(), rows=3, quarantined=9).decision == "quiet"
    assert judge(signal("output/share", details=missing)).decision == "quiet"


def test_severity_of_nothing_is_low():
    assert severity([]) == "low"


_SIGNALS = st.lists(
    st.builds(
        lambda name, value, limit, alarm, importance: Signal(
            name=f"{name}/x", topic=name, value=value, limit=limit, alarm=alarm, exceeded=alarm,
            importance=importance, sentence="it moved",
        ),
        st.sampled_from(["input", "output", "volume", "quality", "system"]),
        st.none() | st.floats(0, 2),
        st.none() | st.just(1.0),
        st.booleans(),
        st.floats(0, 1),
    ),
    max_size=6,
)  # fmt: skip


@given(_SIGNALS, st.integers(0, 100), st.integers(0, 100))
def test_only_windows_without_alarm_and_without_gaps_are_quiet(signals, rows, quarantined):
    found = judge(*signals, rows=rows, quarantined=quarantined)
    spotless = not any(one.alarm or (one.value is None and one.limit) for one in signals)
    judged = any(one.limit is not None for one in signals)
    if found.decision == "quiet":
        assert spotless and judged and found.severity is None
    else:
        assert found.reasons and found.severity is not None
