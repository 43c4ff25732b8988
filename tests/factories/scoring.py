"""Published days, and models small enough to see through, for tests of batch scoring.

Spark's workers import the feature functions from here.
"""

from pathlib import Path

import pyarrow as pa
from factories.published import published_day
from factories.purchases import features as learned_from
from factories.purchases import schema as columns
from factories.purchases import spec as purchases
from pyiceberg.expressions import AlwaysTrue, EqualTo

from pipelines.contracts import names
from pipelines.contracts.scoring import Pinned, Role
from pipelines.contracts.spec import ModelSpec
from pipelines.estimators import estimator
from pipelines.estimators.artefact import Artefact
from pipelines.lake.lake import Lake
from pipelines.lake.published import notes
from pipelines.settings import Settings

POISON = "POISON"
"""Text of a document whose features cannot be computed."""


def schema(spec: ModelSpec) -> pa.Schema:
    return columns(spec)


def compute(rows: pa.Table, spec: ModelSpec) -> pa.Table:
    """The number in the id as amount; refuses poisoned documents."""
    found = []
    for row in rows.select([names.DOCUMENT_ID, names.PAGES]).to_pylist():
        if row[names.PAGES][0]["lines"][0]["text"] == POISON:
            raise ValueError("this document is poisoned")
        number = float(row[names.DOCUMENT_ID].removeprefix("doc-"))
        found.append((row[names.DOCUMENT_ID], None, number, 1.0))
    by_column = list(zip(*found, strict=True)) or [[]] * 4
    return pa.table({
        field.name: pa.array(by_column[at], field.type) for at, field in enumerate(schema(spec))
    })


def spec(name: str, dataset: str, **changes: object) -> ModelSpec:
    """A model of documents with the features above and a few trees."""
    found = {
        "name": name,
        "dataset": dataset,
        "task": "extraction",
        "features": f"{__name__}:compute",
        "features_schema": f"{__name__}:schema",
    }
    return purchases(**found | changes)


def fit(model: ModelSpec, seed: int = 1) -> Artefact:
    """Another seed learns with another shape of trees, and answers otherwise."""
    parameters = model.parameters | {"trees": 5 + seed}
    chosen = model.model_copy(update={"parameters": parameters})
    engine = estimator(model.estimator)
    return Artefact(model, engine.fit(learned_from(), chosen, seed=seed, progress=lambda _: None))


def pin(
    artefact: Artefact,
    folder: Path,
    version: int,
    role: Role = "champion",
    since: int | None = None,
) -> Pinned:
    """The artefact as a registered version with its files in `folder`."""
    place = folder / f"version-{version}"
    return Pinned(
        version=version,
        role=role,
        since=version if since is None else since,
        location=place.as_uri(),
        artefact_hash=artefact.save(place),
    )


def publish(settings: Settings, dataset: str, days: dict[str, pa.Table]) -> int:
    """Puts each day in the place of what it held, as ingestion does; the newest snapshot.

    A day may be empty. The tables have no column for the day.
    """
    lake, table = Lake.open(settings), names.published_table(dataset)
    for day, rows in days.items():
        whole = rows.append_column(names.DAY, pa.array([day] * len(rows), pa.string()))
        lake.create(table, whole.schema, [names.DAY])
        state = published_day(f"files of {day}", len(rows))
        found = lake._catalog.load_table(table)
        found.overwrite(whole, EqualTo(names.DAY, day), snapshot_properties=notes({day: state}))
    snapshot = lake.current_snapshot(table)
    assert snapshot is not None
    return snapshot


def clear(settings: Settings, table: str) -> None:
    """Takes every row out of a table that tests share."""
    lake = Lake.open(settings)
    if lake.exists(table):
        lake._catalog.load_table(table).delete(AlwaysTrue())


def of_card(rows: pa.Table, model: ModelSpec) -> pa.Table:
    """How many rows a card has; fails where one of the cards is the poisoned one."""
    return _counted(rows, "customer_id")


def of_shop(rows: pa.Table, model: ModelSpec) -> pa.Table:
    """The same of a terminal."""
    return _counted(rows, "terminal_id")


def _counted(rows: pa.Table, column: str) -> pa.Table:
    values = rows[column].to_pylist()
    if POISON in values:
        raise ValueError("this group is poisoned")
    counts = pa.array([values.count(value) for value in values], pa.int64())
    return rows.append_column(f"count_{column}", counts)
