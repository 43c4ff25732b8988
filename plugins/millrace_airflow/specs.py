"""The data sets and models that the DAG families are made for."""

from pipelines import specs
from pipelines.contracts.spec import DatasetSpec, ModelSpec


def datasets() -> list[DatasetSpec]:
    """Every data set under expectations/, by name."""
    return [specs.dataset(name) for name in specs.dataset_names()]


def models() -> list[ModelSpec]:
    """Every model under models/, by name."""
    return [specs.model(name) for name in specs.model_names()]
