"""The extractor learns what a spec declares, from little, and says how sure it is."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from pipelines.contracts.spec import ModelSpec
from pipelines.errors import BadDataError, MisconfiguredError
from pipelines.extraction import features, valuefields
from pipelines.extraction.arithmetic import RELATIONS
from pipelines.extraction.batch import Batch
from pipelines.extraction.estimator import FieldExtractor, FittedExtractor
from pipelines.extraction.labels import labels
from pipelines.extraction.memory import Memory
from pipelines.extraction.normalise import strict
from pipelines.extraction.schema import PREDICTIONS
from pipelines.extraction.store import FORMAT
from tests.factories.documents import extraction_spec, line, receipt, receipts, table

pytestmark = pytest.mark.slow

INVOICE = extraction_spec(company="name", invoice_number="code", tax="money", total="money")


def _fit(rows: pa.Table, spec: ModelSpec) -> FittedExtractor:
    computed = features.compute(rows, spec)
    return FieldExtractor().fit(computed, spec, seed=5, progress=lambda _: None)


@pytest.fixture(scope="module")
def invoices() -> Iterator[FittedExtractor]:
    return _fit(receipts(40), INVOICE)


def _answers(model: FittedExtractor, rows: pa.Table, spec: ModelSpec) -> list[dict[str, dict]]:
    predicted = model.predict(features.compute(rows, spec))
    assert predicted.schema == PREDICTIONS
    return [{field["name"]: field for field in row} for row in predicted["fields"].to_pylist()]


def test_extractor_finds_the_fields_of_another_document_type_when_only_the_spec_says_so(
    invoices: FittedExtractor,
) -> None:
    fresh = receipts(20, seed=9)
    answers = _answers(invoices, fresh, INVOICE)
    for name in INVOICE.fields:
        right = [
            strict(answer[name]["value"] or "") == dict(wanted)[name]
            for answer, wanted in zip(answers, fresh["fields"].to_pylist(), strict=True)
        ]
        assert np.mean(right) >= 0.8, name


def test_extractor_gives_every_declared_field_in_order_when_the_document_is_empty(
    invoices: FittedExtractor,
) -> None:
    nothing = table([
        {"document_id": "none", "pages": []},
        {"document_id": "blank", "pages": [{"width": 1.0, "height": 1.0, "lines": []}]},
        {
            "document_id": "marks",
            "pages": [{"width": 0.0, "height": 0.0, "lines": [line("***", 0, 0, 0)]}],
        },
    ])
    predicted = invoices.predict(features.compute(nothing, INVOICE))["fields"].to_pylist()
    for row in predicted:
        assert [field["name"] for field in row] == list(INVOICE.fields)
        assert [field["value"] for field in row] == [None] * 4
        assert all(0 <= field["confidence"] <= 1 for field in row)


def test_extractor_points_at_the_line_when_it_answers(invoices: FittedExtractor) -> None:
    rows = receipts(3, seed=4)
    answer = _answers(invoices, rows, INVOICE)[0]["company"]
    name = rows["pages"][0].as_py()[0]["lines"][0]
    assert answer["value"] == name["text"]
    assert answer["boxes"] == [{"page": 0, "box": name["box"]}]


def test_extractor_leaves_the_field_empty_when_labels_say_it_is_absent() -> None:
    rows = [receipt(number) for number in range(40)]
    for row in rows[::2]:
        row["fields"]["tax"] = None
        page = row["pages"][0]
        page["lines"] = [row for row in page["lines"] if "TAX" not in row["text"]]
    model = _fit(table(rows), INVOICE)
    answers = [answer["tax"] for answer in _answers(model, table(rows), INVOICE)]
    assert np.mean([answer["value"] is None for answer in answers[::2]]) > 0.7
    assert np.mean([answer["value"] is not None for answer in answers[1::2]]) > 0.7


def test_labels_are_masked_when_nobody_has_typed_them() -> None:
    rows = [receipt(number) for number in range(4)]
    del rows[0]["fields"]["total"]
    rows[1]["fields"]["total"] = None
    rows[2]["fields"]["total"] = ""
    rows.append(receipt(5) | {"fields": None})
    found = labels(Batch.of(features.compute(table(rows), INVOICE)), INVOICE)["total"]
    assert found.known.tolist() == [False, True, True, True, False]
    assert [text is None for text in found.text] == [True, True, True, False, True]


def test_labels_are_found_on_the_page_when_letters_differ() -> None:
    row = receipt(1)
    row["fields"]["company"] = "Bright-Star HARDVARE Sdn. Bhd."
    batch = Batch.of(features.compute(table([row]), INVOICE))
    found = labels(batch, INVOICE)["company"]
    assert batch.token_line[found.first[0]] == batch.token_line[found.last[0]] == 0
    assert (found.first[0], found.last[0]) == (0, 4)


def test_extractor_is_not_moved_when_a_document_without_labels_joins() -> None:
    """Unknown labels teach nothing: neither as right nor as wrong examples."""
    rows = [receipt(number) for number in range(30)]
    for row in rows[10:20]:
        row["fields"] = {"company": row["fields"]["company"]}
    model = _fit(table(rows), INVOICE)
    answers = _answers(model, receipts(12, seed=9), INVOICE)
    assert np.mean([answer["tax"]["value"] is not None for answer in answers]) > 0.8


def test_extractor_learns_each_field_from_its_own_documents_when_the_others_are_masked() -> None:
    rows = [receipt(number) for number in range(40)]
    for number, row in enumerate(rows):
        one, other = ("total", "tax"), ("company", "invoice_number")
        row["fields"] = {name: row["fields"][name] for name in (one if number % 4 < 2 else other)}
    model = _fit(table(rows), INVOICE)
    fresh = receipts(20, seed=9)
    answers = _answers(model, fresh, INVOICE)
    for name in INVOICE.fields:
        right = [
            strict(answer[name]["value"] or "") == dict(wanted)[name]
            for answer, wanted in zip(answers, fresh["fields"].to_pylist(), strict=True)
        ]
        assert np.mean(right) >= 0.7, name


def test_extractor_doubts_a_field_when_labels_say_absent_and_not_when_nobody_looked() -> None:
    sure = {}
    for said in ("absent", "masked"):
        rows = [receipt(number) for number in range(40)]
        for row in rows[10:]:
            if said == "absent":
                row["fields"]["tax"] = None
            else:
                del row["fields"]["tax"]
        answers = _answers(_fit(table(rows), INVOICE), receipts(20, seed=9), INVOICE)
        # An answer without a value is sure that there is none.
        sure[said] = np.mean([
            one["confidence"] if one["value"] else 1 - one["confidence"]
            for one in (answer["tax"] for answer in answers)
        ])
    assert sure["absent"] < 0.5 < 0.7 < sure["masked"]


def test_extractor_refuses_to_learn_when_a_field_is_hardly_labelled() -> None:
    rows = [receipt(number) for number in range(6)]
    for row in rows[1:]:
        del row["fields"]["tax"]
    with pytest.raises(BadDataError, match="'tax' is labelled in 1 of 6"):
        _fit(table(rows), INVOICE)


def test_extractor_refuses_the_spec_when_it_declares_no_field() -> None:
    spec = INVOICE.model_copy(update={"fields": {}})
    with pytest.raises(MisconfiguredError, match="declares no fields"):
        _fit(receipts(4), spec)


def test_memory_leaves_the_own_document_out_when_it_is_learnt() -> None:
    keys = np.array([5, 5, 5, 9], dtype=np.int64)
    document = np.array([0, 0, 1, 1], dtype=np.int64)
    right = np.array([[1], [1], [0], [1]], dtype=np.float32)
    memory, counts = Memory.learn_out(keys, document, right, np.array([True, True, True, False]))
    assert counts.tolist() == [[1, 0], [1, 0], [2, 2], [0, 0]]
    assert memory(np.array([5, 9, 7])).tolist() == [[3, 2], [0, 0], [0, 0]]


def test_extractor_of_another_format_says_what_to_do(
    invoices: FittedExtractor, tmp_path: Path
) -> None:
    invoices.save(tmp_path)
    facts = tmp_path / "model.json"
    facts.write_text(facts.read_text().replace(f'"format": {FORMAT}', '"format": 0'))
    with pytest.raises(BadDataError, match=r"format 0, expected 1: .* train it again"):
        FieldExtractor().load(tmp_path)


def test_extractor_says_what_it_cannot_measure_when_the_model_is_of_a_later_version(
    invoices: FittedExtractor, monkeypatch: pytest.MonkeyPatch
) -> None:
    names, matrix = valuefields.feature_names, valuefields._matrix
    monkeypatch.setattr(valuefields, "feature_names", lambda fields: names(fields)[1:])
    monkeypatch.setattr(valuefields, "_matrix", lambda *given: matrix(*given)[:, 1:])
    with pytest.raises(BadDataError, match=f"looks at {names(4)[0]}, which this version"):
        _answers(invoices, receipts(2), INVOICE)


def test_extractor_answers_as_it_did_when_measures_were_added_since(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    names, matrix = valuefields.feature_names, valuefields._matrix
    # The measures that amounts make each other up by came later than the others.
    late = [f"value_{name}" for name in RELATIONS]
    with monkeypatch.context() as before:
        kept = [at for at, name in enumerate(names(len(INVOICE.fields))) if name not in late]
        before.setattr(
            valuefields, "feature_names", lambda n: tuple(x for x in names(n) if x not in late)
        )
        before.setattr(valuefields, "_matrix", lambda *given: matrix(*given)[:, kept])
        model = _fit(receipts(40), INVOICE)
        answers = _answers(model, receipts(20, seed=9), INVOICE)
    model.save(tmp_path)

    assert _answers(FieldExtractor().load(tmp_path), receipts(20, seed=9), INVOICE) == answers


def test_describe_is_json_when_asked(invoices: FittedExtractor) -> None:
    stages = invoices.describe()["fields"]["company"]["stages"]
    assert set(stages) == {"start", "inside", "end", "span", "spelling"}
    assert 0.99 < sum(stages["span"]["importance"].values()) < 1.01
