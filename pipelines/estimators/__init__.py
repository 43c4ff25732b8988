"""One contract over every learning library, and the table of what can be named in model.yaml."""

from pipelines.estimators.contract import Estimator, FittedModel
from pipelines.estimators.table import estimator

__all__ = ["Estimator", "FittedModel", "estimator"]
