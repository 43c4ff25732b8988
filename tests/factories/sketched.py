"""The embedded samples as published days with predictions, for tests of what is watched."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from factories.published import published_day

from pipelines import specs
from pipelines.contracts import names
from pipelines.contracts.scoring import CHAMPION
from pipelines.contracts.spec import ModelSpec
from pipelines.ingestion.record import Block, Limits, Record
from pipelines.lake.lake import Lake
from pipelines.lake.predictions import DayState, Made, notes
from pipelines.lake.published import notes as noted
from pipelines.lake.published import publications
from spark_jobs.tables import published_schema

_LIMITS = Limits(max_line_bytes=10**7, max_file_bytes=10**9, max_image_pixels=10**8)


def sample(dataset: str, rows: int, folder: Path) -> dict[str, pa.Table]:
    """The generated sample by its days, read as ingestion reads it; without the column DAY."""
    spec = specs.dataset(dataset)
    path = specs.resolve(spec.sample)(rows, 7, folder / f"{dataset}.jsonl").path
    schema: pa.Schema = specs.resolve(spec.schema_)()
    kept = pa.schema([one for one in published_schema(schema) if one.name != names.DAY])
    blocks, records = [], []
    for found in specs.resolve(spec.formats[spec.default_format])(path, _LIMITS):
        if isinstance(found, Block):
            blocks.append((found.rows, found.at))
        elif isinstance(found, Record):
            records.append((found.values, found.at))
    if blocks:
        whole = pa.concat_tables([rows for rows, _ in blocks])
        at = pa.concat_arrays([
            one for _, block in blocks for one in pa.chunked_array([block]).chunks
        ])
    else:
        fields = [{**one, names.FIELDS: [*(one[names.FIELDS] or {}).items()]} for one, _ in records]
        whole = pa.Table.from_pylist(fields, schema=schema)
        at = pa.array([one for _, one in records], pa.timestamp("us", tz="UTC"))
    columns = [
        whole[one.name] if one.name in whole.column_names else pa.nulls(whole.num_rows, one.type)
        for one in kept
    ]
    whole, days = pa.table(columns, schema=kept), pc.strftime(at, format="%Y-%m-%d")
    return {
        day: whole.filter(pc.equal(days, pa.scalar(day)))
        for day in sorted(pc.unique(days).to_pylist())
    }


def publish(lake: Lake, dataset: str, days: dict[str, pa.Table]) -> None:
    """Puts all days into a table that is not there yet, by one commit as ingestion does."""
    table = names.published_table(dataset)
    whole = pa.concat_tables([
        rows.append_column(names.DAY, pa.array([day] * len(rows), pa.string()))
        for day, rows in days.items()
    ])
    states = {day: published_day(f"files of {day}", len(rows)) for day, rows in days.items()}
    lake.create(table, whole.schema, [names.DAY])
    lake.append(table, whole, noted(states))


def predict(lake: Lake, spec: ModelSpec, version: int, seed: int = 1) -> None:
    """Predictions of all published rows as the job `score` leaves them, drawn by chance."""
    table, source = names.predictions_table(spec.name), names.published_table(spec.dataset)
    key = specs.key(spec)
    rows = lake.read(source).sort_by(key)  # the same answers in every home
    draw = np.random.default_rng(seed)
    sure = draw.beta(2, 1, size=(rows.num_rows, max(1, len(spec.fields))))
    answers: dict[str, pa.Array] = {names.PROBABILITY: pa.array(sure[:, 0])}
    if spec.fields:
        answers = {names.FIELDS: _fields(spec, sure)}
    found = pa.table({
        key: rows[key],
        **answers,
        names.DAY: rows[names.DAY],
        names.CONTENT_HASH: rows[names.CONTENT_HASH],
        names.MODEL_VERSION: pa.array([version] * rows.num_rows, pa.int32()),
        names.ROLE: [CHAMPION] * rows.num_rows,
        names.INPUT_SNAPSHOT_ID: pa.array([1] * rows.num_rows, pa.int64()),
    })
    lake.create(table, found.schema, [names.DAY, names.MODEL_VERSION])
    snapshot = lake.current_snapshot(source) or 0
    states = {
        (version, day): DayState(
            published=one.snapshot_id, role=CHAMPION, since=version, rows_in=one.rows, refused=0
        )
        for day, one in publications(lake, spec.dataset, snapshot).items()
    }
    made = Made(token="t", input_snapshot_id=snapshot, added={}, removed={}, refused={})
    lake.append(table, found, notes(states, made))


def _fields(spec: ModelSpec, sure: np.ndarray) -> pa.Array:
    values = [
        [
            {
                "name": field,
                "value": None if one < 0.3 else f"Shop {int(one * 5)}",
                "confidence": float(one),
                "boxes": [],
            }
            for field, one in zip(spec.fields, row, strict=True)
        ]
        for row in sure
    ]
    place = pa.struct({"page": pa.int32(), "box": pa.list_(pa.float64())})
    field = {"name": pa.string(), "value": pa.string(), "confidence": pa.float64()}
    return pa.array(values, pa.list_(pa.struct(field | {"boxes": pa.list_(place)})))
