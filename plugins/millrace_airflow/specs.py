"""The data sets and models that the DAG families are made for."""

import functools

from pipelines import specs
from pipelines.contracts.names import PLANTS
from pipelines.contracts.spec import DatasetSpec, ModelSpec
from pipelines.settings import load

__all__ = ["PLANTS", "approvers", "datasets", "models", "reviewed", "settings"]

# Read once a process: a folder of DAGs asks for them many times.
settings = functools.cache(load)
_model = functools.cache(specs.model)


def datasets() -> list[DatasetSpec]:
    """Every data set under expectations/, by name."""
    return [specs.dataset(name) for name in specs.dataset_names()]


def models() -> list[ModelSpec]:
    """Every model under models/, by name."""
    return [_model(name) for name in specs.model_names()]


def reviewed() -> list[ModelSpec]:
    """Models whose predictions people review."""
    return [spec for spec in models() if spec.is_reviewed]


def approvers(spec: ModelSpec) -> tuple[str, ...]:
    """Who is asked about a model's versions: its approvers, else the admins."""
    return tuple(spec.approvers) or settings().admins
