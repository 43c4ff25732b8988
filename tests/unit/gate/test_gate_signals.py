"""Signals of real answers: what a broken candidate looks like to the gate."""

import math
import time
from dataclasses import replace

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from factories.home import simple_spec
from factories.receipts import receipts

from benchmarks.planted import checks
from pipelines.contracts import names
from pipelines.contracts.spec import GatePolicy
from pipelines.errors import BadDataError
from pipelines.gate.checks import leak
from pipelines.gate.gather import Rows, gather
from pipelines.gate.judge import judge
from pipelines.gate.retrain import retrain
from pipelines.gate.score import BATCH_ROWS, answer

POLICY = GatePolicy(calibration_error=1, latency_ratio=100)
BEFORE = [one for one in checks() if one.name != "answers"]


class Broken:
    """A fitted model with a change to its answers."""

    def __init__(self, fitted, change):
        self.fitted, self.change = fitted, change

    def predict(self, features):
        return self.change(self.fitted.predict(features))


@pytest.fixture
def spec(monkeypatch):
    return simple_spec(monkeypatch).model_copy(update={"gate": POLICY})


@pytest.fixture
def trained(spec):
    return retrain(spec, receipts(200, merchants=40))


@pytest.fixture
def rows(trained):
    return Rows(trained.tested, 1, trained.tested.slice(30))


def gathered(candidate, champion, rows, spec, clock=time.process_time):
    return gather(
        lambda: [candidate, champion], rows, BEFORE, spec,
        size_mb=1.0, clock=clock, history=None,
    )  # fmt: skip


def with_answers(model, change):
    return replace(model, fitted=Broken(model.fitted, change))


def with_field(predictions, **changes):
    fields = [[one | changes for one in row] for row in predictions[names.FIELDS].to_pylist()]
    kind = predictions.schema.field(names.FIELDS)
    return predictions.set_column(1, kind, pa.array(fields, kind.type))


def test_equal_candidate_has_no_difference_and_is_rejected_for_want_of_gain(trained, rows, spec):
    signals, evidence = gathered(trained.model, trained.model, rows, spec)
    assert {one.difference for one in signals.golden.compared} == {0.0}
    assert signals.recent.n == rows.recent.num_rows
    assert evidence.differences == []
    (reason,) = judge(signals, POLICY).reasons
    assert reason.startswith("The gain of the overall score")


def test_candidate_is_rejected_when_its_scores_are_nan(trained, rows, spec):
    bad = with_answers(trained.model, lambda found: with_field(found, confidence=math.nan))
    signals, _ = gathered(bad, trained.model, rows, spec)
    assert signals.unreadable == 4 * (rows.golden.num_rows + rows.recent.num_rows)
    assert "are no answers" in "".join(judge(signals, POLICY).reasons)


@pytest.mark.parametrize(
    "change",
    [
        lambda found: found.select([names.DOCUMENT_ID]),
        lambda found: found.slice(1),
        lambda found: found.rename_columns(["id", names.FIELDS]),
    ],
    ids=["column", "row", "name"],
)
def test_candidate_is_rejected_when_a_column_or_row_of_its_answers_is_missing(
    change, trained, rows, spec
):
    signals, _ = gathered(with_answers(trained.model, change), trained.model, rows, spec)
    assert judge(signals, POLICY).decision == "reject"


@pytest.mark.parametrize("error", [BadDataError("column `line_text` is missing"), KeyError("x")])
def test_candidate_is_rejected_with_its_error_when_it_cannot_answer(error, trained, rows, spec):
    def fail(found):
        raise error

    signals, _ = gathered(with_answers(trained.model, fail), trained.model, rows, spec)
    (reason,) = judge(signals, POLICY).reasons
    assert "could not be answered" in reason and str(error) in reason


def test_nothing_is_compared_when_the_champion_cannot_be_loaded(trained, rows, spec):
    def load():
        raise BadDataError("the champion's files are gone")

    signals, _ = gather(load, rows, BEFORE, spec, size_mb=1.0, clock=time.time, history=None)
    assert judge(signals, POLICY).decision == "reject"


def test_latency_is_that_of_the_slower_model_when_they_answer_in_turns(trained, rows, spec):
    now = [0.0]

    def slowly(found):
        now[0] += 1.0
        return found

    def quickly(found):
        now[0] += 0.1
        return found

    models = [with_answers(trained.model, slowly), with_answers(trained.model, quickly)]
    signals, _ = gathered(*models, rows, spec, clock=lambda: now[0])
    assert signals.latency_ms == pytest.approx(10 * signals.champion_latency_ms)
    assert "times the champion's" in "".join(judge(signals, GatePolicy()).reasons)


def test_answers_are_those_of_one_batch_when_rows_are_many(trained, spec):
    rows = receipts(2 * BATCH_ROWS + 3)
    (found,) = answer([trained.model], rows, time.process_time, None)
    assert found.predictions.equals(trained.model.answer(rows))


def test_recent_rows_are_answered_anew_when_a_golden_one_has_changed_since(trained, rows, spec):
    renamed = with_answers(trained.model, lambda found: found)
    other = receipts(200, merchants=40, seed=9)
    changed = other.filter(pc.is_in(other[names.DOCUMENT_ID], rows.golden[names.DOCUMENT_ID]))
    changed = changed.sort_by(names.DOCUMENT_ID).append_column(
        names.PART, rows.golden[names.PART].combine_chunks()
    )
    hashed = [
        table.append_column(
            names.CONTENT_HASH, pa.array([f"{name}{row}" for row in range(len(table))])
        )
        for name, table in (("old", rows.golden), ("new", changed))
    ]
    signals, _ = gathered(renamed, trained.model, Rows(hashed[0], 1, hashed[1]), spec)
    alone, _ = gathered(renamed, trained.model, Rows(hashed[1], 1, hashed[1]), spec)
    assert signals.recent == alone.golden
    assert signals.golden != alone.golden


def test_leak_is_found_by_key_content_and_nearness(trained, spec):
    clean, sound = leak(trained.tested, trained.trained, spec)
    assert clean.passed and all(sound.to_pylist())
    golden = trained.tested.slice(0, 1)
    by_key, _ = leak(trained.tested, pa.concat_tables([trained.trained, golden]), spec)
    assert not by_key.passed and "1 are in the training data" in by_key.sentence
    twin = golden.set_column(0, golden.schema.field(0), pa.array(["another id"]))
    near, sound = leak(trained.tested, pa.concat_tables([trained.trained, twin]), spec)
    assert near.passed and sound.to_pylist().count(False) == 1
    strict = spec.model_copy(update={"gate": GatePolicy(near_duplicate_share=0)})
    assert not leak(trained.tested, pa.concat_tables([trained.trained, twin]), strict)[0].passed
