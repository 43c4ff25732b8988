"""Scores against cases worked by hand, and what must hold for any outcome."""

import random

import numpy as np
import pytest
from factories.predictions import documents, predictions
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines import specs
from pipelines.contracts.spec import FieldSpec
from pipelines.errors import BadDataError
from pipelines.evaluation import scores
from pipelines.evaluation.extraction import evaluate
from pipelines.evaluation.scores import OVERALL, score
from pipelines.measures.outcomes import outcomes

FIELDS = {"company": FieldSpec(kind="name"), "total": FieldSpec(kind="money")}

texts = st.sampled_from(["A", "B", "A.", "", None])
labelled = st.dictionaries(st.sampled_from(list(FIELDS)), texts, max_size=2)
answered = st.dictionaries(
    st.sampled_from(list(FIELDS)), st.tuples(texts, st.floats(0, 1)), max_size=2
)
cases = st.lists(st.tuples(labelled, answered), min_size=1, max_size=12)


def scored(labels, answers):
    return score(outcomes(documents(labels), predictions(answers), FIELDS))


def split(case):
    names = [f"d{number}" for number in range(len(case))]
    return (
        dict(zip(names, [labels for labels, _ in case], strict=True)),
        dict(zip(names, [answers for _, answers in case], strict=True)),
    )


def test_score_counts_as_the_competition_does():
    labels = {
        "a": {"company": "Shop One", "total": "9.00"},
        "b": {"company": "Shop Two", "total": "12.50"},
        "c": {"company": "Shop Three", "total": "1.00"},
    }
    answers = {
        "a": {"company": "SHOP  ONE", "total": "RM9.00"},  # exact; right by value alone
        "b": {"company": "Shop Too", "total": "12.50"},  # wrong; exact
        "c": {"company": "Shop Three", "total": None},  # exact; missing
    }
    found = scored(labels, answers)
    assert found["company"].precision == found["company"].recall == pytest.approx(2 / 3)
    assert found["total"].precision == pytest.approx(1 / 2)  # 1 of 2 answers
    assert found["total"].recall == pytest.approx(1 / 3)  # 1 of 3 labels
    assert found["total"].f1 == pytest.approx(2 * 1 / (2 + 3))
    assert found["total"].f1_value == pytest.approx(2 * 2 / (2 + 3))
    assert found[OVERALL].f1 == pytest.approx(2 * 3 / (5 + 6))
    assert found[OVERALL].f1_value == pytest.approx(2 * 4 / (5 + 6))


def test_score_masks_a_field_when_its_label_is_unknown():
    known = {"a": {"company": "A"}}
    assert scored(known, {"a": {"company": "A", "total": "7.00"}})[OVERALL].f1 == 1.0
    assert scored(known, {"a": {"company": "A"}})["total"].f1 is None


@pytest.mark.parametrize("absent", [None, "", "  "])
def test_score_counts_an_answer_as_wrong_when_the_field_is_truly_absent(absent):
    found = scored({"a": {"company": "A", "total": absent}}, {"a": {"company": "A", "total": "7"}})
    assert found["total"].precision == 0.0
    assert found["total"].recall is None
    assert found[OVERALL].f1 == pytest.approx(2 / 3)
    silent = scored({"a": {"company": "A", "total": absent}}, {"a": {"company": "A"}})
    assert silent[OVERALL].f1 == 1.0


@given(st.lists(st.dictionaries(st.sampled_from(list(FIELDS)), texts), min_size=1, max_size=10))
def test_score_is_one_when_predictions_are_the_labels(case):
    labels = {f"d{number}": one for number, one in enumerate(case)}
    found = scored(labels, labels)[OVERALL]
    assert found.f1 in {None, 1.0}
    assert (found.f1 is None) == (not any(text for one in case for text in one.values()))


@settings(max_examples=25)
@given(cases)
def test_score_lies_in_its_interval_and_exact_never_beats_by_value(case):
    for one in scored(*split(case)).values():
        if one.f1 is None:
            assert one.f1_interval is None
            continue
        low, high = one.f1_interval
        assert 0 <= low <= one.f1 <= high <= 1
        assert one.f1 <= one.f1_value


def test_score_does_not_depend_on_the_order_of_documents():
    # Enough documents of unequal weight that other draws give another interval.
    draw = random.Random(5)
    case = [
        ({"company": "A", "total": draw.choice(["7", None])}, {"company": (draw.choice("AB"), 0.5)})
        for _ in range(97)
    ]
    labels, answers = split(case)
    names = draw.sample(list(answers), len(answers))
    shuffled = scored(dict(reversed(labels.items())), {name: answers[name] for name in names})
    assert shuffled == scored(labels, answers)


def test_interval_is_that_of_a_plain_bootstrap():
    draws = np.random.default_rng(3)
    right = draws.random(200) < 0.8
    labels = {f"d{n:03}": {"company": "A"} for n in range(200)}
    answers = {f"d{n:03}": {"company": "A" if ok else "B"} for n, ok in enumerate(right)}
    low, high = scored(labels, answers)["company"].f1_interval
    # Each document has one label and one answer, so F1 is the share that is right.
    plain = [right[draws.integers(0, 200, 200)].mean() for _ in range(4000)]
    assert low == pytest.approx(np.percentile(plain, 2.5), abs=0.015)
    assert high == pytest.approx(np.percentile(plain, 97.5), abs=0.015)


def test_interval_is_the_same_in_blocks_of_any_size(monkeypatch):
    labels = {f"d{n}": {"company": "A"} for n in range(50)}
    answers = {f"d{n}": {"company": "A" if n % 3 else "B"} for n in range(50)}
    whole = scored(labels, answers)
    monkeypatch.setattr(scores, "_BLOCK_CELLS", 170)
    assert scored(labels, answers) == whole


def test_outcomes_refuse_predictions_of_unknown_documents():
    with pytest.raises(BadDataError, match="1 are not among the 1 labelled documents"):
        scored({"a": {"company": "A"}}, {"b": {"company": "A"}})


def test_evaluation_scores_the_parts_apart_and_skips_unlabelled_documents():
    labels = {"a": {"company": "A"}, "b": {"company": "B"}, "c": None, "d": {"company": "D"}}
    answers = {"a": {"company": "A"}, "b": {"company": "X"}, "c": {}, "d": {"company": "D"}}
    parts = {"a": "seen_group", "b": "unseen_group", "c": "seen_group", "d": "seen_group"}
    spec = specs.model("receipts")
    found = evaluate(documents(labels), predictions(answers), spec, parts)
    assert found.documents == 3
    assert found.slices["seen_group"].documents == 2
    assert found.slices["seen_group"].scores[OVERALL].f1 == 1.0
    assert found.slices["unseen_group"].scores[OVERALL].f1 == 0.0
    assert found.metrics()["unseen_group/company/f1"] == 0.0
    assert found.metrics()["micro_f1"] == pytest.approx(2 / 3)


def test_evaluation_says_so_when_nothing_is_labelled():
    with pytest.raises(BadDataError, match="nothing to score"):
        evaluate(documents({"a": None}), predictions({"a": {}}), specs.model("receipts"))
