"""What a training that answers an incident learns from and is tested on, by time."""

from collections import Counter
from datetime import UTC, datetime, timedelta

from pipelines.contracts.learning import Regime
from pipelines.contracts.result import FeaturesResult
from pipelines.contracts.spec import SplitSpec
from pipelines.specs import model
from pipelines.training.split import regime_split, split_by_time
from pipelines.training.step import TrainSpec

FIRST = datetime(2018, 5, 1, 12, tzinfo=UTC)
RULE = SplitSpec(group_by="customer_id", time="at", test_days=23, gap_days=7)
TIMES = [FIRST + timedelta(days=day) for day in range(60)]  # to 29 June


def parts(since):
    found = split_by_time([None] * 60, TIMES, regime_split(RULE, since, TIMES))
    return Counter(
        (part, time.date().isoformat() >= since) for part, time in zip(found, TIMES, strict=True)
    )


def test_the_newer_half_of_a_regime_is_tested_and_the_older_is_learnt():
    # 24 days since 6 June: of the 17 that the gap leaves 8 are tested and 9 learnt.
    assert parts("2018-06-06") == {
        ("train", False): 36, ("train", True): 9, ("set_aside", True): 7, ("seen_group", True): 8,
    }  # fmt: skip


def test_the_models_own_days_are_tested_when_a_regime_is_long():
    assert regime_split(RULE, "2018-04-01", TIMES) == RULE


def test_the_models_own_split_stays_when_a_regime_is_too_short_to_learn():
    assert regime_split(RULE, "2018-06-20", TIMES) == RULE
    assert regime_split(RULE, "2018-06-20", []) == RULE


def made():
    return FeaturesResult(
        model="card_fraud", table="t", snapshot_id=1, input_snapshot_id=1, feature_key="k", rows=1,
        reused=False,
    )  # fmt: skip


def test_a_training_that_answers_an_incident_is_another_one():
    plain = TrainSpec(model=model("card_fraud"), features=made())
    first = plain.model_copy(update={"regime": Regime(since="2018-06-06", incidents=[1])})
    second = plain.model_copy(update={"regime": Regime(since="2018-06-06", incidents=[2])})
    assert len({plain.key(), first.key(), second.key()}) == 3


def test_what_is_watched_has_no_say_in_a_training():
    spec = model("card_fraud")
    other = spec.model_copy(
        update={"monitoring": spec.monitoring.model_copy(update={"min_labelled": 9_999})}
    )
    keys = {TrainSpec(model=one, features=made()).key() for one in (spec, other)}
    assert len(keys) == 1
