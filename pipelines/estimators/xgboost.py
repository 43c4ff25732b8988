"""XGBoost for tables: the probability that a row's target is true, from its float32 columns.

Files are the library's own binary JSON (`model.ubj`) and `facts.json`, which names the columns
and holds the hash of the other: the library is not given a file that it did not write.
"""

from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import xgboost
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipelines import specs
from pipelines.contracts.names import PROBABILITY
from pipelines.contracts.spec import ModelSpec
from pipelines.errors import BadDataError, MisconfiguredError
from pipelines.estimators.contract import Progress

_MODEL = "model.ubj"
_FACTS = "facts.json"
# Sums of gradients are added in one order by one thread: with it XGBoost repeats itself exactly.
_FIXED: dict[str, Any] = {
    "objective": "binary:logistic",
    "tree_method": "hist",
    "nthread": 1,
    "verbosity": 0,
}


class Parameters(BaseModel):
    """Hyper-parameters, by XGBoost's meaning."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    trees: int = Field(default=200, ge=1)
    max_depth: int = Field(default=6, ge=1, le=20)
    learning_rate: float = Field(default=0.08, gt=0, le=1)
    min_child_weight: float = Field(default=5.0, ge=0)
    subsample: float = Field(default=0.8, gt=0, le=1)
    colsample_bytree: float = Field(default=0.7, gt=0, le=1)
    reg_lambda: float = Field(default=2.0, ge=0)


class _Facts(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    key: str
    target: str
    columns: list[str]
    parameters: Parameters
    seed: int
    rows: int
    positives: int
    sha256: str


class GradientBoosting:
    """Makes classifiers of the target that a spec names."""

    def fit(
        self, features: pa.Table, spec: ModelSpec, *, seed: int, progress: Progress
    ) -> "FittedBooster":
        """Learns from rows whose target is known, in their order.

        The inputs are the float32 columns of the spec's `features_schema`; NaN and null are
        missing. Raises BadDataError for a wrong table or a target that is always the same,
        MisconfiguredError for a spec without target or with unknown parameters.
        """
        chosen = _parameters(spec)
        if spec.target is None:
            raise MisconfiguredError(
                f"model {spec.name!r} declares no `target:`; add the column of its label to its "
                "model.yaml."
            )
        schema: pa.Schema = specs.resolve(spec.features_schema)(spec)
        columns = [field.name for field in schema if field.type == pa.float32()]
        matrix = _matrix(features, columns)
        label = _column(features, spec.target, pa.bool_()).to_numpy(zero_copy_only=False)
        known = np.array([value is not None for value in label], dtype=bool)
        matrix, label = matrix[known], label[known].astype(np.float32)
        positives = int(label.sum())
        if not 0 < positives < len(label):
            raise BadDataError(
                f"{spec.target!r} is true in {positives} of {len(label)} rows; both kinds are "
                "needed to tell them apart. Train on more rows."
            )
        progress(f"{chosen.trees} trees over {len(columns)} columns of {len(label)} rows")
        booster = xgboost.train(
            {**_FIXED, **chosen.model_dump(exclude={"trees"}), "seed": seed},
            xgboost.QuantileDMatrix(matrix, label, feature_names=columns, nthread=1),
            num_boost_round=chosen.trees,
        )
        # As it is loaded: what training leaves beside the trees must not make other bytes.
        content = bytes(booster.save_raw("ubj"))
        facts = _Facts(
            key=specs.key(spec),
            target=spec.target,
            columns=columns,
            parameters=chosen,
            seed=seed,
            rows=len(label),
            positives=positives,
            sha256=sha256(content).hexdigest(),
        )
        return FittedBooster(content, facts)

    def load(self, folder: Path) -> "FittedBooster":
        """Reads what `save` wrote; BadDataError where it is not that."""
        try:
            facts = _Facts.model_validate_json((folder / _FACTS).read_bytes())
            content = (folder / _MODEL).read_bytes()
        except (OSError, ValidationError) as error:
            raise BadDataError(
                f"folder {folder.name!r} holds no whole classifier: {error}. Give the whole "
                "folder that `save` wrote with this version of the code."
            ) from error
        if sha256(content).hexdigest() != facts.sha256:
            raise BadDataError(
                f"{_MODEL} in {folder.name!r} is not the file that {_FACTS} was written with. "
                "Restore both from a backup, or train again."
            )
        return FittedBooster(content, facts)


class FittedBooster:
    """A classifier that answers."""

    def __init__(self, content: bytes, facts: _Facts) -> None:
        self._content = content
        self._facts = facts
        self._booster = xgboost.Booster({"nthread": 1, "verbosity": 0})
        self._booster.load_model(bytearray(content))

    def predict(self, features: pa.Table) -> pa.Table:
        """Key and probability of each row; BadDataError on a wrong or missing column."""
        matrix = _matrix(features, self._facts.columns)
        keys = _column(features, self._facts.key, pa.string())
        found: npt.NDArray[np.float64] = np.zeros(0)
        if len(matrix):
            found = self._booster.inplace_predict(matrix).astype(np.float64)
        return pa.table({self._facts.key: keys, PROBABILITY: pa.array(found, pa.float64())})

    def save(self, folder: Path) -> None:
        """Writes both files into an existing folder."""
        (folder / _MODEL).write_bytes(self._content)
        (folder / _FACTS).write_text(self._facts.model_dump_json(indent=1), encoding="utf-8")

    def describe(self) -> dict[str, Any]:
        """Rows, parameters, and the share of the total gain of each column that is used."""
        gain: dict[str, Any] = self._booster.get_score(importance_type="total_gain")
        total = sum(gain.values()) or 1.0
        ranked = sorted(gain.items(), key=lambda item: (-item[1], item[0]))
        return {
            **self._facts.model_dump(exclude={"columns", "sha256", "key"}),
            "importance": {name: round(value / total, 6) for name, value in ranked},
        }


def _parameters(spec: ModelSpec) -> Parameters:
    try:
        return Parameters.model_validate(spec.parameters)
    except ValidationError as error:
        known = ", ".join(Parameters.model_fields)
        raise MisconfiguredError(
            f"`parameters:` of model {spec.name!r} do not fit: {error}. Known are {known}."
        ) from error


def _matrix(features: pa.Table, columns: list[str]) -> npt.NDArray[np.float32]:
    """Rows × columns; null and NaN as NaN."""
    found = np.empty((features.num_rows, len(columns)), dtype=np.float32)
    for place, name in enumerate(columns):
        column = _column(features, name, pa.float32())
        found[:, place] = column.to_numpy(zero_copy_only=False)
    return found


def _column(features: pa.Table, name: str, kind: pa.DataType) -> pa.Array:
    if name not in features.column_names or features[name].type != kind:
        given = "is missing" if name not in features.column_names else f"is {features[name].type}"
        raise BadDataError(
            f"features column {name!r} {given}, expected {kind}. Compute the features again with "
            "this version of the code."
        )
    column = features[name]
    return column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
