"""Deliveries of files and what a reader of the tables sees after the last one.

Each folder is one scenario: `given.csv` has a row a line of a document (deliveries in order; a
row whose `raw` is filled is delivered as that text), `then_published.csv` and
`then_quarantine.csv` what the tables hold. After each delivery the pending days are published.
"""

import csv
import json
from datetime import UTC, date, datetime
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

from pipelines.contracts import names
from pipelines.ingestion.land import LandSpec, run
from pipelines.lake.lake import Lake
from pipelines.lake.pending import pending_days
from pipelines.settings import Settings
from spark_jobs import ingest

pytestmark = pytest.mark.spark

SCENARIOS = sorted(path.parent for path in Path(__file__).parent.glob("*/given.csv"))


@pytest.mark.parametrize("folder", SCENARIOS, ids=lambda path: path.name)
def test_tables_hold_what_the_scenario_says(
    folder: Path, spark_settings: Settings, dataset: Any, tmp_path: Path
) -> None:
    name = dataset(f"scenario_{folder.name}", quarantine_limit=1.0)
    given = _read(folder / "given.csv")
    for number, (today, delivery) in enumerate(groupby(given, lambda row: row["today"])):
        file = tmp_path / f"delivery-{number}.jsonl"
        file.write_text("".join(_line(list(rows)) for _, rows in groupby(delivery, _document)))
        now = datetime.fromisoformat(today).replace(tzinfo=UTC)
        spec = LandSpec(dataset=name, files=(file,), today=date.fromisoformat(today), now=now)
        run(spec, settings=spark_settings, progress=lambda *_: None)
        days = pending_days(name, spark_settings)
        ingest.run(name, days, f"{name}-{number}", spark_settings)

    lake = Lake.open(spark_settings)
    published = _held(lake, names.published_table(name), [names.DAY, names.DOCUMENT_ID])
    refused = _held(lake, names.quarantine_table(name), [names.DAY, names.DOCUMENT_ID, names.RULE])
    assert published == _wanted(folder / "then_published.csv")
    assert refused == _wanted(folder / "then_quarantine.csv")
    delivered = {(row["today"], *_document(row)) for row in given}
    assert len(published) + len(refused) == len(delivered), "rows in = rows out + quarantined"


def _document(row: dict[str, str]) -> tuple[str, str, str]:
    return row["document_id"], row["received_at"], row["raw"]


def _line(rows: list[dict[str, str]]) -> str:
    first = rows[0]
    if first["raw"]:
        return first["raw"] + "\n"
    lines = [
        {"text": row["text"], "box": [float(side) for side in row["box"].split()]}
        for row in rows
        if row["text"]
    ]
    document = {
        "document_id": first["document_id"],
        "pages": [{"width": 400.0, "height": 800.0, "lines": lines}],
    }
    if first["received_at"]:
        document["received_at"] = first["received_at"]
    return json.dumps(document) + "\n"


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _held(lake: Lake, table: str, columns: list[str]) -> list[tuple[str, ...]]:
    if not lake.exists(table):
        return []
    rows = lake.read(table, columns=columns).to_pylist()
    return sorted(tuple(str(row[name] or "") for name in columns) for row in rows)


def _wanted(path: Path) -> list[tuple[str, ...]]:
    return sorted(tuple(row.values()) for row in _read(path))
