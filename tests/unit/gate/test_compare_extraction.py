"""Two extractors on the same documents: scores, unreadable answers and differing rows."""

import math

import pyarrow as pa
import pytest
from factories.receipts import receipts, row, table

from pipelines import specs
from pipelines.contracts import names
from pipelines.evaluation import compare_extraction as task
from pipelines.evaluation.paired import compare
from pipelines.evaluation.scores import score
from pipelines.extraction.schema import PREDICTIONS
from pipelines.measures.outcomes import outcomes

SPEC = specs.model("receipts")


def answers(rows, change=lambda document, name, value: value, confidence=0.9):
    """The labels as answers, after `change`."""
    found = [
        {
            names.DOCUMENT_ID: document,
            names.FIELDS: [
                {
                    "name": name,
                    "value": change(document, name, dict(labels)[name]),
                    "confidence": confidence,
                    "boxes": [{"page": 0, "box": [0.0, 0.0, 1.0, 1.0]}],
                }
                for name in SPEC.fields
            ],
        }
        for document, labels in zip(
            rows[names.DOCUMENT_ID].to_pylist(), rows[names.FIELDS].to_pylist(), strict=True
        )
    ]
    return pa.Table.from_pylist(found, schema=PREDICTIONS)


def some_wrong(document, name, value):
    if name == "total" and int(document[-1]) % 2:
        return "0.00"
    return None if name == "date" and document.endswith("3") else value


def test_scores_are_those_of_the_report_when_taken_from_the_measure():
    rows = receipts(40)
    found = answers(rows, some_wrong)
    measure = task.measure(rows, found, SPEC, {})
    expected = score(outcomes(rows, found, SPEC.fields))
    compared = compare(None, measure, level=0.05, gain_level=0.01, resamples=100)
    whole = {one.field: one.candidate for one in compared if one.slice == "all"}
    assert whole == pytest.approx({name: one.f1 for name, one in expected.items()})


def test_measure_has_the_slices_of_the_split():
    rows = receipts(30)
    ids = rows[names.DOCUMENT_ID].to_pylist()
    parts = {row: names.UNSEEN_GROUP if at < 10 else names.SEEN_GROUP for at, row in enumerate(ids)}
    measure = task.measure(rows, answers(rows), SPEC, parts)
    found = {one.slice: int(n) for one, n in zip(measure.claims, measure.counts, strict=True)}
    assert (found[names.UNSEEN_GROUP], found[names.SEEN_GROUP]) == (10, 20)


@pytest.mark.parametrize("confidence", [math.nan, None, 1.5, -0.1, math.inf])
def test_answers_are_unreadable_when_the_confidence_is_no_share(confidence):
    rows = receipts(5)
    assert task.unreadable(rows, answers(rows, confidence=confidence), SPEC) == 20
    assert task.unreadable(rows, answers(rows), SPEC) == 0


def test_answers_are_unreadable_when_a_row_or_column_is_missing():
    rows = receipts(5)
    assert task.unreadable(rows, answers(rows).slice(1), SPEC) == 4
    assert task.unreadable(rows, answers(rows).select([names.DOCUMENT_ID]), SPEC) == 20


def test_calibration_error_is_small_when_confidence_is_the_share_right():
    rows = receipts(50)
    assert task.calibration_error(rows, answers(rows, confidence=1.0), SPEC).value == pytest.approx(
        0
    )
    found = answers(rows, lambda *_: "wrong", confidence=1.0)
    assert task.calibration_error(rows, found, SPEC).value == pytest.approx(1)


def test_differences_show_both_values_and_the_truth_with_changes_of_right_first():
    rows = receipts(20)

    def worse(document, name, value):
        if name == "total" and document == "doc-0007":
            return "1.23"
        return value

    def other(document, name, value):
        return "two wrongs" if name == "company" and document == "doc-0002" else value

    def third(document, name, value):
        return "another wrong" if name == "company" and document == "doc-0002" else value

    champion = answers(rows, other)
    candidate = answers(rows, lambda *given: worse(*given[:2], third(*given)))
    first, second = task.differences(rows, champion, candidate, SPEC, 10)
    assert (first.row, first.field, first.candidate, first.better) == (
        "doc-0007", "total", "1.23", "champion",
    )  # fmt: skip
    assert first.champion == first.truth
    assert (second.row, second.better) == ("doc-0002", "neither")
    assert len(task.differences(rows, champion, candidate, SPEC, 1)) == 1


def test_compact_predictions_score_the_same_without_their_boxes():
    rows = receipts(20)
    found = answers(rows, some_wrong)
    kept = task.compact(found)
    assert all(not one["boxes"] for row in kept[names.FIELDS].to_pylist() for one in row)
    ends = [
        compare(None, task.measure(rows, one, SPEC, {}), level=0.1, gain_level=0.1, resamples=50)
        for one in (found, kept)
    ]
    assert ends[0] == ends[1]


def test_texts_hold_all_lines_in_reading_order():
    assert task.texts(table([row("a", ["ONE", "TWO 2"]), row("b", [])])) == ["ONE TWO 2", ""]
