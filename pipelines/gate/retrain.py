"""Trains a model on its data set's generated sample, in this process: for the merge gate.

The same functions as in production (reader, features, split, estimator), without a lake, a
registry or Spark between them.
"""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from pipelines import estimators, features, specs
from pipelines.contracts import names
from pipelines.contracts.spec import ModelSpec
from pipelines.errors import BadDataError, MisconfiguredError
from pipelines.estimators.artefact import Artefact
from pipelines.ingestion.record import Block, Found, Limits, Record, Refusal
from pipelines.settings import Settings
from pipelines.tasks import task
from pipelines.training.split import split, split_by_time

Spoil = Callable[[pa.Table], pa.Table]


@dataclass(frozen=True)
class Retrained:
    """A model, and the labelled rows that it has not seen, with their part and its answers."""

    model: Artefact
    trained: pa.Table
    tested: pa.Table
    predictions: pa.Table


def sample(spec: ModelSpec, n: int, seed: int, **more: Any) -> pa.Table:
    """Rows of the generated sample as they would be published; raises MisconfiguredError.

    `more` goes to the generator of the data set.
    """
    dataset = specs.dataset(spec.dataset)
    if dataset.sample is None:
        raise MisconfiguredError(
            f"data set {dataset.name!r} names no generator of a sample; a model is compared with "
            "its baseline on one. Add `sample:` to its dataset.yaml."
        )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sample.jsonl"
        made = specs.resolve(dataset.sample)(n, seed, path, **more)
        read = specs.resolve(dataset.formats[dataset.default_format])
        found = list(read(made.path, Limits.of(Settings())))
    schema = specs.resolve(dataset.schema_)()
    return _published(found, schema).sort_by(dataset.key)


def retrain(spec: ModelSpec, rows: pa.Table, spoil: Spoil = lambda train: train) -> Retrained:
    """Trains on the training part of `rows`, after `spoil`, and answers the test parts."""
    kind, key = task(spec.task), specs.key(spec)
    found = kind.examples(rows, spec)
    parts = (
        split(found.groups, found.contents, spec.split)
        if spec.split.time is None
        else split_by_time(found.groups, found.times, spec.split)
    )
    part = dict(zip(found.keys, parts, strict=True))
    computed = features.compute(rows, spec)
    train = _part(computed, key, part, (names.TRAIN,))
    test = _part(computed, key, part, names.TEST_PARTS)
    fitted = estimators.estimator(spec.estimator).fit(
        spoil(train), spec, seed=spec.seed, progress=lambda _: None
    )
    labelled = rows.append_column(
        names.PART, pa.array([part.get(row) for row in rows[key].to_pylist()], pa.string())
    )
    return Retrained(
        model=Artefact(spec, fitted),
        trained=_part(labelled, key, part, (names.TRAIN,)),
        tested=_part(labelled, key, part, names.TEST_PARTS),
        predictions=fitted.predict(test),
    )


def _published(found: list[Found], schema: pa.Schema) -> pa.Table:
    """Read rows with their day; raises BadDataError where the generator made a refused one."""
    refused = [one for one in found if isinstance(one, Refusal)]
    if refused:
        raise BadDataError(
            f"{len(refused)} rows of the generated sample are refused, the first one because "
            f"{refused[0].reason}. Mend the generator or the reader."
        )
    schema = schema.append(pa.field(names.DAY, pa.string()))
    tables = []
    records = [one for one in found if isinstance(one, Record)]
    if records:
        rows = [{**one.values, names.DAY: _day(one.at)} for one in records]
        tables.append(pa.Table.from_pylist(rows, schema=schema))
    for block in (one for one in found if isinstance(one, Block)):
        days = pc.strftime(block.at, format="%Y-%m-%d")
        rows_of = block.rows.append_column(names.DAY, days)
        tables.append(
            rows_of.select([name for name in schema.names if name in rows_of.schema.names])
        )
    return pa.concat_tables(tables, promote_options="default").combine_chunks()


def _day(at: datetime | None) -> str | None:
    return None if at is None else at.astimezone(UTC).date().isoformat()


def _part(rows: pa.Table, key: str, part: dict[str, str], wanted: tuple[str, ...]) -> pa.Table:
    mask = [part.get(row) in wanted for row in rows[key].to_pylist()]
    return rows.filter(pa.array(mask, pa.bool_()))
