"""Names of estimators as model.yaml uses them. A new one is a line here and a module."""

import importlib

from pipelines.errors import MisconfiguredError
from pipelines.estimators.contract import Estimator

# Modules are imported when they are asked for: none pays for a library it does not use.
_ESTIMATORS = {
    "extraction": ("pipelines.extraction.estimator", "FieldExtractor"),
    "xgboost": ("pipelines.estimators.xgboost", "GradientBoosting"),
}


def estimator(name: str) -> Estimator:
    """The estimator registered as `name`; raises MisconfiguredError."""
    if name not in _ESTIMATORS:
        known = ", ".join(sorted(_ESTIMATORS))
        raise MisconfiguredError(
            f"there is no estimator {name!r}; known: {known}. Mend `estimator:` in model.yaml."
        )
    module, attribute = _ESTIMATORS[name]
    made: Estimator = getattr(importlib.import_module(module), attribute)()
    return made
