"""What is watched of rows and predictions of both tasks."""

import pyarrow as pa
import pytest
from factories.cards import SCHEMA, drawn
from factories.receipts import receipts

from pipelines import features, specs
from pipelines.contracts import names
from pipelines.errors import MisconfiguredError
from pipelines.monitoring.sketches.watch import by_day, watch
from pipelines.tasks import task

CARDS, RECEIPTS = specs.model("card_fraud"), specs.model("receipts")


def test_features_and_raw_columns_are_watched_and_no_label_and_no_names():
    rows = drawn(50).select(SCHEMA.names)
    for group in CARDS.history.groups:
        rows = features.of_group(rows, CARDS, group)

    found = task("classification").watched_inputs(rows, CARDS)

    expected = specs.resolve(CARDS.features_schema)(CARDS).names
    assert set(found.column_names) == set(expected) - {"transaction_id", "fraud"}
    assert (
        found
        .select(["amount"])
        .cast(pa.schema([("amount", pa.float32())]))
        .equals(features.of_rows(rows, CARDS).select(["amount"]))
    )


def test_probability_is_watched_and_reviewed_from_the_value_that_the_days_rows_reach():
    one = task("classification")
    found = one.watched_outputs(pa.table({names.PROBABILITY: [0.1, 0.9]}), CARDS)
    assert found.to_pydict() == {names.PROBABILITY: [0.1, 0.9], names.REVIEWED: [0.1, 0.9]}

    scores = pa.array([at / 1000 for at in range(1000)])
    assert one.review_threshold(scores, 1000.0, CARDS) == pytest.approx(0.9, abs=0.002)
    assert one.review_threshold(scores, 50.0, CARDS) == 0.0
    assert one.review_threshold(pa.array([], pa.float64()), 0.0, CARDS) == 1.0


def field(name, value, confidence):
    return {"name": name, "value": value, "confidence": confidence, "boxes": []}


def test_fields_are_watched_by_confidence_and_absence_and_the_merchant_by_its_letters():
    predictions = pa.table({
        names.FIELDS: [
            [field("total", "9.00", 0.9), field("company", "Kedai - 24", 0.6)],
            [field("total", None, 0.99), field("company", None, 1.0)],
        ]
    })

    found = task("extraction").watched_outputs(predictions, RECEIPTS).to_pydict()

    assert found["total_confidence"] == [0.9, 0.99]
    assert found["total_missing"] == [False, True]
    assert found["date_missing"] == [True, True] and found["date_confidence"] == [None, None]
    assert found["company"] == ["KEDAI24", None]
    assert found[names.REVIEWED] == pytest.approx([0.4, 0.01])
    assert task("extraction").review_threshold(pa.array([]), 40.0, RECEIPTS) == pytest.approx(0.2)
    dear = RECEIPTS.review.model_copy(update={"field_costs": {"total": 9.0}})
    costly = RECEIPTS.model_copy(update={"review": dear})
    reviewed = task("extraction").watched_outputs(predictions, costly)[names.REVIEWED]
    assert reviewed.to_pylist() == pytest.approx([0.9, 0.09])


def test_row_that_cannot_be_computed_is_missing_alone(monkeypatch):
    one = task("extraction")

    def fails_on_three(rows, spec):
        if 3 in rows["a"].to_pylist():
            raise ValueError("three")
        return pa.table({"b": pa.array(rows["a"].to_pylist(), pa.int64())})

    monkeypatch.setattr(one, "watched_inputs", fails_on_three)
    apply, schema = watch(RECEIPTS, "input", pa.schema([("a", pa.int64())]))

    assert schema.names == ["b"]
    assert apply(pa.table({"a": list(range(6))}))["b"].to_pylist() == [0, 1, 2, None, 4, 5]

    def misconfigured(rows, spec):
        if rows.num_rows:
            raise MisconfiguredError("no such setting")
        return rows

    monkeypatch.setattr(one, "watched_inputs", misconfigured)
    apply, _ = watch(RECEIPTS, "input", pa.schema([("a", pa.int64())]))
    with pytest.raises(MisconfiguredError):
        apply(pa.table({"a": [1, 2]}))


def test_rows_are_cut_by_their_days():
    watched = pa.table({"a": [1, 2, 3, 4]})
    days = pa.chunked_array([["tuesday", "monday"], ["tuesday", "friday"]])

    found = {day: sorted(part["a"].to_pylist()) for day, part in by_day(watched, days)}

    assert found == {"friday": [4], "monday": [2], "tuesday": [1, 3]}
    ((day, whole),) = by_day(watched, pa.chunked_array([["monday"] * 4]))
    assert (day, whole.num_rows) == ("monday", 4)


def test_properties_of_the_pages_are_watched_whatever_else_a_row_has():
    rows = receipts(4)
    apply, schema = watch(RECEIPTS, "input", rows.schema)

    assert "layout" in schema.names and names.DOCUMENT_ID not in schema.names
    assert apply(rows).num_rows == 4


def test_confidence_of_the_ocr_engine_is_watched_where_the_rows_have_it():
    rows, one = receipts(2), task("extraction")
    assert names.OCR_CONFIDENCE not in one.watched_inputs(rows, RECEIPTS).column_names
    given = rows.append_column(names.OCR_CONFIDENCE, pa.array([0.5, None]))

    found = one.watched_inputs(given, RECEIPTS)

    assert found[names.OCR_CONFIDENCE].to_pylist() == [0.5, None]
    assert set(one.watched_columns(RECEIPTS)) <= set(given.column_names)
