"""A row is predicted alike wherever its history comes from: its file, or the lake."""

import random
from datetime import timedelta

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from factories.cards import START, purchase, table

from pipelines import features, specs
from pipelines.contracts import names
from pipelines.estimators import estimator
from pipelines.estimators.artefact import Artefact
from pipelines.lake.history import history
from pipelines.lake.lake import Lake
from pipelines.scoring import predict
from pipelines.settings import Settings
from pipelines.tasks import task

SPEC = specs.model("card_fraud").model_copy(update={"parameters": {"trees": 10}})


@pytest.fixture(scope="module")
def rows():
    draw = random.Random(8)
    return table([
        purchase(
            number,
            hours=2 * number,
            customer_id=f"c{draw.randrange(8)}",
            terminal_id=f"s{draw.randrange(6)}",
            amount=draw.randrange(9_000) / 100,
            fraud=draw.random() < 0.2,
        )
        for number in range(700)
    ])


@pytest.fixture(scope="module")
def model(rows):
    found = features.compute(rows, SPEC)
    return Artefact(SPEC, estimator("xgboost").fit(found, SPEC, seed=1, progress=lambda _: None))


@pytest.fixture
def lake(tmp_path, rows):
    """The first fifty days, published; the last of them also with other labels."""
    lake = Lake.open(Settings(home=tmp_path))
    days = pa.array([at.date().isoformat() for at in rows["at"].to_pylist()])
    published = rows.append_column(names.DAY, days)
    published = published.filter(pc.less(published["at"], START + timedelta(days=50)))
    lake.create(names.published_table(SPEC.dataset), published.schema, [names.DAY])
    lake._catalog.load_table(names.published_table(SPEC.dataset)).append(published)
    return lake


def test_predictions_are_the_same_when_the_history_comes_from_the_lake(lake, model, rows):
    whole = predict(model, rows)
    late = rows.filter(pc.greater_equal(rows["at"], START + timedelta(days=49)))
    columns = task(SPEC.task).input_columns(SPEC)

    found = predict(model, late, history=lambda some: history(lake, SPEC, some, columns))

    expected = whole.slice(rows.num_rows - late.num_rows)
    assert found.combine_chunks().equals(expected.combine_chunks())
    assert not predict(model, late).equals(expected)


def test_history_is_of_the_rows_groups_and_days_alone(lake, rows):
    columns = task(SPEC.task).input_columns(SPEC)
    late = rows.slice(rows.num_rows - 1, 1)
    one = late.to_pylist()[0]

    found = history(lake, SPEC, late, columns)

    first = START + timedelta(hours=2 * 699) - timedelta(days=SPEC.history.days + 1)
    assert 0 < found.num_rows < 600
    for row in found.to_pylist():
        same = row["customer_id"] == one["customer_id"] or row["terminal_id"] == one["terminal_id"]
        assert same and row["at"] >= first


def test_history_is_empty_when_nothing_is_published(tmp_path, rows):
    columns = task(SPEC.task).input_columns(SPEC)

    assert history(Lake.open(Settings(home=tmp_path)), SPEC, rows, columns).num_rows == 0
