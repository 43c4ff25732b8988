"""The merge gate on a model that is really trained: what turns it red, and what does not."""

import pyarrow as pa
import pytest

from models.card_fraud import features
from pipelines import specs
from pipelines.gate import baseline

pytestmark = pytest.mark.slow

ROWS = 12_000
BLIND = ("frauds", "fraud_rate")
"""What a card and a terminal did before, as far as it was fraud."""


@pytest.fixture(scope="module")
def spec():
    found = specs.model("card_fraud")
    return found.model_copy(update={"parameters": {"trees": 60, "learning_rate": 0.2}})


@pytest.fixture(scope="module")
def path(spec, tmp_path_factory):
    path = tmp_path_factory.mktemp("models") / "baseline.json"
    baseline.update(spec, path, "the start", rows=ROWS)
    return path


def changed(monkeypatch, change):
    """The features of now are `change` of those that are committed."""
    compute = features.compute
    monkeypatch.setattr(features, "compute", lambda rows, spec: change(compute(rows, spec)))


def test_merge_gate_is_red_with_sentences_when_features_are_dropped(spec, path, monkeypatch):
    def drop(found):
        for place, field in enumerate(found.schema):
            if any(f"_{name}_" in field.name for name in BLIND):
                found = found.set_column(place, field, pa.nulls(found.num_rows, field.type))
        return found

    changed(monkeypatch, drop)
    merge = baseline.check(spec, path)
    assert not merge.passed
    reason = merge.reasons[0]
    assert reason.startswith("The overall score on ") and "customers of the golden set" in reason
    assert "a loss of 0.020 must be ruled out." in reason
    assert not any("precision_at" in reason for reason in merge.reasons)  # all cards are looked at


def test_merge_gate_is_red_when_the_model_hardly_learns(spec, path):
    slow = spec.model_copy(update={"parameters": {"trees": 60, "learning_rate": 1e-6}})
    merge = baseline.check(slow, path)
    assert not merge.passed
    assert any("The overall score on" in reason for reason in merge.reasons)


def test_merge_gate_stays_green_when_a_refactor_changes_no_answer(spec, path, monkeypatch):
    # The same features out of another way through the rows, and of other pieces.
    changed(monkeypatch, lambda found: pa.concat_tables([found.slice(0, 77), found.slice(77)]))
    merge = baseline.check(spec, path)
    assert merge.passed, merge.reasons
    assert {one.difference for one in merge.compared.compared if one.n} == {0.0}
