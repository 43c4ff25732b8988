"""A classifier from published purchases to its report, without Spark; and its comparison."""

import json
import random
import re

import numpy as np
import pyarrow as pa
import pytest
from factories.cards import purchase, table
from factories.home import publish
from sklearn.metrics import average_precision_score

from pipelines import evaluation, specs, training
from pipelines.contracts import names
from pipelines.contracts.result import XCOM_LIMIT_BYTES
from pipelines.errors import BadDataError
from pipelines.evaluation import EvaluationSpec
from pipelines.evaluation import classification as scoring
from pipelines.evaluation import compare_classification as comparing
from pipelines.evaluation.paired import compare
from pipelines.lake.golden import freeze
from pipelines.lake.lake import Lake
from pipelines.settings import Settings
from pipelines.training import TrainSpec

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def purchases():
    """1,200 purchases of 40 cards in 50 days; what is dear is mostly fraud."""
    draw = random.Random(5)
    rows = []
    for number in range(1_200):
        amount = draw.randrange(30_000) / 100
        rows.append(
            purchase(
                number,
                customer_id=f"c{draw.randrange(40)}",
                terminal_id=f"s{draw.randrange(30)}",
                amount=amount,
                fraud=None if draw.random() < 0.05 else (amount > 240) ^ (draw.random() < 0.03),
            )
        )
    return table(rows)


@pytest.fixture(scope="module")
def spec():
    found = specs.model("card_fraud")
    split = found.split.model_copy(update={"test_days": 15, "unseen_group_share": 0.2})
    return found.model_copy(update={"split": split, "parameters": {"trees": 15}})


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory, purchases, spec):
    settings = Settings(home=tmp_path_factory.mktemp("home"))
    given = TrainSpec(model=spec, features=publish(settings, spec, purchases))
    deps = {"lake": Lake.open(settings), "settings": settings}
    fitted = training.run(given, **deps)
    return settings, fitted, evaluation.run(EvaluationSpec(model=spec, training=fitted), **deps)


def guesses(rows: pa.Table, seed: int, noise: float) -> pa.Table:
    """Predictions that know the truth but for some noise."""
    draw = np.random.default_rng(seed)
    truth = np.array([bool(one) for one in rows["fraud"].to_pylist()])
    score = np.clip(0.5 * truth + noise * draw.random(len(truth)), 0, 1)
    return pa.table({"transaction_id": rows["transaction_id"], names.PROBABILITY: score})


def test_classifier_is_trained_and_reported_from_published_rows(evaluated, spec):
    settings, fitted, result = evaluated
    folder = settings.root / result.report_dir
    page = (folder / "index.html").read_text()
    metrics = json.loads((folder / "metrics.json").read_text())

    assert fitted.rows_train > 400 and result.rows <= fitted.rows_test
    value, low, high = result.headline["overall"]
    assert 0.5 < low <= value <= high <= 1
    assert metrics["average_precision"] == value
    assert re.search(rf"Average precision <b>{value:.3f}</b>", page)
    assert {"scores.png", "precision_recall.png", "days.png", "reliability.png"} < {
        path.name for path in folder.iterdir()
    }
    assert "unseen_group/average_precision" in metrics
    assert len(result.model_dump_json()) < XCOM_LIMIT_BYTES / 4


def test_classifier_is_evaluated_on_rows_of_known_target_alone(purchases, spec):
    predictions = guesses(purchases, 1, 0.8)

    found = scoring.evaluate(purchases, predictions, spec)

    known = np.array([one is not None for one in purchases["fraud"].to_pylist()])
    truth = np.array(purchases["fraud"].to_pylist(), dtype=object)[known].astype(bool)
    score = predictions[names.PROBABILITY].to_numpy()[known]
    assert found.rows == known.sum() < purchases.num_rows
    assert found.whole.average_precision == pytest.approx(average_precision_score(truth, score))
    low, high = found.whole.average_precision_interval
    assert low < found.whole.average_precision < high
    assert sum(part.rows for name, part in found.slices.items() if "amount" in name) == found.rows


def test_evaluation_does_not_depend_on_the_order_of_rows(purchases, spec):
    predictions = guesses(purchases, 1, 0.8)
    order = random.Random(1).sample(range(len(purchases)), len(purchases))

    shuffled = scoring.evaluate(purchases.take(pa.array(order)), predictions, spec)

    assert shuffled == scoring.evaluate(purchases, predictions, spec)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_evaluation_refuses_a_probability_that_is_none(purchases, spec, value):
    score = pa.array([value] * len(purchases))
    predictions = guesses(purchases, 1, 0.8).set_column(1, names.PROBABILITY, score)

    with pytest.raises(BadDataError, match="no finite probability"):
        scoring.evaluate(purchases, predictions, spec)
    assert comparing.unreadable(purchases, predictions, spec) == len(purchases)


def test_comparison_measures_what_the_evaluation_does(purchases, spec):
    predictions = guesses(purchases, 1, 0.8)
    measure = comparing.measure(purchases, predictions, spec, {})
    found = scoring.evaluate(purchases, predictions, spec)

    compared = compare(None, measure, level=0.05, gain_level=0.01, resamples=50)
    by_claim = {(one.slice, one.field): one for one in compared}

    assert by_claim["all", "overall"].candidate == pytest.approx(found.whole.average_precision)
    assert by_claim["all", "auroc"].candidate == pytest.approx(found.whole.auroc)
    assert by_claim["all", found.top].candidate == pytest.approx(found.precision_at_top)
    assert by_claim["all", "overall"].n == found.groups == 40
    assert measure.unit == "customers"


def test_comparison_sees_the_better_one_and_where_the_two_differ(purchases, spec):
    worse, better = guesses(purchases, 1, 1.5), guesses(purchases, 2, 0.7)

    (overall,) = [
        one
        for one in compare(
            comparing.measure(purchases, worse, spec, {}),
            comparing.measure(purchases, better, spec, {}),
            level=0.05,
            gain_level=0.01,
            resamples=200,
        )
        if (one.slice, one.field) == ("all", "overall")
    ]
    shown = comparing.differences(purchases, worse, better, spec, 10)

    assert overall.gain_low > 0
    assert len(shown) == 10 and {one.better for one in shown} <= {"candidate", "champion"}


def test_training_never_takes_a_golden_row(tmp_path, purchases, spec):
    settings = Settings(home=tmp_path)
    features = publish(settings, spec, purchases)
    lake = Lake.open(settings)
    early = purchases.slice(0, 50).append_column(names.PART, pa.array(["seen_group"] * 50))
    freeze(lake, settings, spec.name, "transaction_id", early, features.input_snapshot_id, 50)

    rows = training.step.labelled_rows(TrainSpec(model=spec, features=features), lake)

    trained = rows.filter(pa.compute.equal(rows[names.PART], names.TRAIN))
    assert trained.num_rows > 100
    assert not set(early["transaction_id"].to_pylist()) & set(trained["transaction_id"].to_pylist())
