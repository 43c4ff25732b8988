"""Tasks that can be evaluated, as model.yaml names them. A new one is a line here and a module."""

import importlib
from types import ModuleType

from pipelines.errors import MisconfiguredError

# A module has `evaluate(documents, predictions, spec, parts) -> Evaluation` and
# `importance(described) -> gain by feature by stage`, of what a fitted model says of itself.
_TASKS = {
    "extraction": "pipelines.evaluation.extraction",
}


def task(name: str) -> ModuleType:
    """The module that evaluates the task `name`; raises MisconfiguredError."""
    if name not in _TASKS:
        known = ", ".join(sorted(_TASKS))
        raise MisconfiguredError(
            f"there is no evaluation for task {name!r}; known: {known}. Mend `task:` in model.yaml."
        )
    return importlib.import_module(_TASKS[name])
