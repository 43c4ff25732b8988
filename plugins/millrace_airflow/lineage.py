"""OpenLineage for our tasks: which tables and versions a task read and made, as its result says.

Loaded by the provider alone, where `MILLRACE_LINEAGE` is on; named in
pipelines/services/environment.py. The provider sends the events.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from airflow.providers.openlineage.extractors.base import BaseExtractor, OperatorLineage
from openlineage.client.event_v2 import Dataset
from openlineage.client.facet_v2 import DatasetFacet
from openlineage.client.generated.dataset_version_dataset import DatasetVersionDatasetFacet

from pipelines import specs
from pipelines.contracts import names
from pipelines.contracts.telemetry import family_and_name
from pipelines.settings import Settings, load

MODELS = "mlflow"
"""Namespace of the versions of models; the tables' is where the lake is."""


class MillraceExtractor(BaseExtractor):
    """Datasets of one task: those of its assets, and at its end those of its result."""

    @classmethod
    def get_operator_classnames(cls) -> list[str]:
        """What our DAGs are made of."""
        return [
            "SparkJobOperator",
            "_PythonDecoratedOperator",
            "DecisionOperator",
            "RollbackOperator",
            "CorrectionSensor",
        ]

    def _execute_extraction(self) -> OperatorLineage | None:
        return self._lineage(None)

    def extract_on_complete(self, task_instance: Any) -> OperatorLineage | None:
        """With what the task returned."""
        return self._lineage(task_instance.xcom_pull(map_indexes=task_instance.map_index))

    def extract_on_failure(self, task_instance: Any) -> OperatorLineage | None:
        """A task that failed returned nothing."""
        return self._lineage(None)

    def _lineage(self, result: Any) -> OperatorLineage:
        settings, known = load(), family_and_name(self.operator.dag_id)
        inputs = [_of_asset(asset.name, settings) for asset in _assets(self.operator.inlets)]
        outputs = [_of_asset(asset.name, settings) for asset in _assets(self.operator.outlets)]
        if known is not None:
            inputs += _inputs(*known, result, settings)
            outputs += _outputs(result, settings)
        return OperatorLineage(inputs=_once(inputs), outputs=_once(outputs))


def _inputs(family: str, name: str, result: Any, settings: Settings) -> Iterator[Dataset]:
    for part in _objects(result):
        if "landed" in part:
            yield Dataset(namespace=settings.landing.as_uri(), name=name)
        if family != "ingest" and isinstance(part.get("input_snapshot_id"), int):
            published = names.published_table(specs.model(name).dataset)
            yield _table(published, part["input_snapshot_id"], settings)
        if isinstance(part.get("features_snapshot_id"), int):
            yield _table(names.features_table(name), part["features_snapshot_id"], settings)
        if family == "score" and isinstance(part.get("version"), int):
            yield _version(name, part["version"])


def _outputs(result: Any, settings: Settings) -> Iterator[Dataset]:
    for part in _objects(result):
        if isinstance(part.get("table"), str):
            yield _table(part["table"], part.get("snapshot_id"), settings)
        if "model_uri" in part:
            yield _version(part["model"], part["version"])


def _objects(result: Any) -> Iterator[Mapping[str, Any]]:
    """A result and what is in it."""
    if isinstance(result, Mapping):
        yield result
        result = list(result.values())
    if isinstance(result, list):
        for one in result:
            if isinstance(one, Mapping | list):
                yield from _objects(one)


def _assets(declared: Iterable[Any]) -> list[Any]:
    return [one for one in declared if hasattr(one, "name") and hasattr(one, "uri")]


def _of_asset(name: str, settings: Settings) -> Dataset:
    kind, _, of = name.partition("/")
    if kind == "data":
        return _table(names.published_table(of), None, settings)
    if kind == "scored":
        return _table(names.predictions_table(of), None, settings)
    return Dataset(namespace=MODELS, name=name)


def _table(table: str, snapshot: int | None, settings: Settings) -> Dataset:
    facets: dict[str, DatasetFacet] = {}
    if snapshot is not None:
        facets["version"] = DatasetVersionDatasetFacet(datasetVersion=str(snapshot))
    return Dataset(namespace=settings.warehouse, name=table, facets=facets)


def _version(model: str, version: int) -> Dataset:
    return Dataset(namespace=MODELS, name=f"models:/{model}/{version}")


def _once(found: Iterable[Dataset]) -> list[Dataset]:
    """Each dataset once; the one that names its snapshot goes before the one that does not."""
    kept: dict[tuple[str, str], Dataset] = {}
    for one in found:
        key = (one.namespace, one.name)
        if key not in kept or one.facets:
            kept[key] = one
    return list(kept.values())
