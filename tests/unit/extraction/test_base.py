"""A training may begin with documents of a base; confidence is of the own ones alone."""

from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pytest

from models.receipts import base as receipts_base
from pipelines import specs
from pipelines.contracts.spec import ModelSpec
from pipelines.errors import BadDataError, MisconfiguredError
from pipelines.extraction import features
from pipelines.extraction.estimator import FieldExtractor, FittedExtractor
from pipelines.extraction.normalise import by_value
from pipelines.samples.receipts import documents
from tests.factories.documents import extraction_spec, receipts, table

SPEC = extraction_spec()


def taught(spec: ModelSpec) -> pa.Table:
    del spec
    return receipts(60, seed=77)


def taught_tax_for_total(spec: ModelSpec) -> pa.Table:
    """A base that takes the tax for the total, and knows nothing of the other fields."""
    del spec
    rows = receipts(40, seed=77).to_pylist()
    for row in rows:
        row["fields"] = {"total": dict(row["fields"])["tax"]}
    return table(rows)


def of_another_kind(spec: ModelSpec) -> pa.Table:
    rows = taught(spec).to_pylist()
    return table([row | {"fields": {"iban": "1"}} for row in rows])


def without_pages(spec: ModelSpec) -> pa.Table:
    return taught(spec).drop_columns(["pages"])


def _beginning_with(base: Callable[[ModelSpec], pa.Table] | str) -> ModelSpec:
    entry = base if isinstance(base, str) else f"{__name__}:{base.__name__}"
    return SPEC.model_copy(update={"parameters": SPEC.parameters | {"base": entry}})


def _fit(rows: pa.Table, spec: ModelSpec) -> FittedExtractor:
    computed = features.compute(rows, spec)
    return FieldExtractor().fit(computed, spec, seed=5, progress=lambda _: None)


def _right(model: FittedExtractor, rows: pa.Table, field: str) -> float:
    """Share of the documents whose field means what was typed, however it is spelt."""
    return float(np.mean([right for right, _ in _judged(model, rows, field)]))


def _judged(model: FittedExtractor, rows: pa.Table, field: str) -> list[tuple[bool, float]]:
    """Of each document, whether the answer is right and how sure the model is."""
    found = model.predict(features.compute(rows, SPEC))["fields"].to_pylist()
    kind, judged = SPEC.fields[field].kind, []
    for row, wanted in zip(found, rows["fields"].to_pylist(), strict=True):
        answer = next(one for one in row if one["name"] == field)
        judged.append((
            by_value(answer["value"] or "", kind) == by_value(dict(wanted)[field], kind),
            answer["confidence"],
        ))
    return judged


@pytest.mark.slow
def test_few_labels_go_further_when_a_training_begins_with_invented_receipts() -> None:
    few = table(list(documents(4, 3, merchants=6, kind="receipts")))
    fresh = table(list(documents(60, 103, merchants=40, kind="receipts")))
    alone, begun = _fit(few, SPEC), _fit(few, _beginning_with("models.receipts.base:documents"))
    assert _right(begun, fresh, "company") >= _right(alone, fresh, "company") + 0.3
    assert _right(begun, fresh, "total") >= _right(alone, fresh, "total") + 0.3


@pytest.mark.slow
def test_own_labels_decide_when_as_many_of_the_base_say_otherwise() -> None:
    model = _fit(receipts(40), _beginning_with(taught_tax_for_total))
    fresh = receipts(30, seed=9)
    assert _right(model, fresh, "total") >= 0.8
    # what the base has no label of is masked there, not taken to be absent
    assert _right(model, fresh, "date") >= 0.9


@pytest.mark.slow
def test_confidence_is_of_the_own_documents_when_the_base_is_easier() -> None:
    rows = receipts(40).to_pylist()
    for number, row in enumerate(rows):  # nobody can know what these people typed
        row["fields"] = dict(row["fields"]) | {"total": f"{7 * number + 3}.{number:02d}"}
    model = _fit(table(rows), _beginning_with(taught))
    sure = [confidence for _, confidence in _judged(model, receipts(30, seed=9), "total")]
    assert np.mean(sure) < 0.5


@pytest.mark.slow
def test_model_counts_its_own_documents_alone_when_it_began_with_a_base() -> None:
    said: list[str] = []
    spec = _beginning_with(taught)
    rows = features.compute(receipts(12), spec)
    model = FieldExtractor().fit(rows, spec, seed=5, progress=said.append)
    assert model.describe()["documents"] == 12
    assert "12 documents and 60 of the base" in said[0]


def test_a_training_is_refused_when_only_the_base_is_labelled() -> None:
    rows = receipts(4).to_pylist()
    for row in rows:
        row["fields"] = {}
    with pytest.raises(BadDataError, match="labelled in 0 of 4 documents"):
        _fit(table(rows), _beginning_with(taught))


@pytest.mark.parametrize(
    ("base", "said"),
    [
        ("tests.nowhere:documents", "cannot be imported"),
        (f"{__name__}:nothing", "cannot be imported"),
        (without_pages, "no column 'pages'"),
        (of_another_kind, r"labels \['iban'\] in 60 documents"),
    ],
)
def test_a_base_is_named_in_the_error_when_it_gives_no_documents(
    base: Callable[[ModelSpec], pa.Table] | str, said: str
) -> None:
    with pytest.raises(MisconfiguredError, match=said) as caught:
        _fit(receipts(4), _beginning_with(base))
    name = base if isinstance(base, str) else base.__name__
    assert name in str(caught.value)


def test_the_receipts_base_labels_every_field_and_is_the_same_each_time() -> None:
    spec = specs.model("receipts")
    rows = receipts_base.documents(spec)
    receipts_base._documents.cache_clear()
    assert rows.equals(receipts_base.documents(spec))
    assert rows.num_rows == len(set(rows["document_id"].to_pylist())) == receipts_base.DOCUMENTS
    assert all(set(dict(row)) == set(spec.fields) for row in rows["fields"].to_pylist())


def test_merchants_of_the_receipts_base_are_in_no_sample() -> None:
    def merchants(rows: list[dict]) -> set[tuple[str, str]]:
        return {(row["company"], row["address"]) for row in rows}

    base = merchants([dict(row) for row in receipts_base.documents(SPEC)["fields"].to_pylist()])
    for seed in (3, 7, 103):
        shown = merchants([row["fields"] for row in documents(200, seed, merchants=50)])
        assert not base & shown
