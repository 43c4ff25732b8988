"""What every estimator must do. A new one joins by one line in CASES."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pytest

from pipelines.contracts.spec import ModelSpec
from pipelines.errors import BadDataError, MisconfiguredError
from pipelines.estimators import Estimator, FittedModel, estimator
from pipelines.extraction import features
from tests.factories import purchases
from tests.factories.documents import extraction_spec, receipts


@dataclass(frozen=True)
class Case:
    """An estimator by its registered name, with data it can learn from."""

    name: str
    spec: ModelSpec
    features: Callable[[], pa.Table]


def _receipts() -> pa.Table:
    return features.compute(receipts(30), extraction_spec())


CASES = [
    Case("extraction", extraction_spec(), _receipts),
    Case("xgboost", purchases.spec(), purchases.features),
]


@dataclass(frozen=True)
class Fitted:
    """A case after one training."""

    case: Case
    estimator: Estimator
    table: pa.Table
    model: FittedModel
    predicted: pa.Table


def _fit(case: Case, table: pa.Table) -> FittedModel:
    return estimator(case.name).fit(table, case.spec, seed=3, progress=lambda _: None)


@pytest.fixture(scope="module", params=CASES, ids=lambda case: case.name)
def fitted(request: pytest.FixtureRequest) -> Fitted:
    case: Case = request.param
    table = case.features()
    model = _fit(case, table)
    return Fitted(case, estimator(case.name), table, model, model.predict(table))


def _files(model: FittedModel, folder: Path) -> dict[str, bytes]:
    folder.mkdir()
    model.save(folder)
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def test_estimator_writes_the_same_bytes_when_trained_again(fitted: Fitted, tmp_path: Path) -> None:
    again = _fit(fitted.case, fitted.table)
    first, second = _files(fitted.model, tmp_path / "a"), _files(again, tmp_path / "b")
    assert first.keys() == second.keys()
    assert [name for name in first if first[name] != second[name]] == []


def test_estimator_pickles_nothing_when_saved(fitted: Fitted, tmp_path: Path) -> None:
    for name, content in _files(fitted.model, tmp_path / "a").items():
        assert not name.endswith((".pkl", ".pickle", ".joblib")), name
        assert not content.startswith(b"\x80"), name  # the first byte of a pickle


def test_estimator_ignores_order_and_extra_columns_when_predicting(fitted: Fitted) -> None:
    names = list(reversed(fitted.table.column_names))
    other = fitted.table.select(names).append_column("extra", pa.nulls(fitted.table.num_rows))
    assert fitted.model.predict(other).equals(fitted.predicted)


def test_estimator_refuses_the_table_when_a_column_is_missing(fitted: Fitted) -> None:
    name = fitted.table.column_names[-1]
    with pytest.raises(BadDataError, match=name):
        fitted.model.predict(fitted.table.drop_columns([name]))
    with pytest.raises(BadDataError, match=name):
        _fit(fitted.case, fitted.table.drop_columns([name]))


def test_estimator_refuses_the_table_when_a_column_has_another_type(fitted: Fitted) -> None:
    name = fitted.table.column_names[-1]
    place = fitted.table.column_names.index(name)
    wrong = pa.array(["text"] * fitted.table.num_rows)
    with pytest.raises(BadDataError):
        fitted.model.predict(fitted.table.set_column(place, name, wrong))


def test_estimator_answers_each_row_alike_when_rows_come_in_other_batches(fitted: Fitted) -> None:
    rows = fitted.table.num_rows
    one_by_one = [fitted.model.predict(fitted.table.slice(row, 1)) for row in range(rows)]
    assert pa.concat_tables(one_by_one).to_pylist() == fitted.predicted.to_pylist()
    order = list(reversed(range(rows)))
    backwards = fitted.model.predict(fitted.table.take(order))
    assert backwards.to_pylist() == fitted.predicted.take(order).to_pylist()


def test_estimator_answers_nothing_when_there_is_no_row(fitted: Fitted) -> None:
    empty = fitted.model.predict(fitted.table.slice(0, 0))
    assert empty.num_rows == 0
    assert empty.schema == fitted.predicted.schema


def _with_nan(table: pa.Table) -> pa.Table:
    """The table with NaN in place of every single-precision feature."""
    columns = []
    for field, column in zip(table.schema, table.columns, strict=True):
        if field.type == pa.list_(pa.float32()):
            rows = [[float("nan")] * len(row) for row in column.to_pylist()]
            columns.append(pa.array(rows, field.type))
        else:
            columns.append(column)
    return pa.table(columns, schema=table.schema)


def test_estimator_takes_or_refuses_the_row_when_features_are_nan(fitted: Fitted) -> None:
    try:
        predicted = fitted.model.predict(_with_nan(fitted.table))
    except BadDataError as error:
        assert "NaN" in str(error)
    else:
        assert predicted.num_rows == fitted.table.num_rows


def test_estimator_answers_alike_when_saved_and_loaded(fitted: Fitted, tmp_path: Path) -> None:
    files = _files(fitted.model, tmp_path / "a")
    loaded = fitted.estimator.load(tmp_path / "a")
    assert loaded.predict(fitted.table).equals(fitted.predicted)
    assert loaded.describe() == fitted.model.describe()
    assert _files(loaded, tmp_path / "b") == files


def test_estimator_refuses_the_folder_when_any_file_is_missing_or_cut(
    fitted: Fitted, tmp_path: Path
) -> None:
    with pytest.raises(BadDataError):
        fitted.estimator.load(tmp_path / "nowhere")
    files = _files(fitted.model, tmp_path / "a")
    for name, content in files.items():
        path = tmp_path / "a" / name
        path.unlink()
        with pytest.raises(BadDataError):
            fitted.estimator.load(tmp_path / "a")
        path.write_bytes(content[: len(content) // 2])
        with pytest.raises(BadDataError):
            fitted.estimator.load(tmp_path / "a")
        path.write_bytes(content)


def test_estimator_refuses_the_spec_when_a_parameter_is_unknown(fitted: Fitted) -> None:
    spec = fitted.case.spec.model_copy(update={"parameters": {"no_such_parameter": 1}})
    with pytest.raises(MisconfiguredError, match="no_such_parameter"):
        fitted.estimator.fit(fitted.table, spec, seed=3, progress=lambda _: None)
