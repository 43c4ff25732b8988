"""What makes another set of features, and what does not."""

import pytest

from pipelines import specs
from pipelines.lake import features
from pipelines.lake.features import feature_key


@pytest.fixture
def spec():
    return specs.model("receipts")


def test_feature_key_is_equal_when_only_the_training_differs(spec):
    other = spec.model_copy(update={"seed": spec.seed + 1, "schedule": None, "owner": "x"})

    assert feature_key(spec, 1) == feature_key(other, 1)


@pytest.mark.parametrize(
    "change",
    [
        {"fields": {}},
        {"parameters": {"depth": 3}},
        {"features": "pipelines.extraction.features:compute"},
    ],
)
def test_feature_key_differs_when_the_function_sees_another_spec(spec, change):
    assert feature_key(spec, 1) != feature_key(spec.model_copy(update=change), 1)


def test_feature_key_differs_when_input_or_code_differs(spec, monkeypatch):
    before = feature_key(spec, 1)
    assert before != feature_key(spec, 2)

    monkeypatch.setattr(features, "code_hash", lambda package: "edited")
    assert before != feature_key(spec, 1)
