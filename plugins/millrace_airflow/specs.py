"""The data sets and models that the DAG families are made for."""

from pipelines import settings, specs
from pipelines.contracts.names import PLANTS
from pipelines.contracts.spec import DatasetSpec, ModelSpec

__all__ = ["PLANTS", "approvers", "datasets", "models", "reviewed"]


def datasets() -> list[DatasetSpec]:
    """Every data set under expectations/, by name."""
    return [specs.dataset(name) for name in specs.dataset_names()]


def models() -> list[ModelSpec]:
    """Every model under models/, by name."""
    return [specs.model(name) for name in specs.model_names()]


def reviewed() -> list[ModelSpec]:
    """Models whose predictions people review field by field."""
    return [spec for spec in models() if spec.fields]


def approvers(spec: ModelSpec) -> tuple[str, ...]:
    """Who is asked about a model's versions: its approvers, else the admins."""
    return tuple(spec.approvers) or settings.load().admins
