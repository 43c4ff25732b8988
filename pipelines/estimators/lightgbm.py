"""LightGBM behind one small class: binary trees that are the same bytes for the same rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import lightgbm
import numpy as np
import numpy.typing as npt

from pipelines.errors import BadDataError

Matrix = npt.NDArray[np.float32]
Vector = npt.NDArray[np.float64]

# Rows are scanned in one order by one thread: with these LightGBM repeats itself exactly.
# More threads gain little on tables of this size and would cost the same bytes.
_FIXED = {
    "objective": "binary",
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 1,
    "verbosity": -1,
    "feature_pre_filter": False,
}


@dataclass(frozen=True)
class Trees:
    """A fitted ensemble."""

    booster: lightgbm.Booster

    @classmethod
    def fit(
        cls,
        features: Matrix,
        target: npt.NDArray[np.bool_],
        weight: Vector,
        *,
        names: Sequence[str],
        trees: int,
        seed: int,
        **parameters: float,
    ) -> "Trees":
        """Learns the probability of `target`; rows of features must not be empty.

        `parameters` are LightGBM's own names (`num_leaves`, `learning_rate`, …).
        """
        data = lightgbm.Dataset(
            features, target.astype(np.float32), weight=weight, feature_name=list(names)
        )
        settings = _FIXED | {"seed": seed} | parameters
        return cls(lightgbm.train(settings, data, num_boost_round=trees))

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns, in their order."""
        return tuple(self.booster.feature_name())

    def predict(self, features: Matrix) -> Vector:
        """Probability of each row; a row's does not depend on the others. NaN is missing."""
        if not len(features):
            return np.zeros(0)
        predicted: Vector = np.asarray(
            self.booster.predict(features, num_threads=1), dtype=np.float64
        )
        return predicted

    def save(self, path: Path) -> None:
        """Writes LightGBM's own text format."""
        path.write_text(self.booster.model_to_string(), encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> "Trees":
        """Reads what `save` wrote; BadDataError where the file is missing or is not that."""
        try:
            text = path.read_text(encoding="utf-8")
            return cls(lightgbm.Booster(model_str=text))
        except (OSError, UnicodeDecodeError, lightgbm.basic.LightGBMError) as error:
            raise BadDataError(
                f"{path.name} is not a LightGBM text model: {error}. "
                "Take the whole folder of a saved model."
            ) from error

    def importance(self) -> dict[str, float]:
        """Share of the total gain of each feature that is used, largest first."""
        gain = self.booster.feature_importance("gain")
        total = float(gain.sum()) or 1.0
        ranked = sorted(zip(self.booster.feature_name(), gain, strict=True), key=lambda g: -g[1])
        return {name: round(float(value) / total, 4) for name, value in ranked if value > 0}
