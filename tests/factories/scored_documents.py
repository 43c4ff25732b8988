"""A home whose champion answers published documents, for what is put to review."""

import pyarrow as pa
from factories.operations import NOW
from factories.receipts import page

from pipelines import specs
from pipelines.contracts import names
from pipelines.contracts.policy import ReviewPolicy
from pipelines.contracts.scoring import CHAMPION
from pipelines.extraction.schema import PREDICTIONS
from pipelines.ingestion.documents import landed_schema
from pipelines.lake import predictions
from pipelines.lake.lake import Lake
from pipelines.lake.predictions import DayState, Made
from pipelines.opsdb import queue
from pipelines.opsdb.database import OpsDb
from pipelines.reviewing import step
from pipelines.reviewing.step import ReviewSpec
from pipelines.settings import Settings

KEY = names.DOCUMENT_ID
DAYS = ("2026-11-19", "2026-11-20")
PUBLISHED = pa.schema([*landed_schema(), pa.field(names.DAY, pa.string())])
SCORED = pa.schema([
    *PREDICTIONS,
    pa.field(names.CONTENT_HASH, pa.string()),
    pa.field(names.DAY, pa.string()),
    pa.field(names.MODEL_VERSION, pa.int64()),
    pa.field(names.ROLE, pa.string()),
    pa.field(names.INPUT_SNAPSHOT_ID, pa.int64()),
])


class Home:
    """A home whose champion answers what is published, as a scoring run leaves it."""

    def __init__(self, folder, **policy):
        self.settings = Settings(home=folder)
        self.lake = Lake.open(self.settings)
        self.db = OpsDb.open(self.settings)
        self.spec = specs.model("receipts").model_copy(update={"review": ReviewPolicy(**policy)})
        self.rows: list[dict] = []

    def publish(self, *rows):
        self.rows += rows
        table = names.published_table("receipts")
        self.lake.create(table, PUBLISHED, [])
        return self.lake.append(table, pa.Table.from_pylist(list(rows), schema=PUBLISHED), {})

    def score(self, rows, version=3, sure=0.6, role=CHAMPION):
        """A run of one version over rows, at the newest snapshot."""
        snapshot = self.lake.current_snapshot(names.published_table("receipts"))
        table = names.predictions_table("receipts")
        self.lake.create(table, SCORED, [])
        made = Made(
            token="t",
            input_snapshot_id=snapshot,
            added={version: len(rows)},
            removed={},
            refused={},
        )
        states = {
            (version, day): DayState(
                published=snapshot, role=role, since=version, rows_in=len(rows), refused=0
            )
            for day in DAYS
        }
        found = [
            {
                KEY: row[KEY],
                names.FIELDS: [answer(name, sure) for name in self.spec.fields],
                names.CONTENT_HASH: row[names.CONTENT_HASH],
                names.DAY: row[names.DAY],
                names.MODEL_VERSION: version,
                names.ROLE: role,
                names.INPUT_SNAPSHOT_ID: snapshot,
            }
            for row in rows
        ]
        note = predictions.notes(states, made)
        return self.lake.append(table, pa.Table.from_pylist(found, schema=SCORED), note)

    def run(self, now=NOW):
        return step.run(
            ReviewSpec(model=self.spec),
            lake=self.lake,
            db=self.db,
            settings=self.settings,
            now=now,
        )

    def tasks(self):
        with self.db.read() as session:
            return queue.lines(session, "receipts", limit=1_000)


def answer(name, sure):
    boxes = [{"page": 0, "box": [1.0, 2.0, 3.0, 4.0]}]
    return {"name": name, "value": f"a {name}", "confidence": sure, "boxes": boxes}


def documents(count, first=0, fields=None):
    """Documents that have little in common."""
    return [
        {
            KEY: f"doc-{number:03d}",
            names.PAGES: [page([f"SHOP{number} ROAD{number} TOWN{number}", f"TOTAL {number}.00"])],
            names.FIELDS: None if fields is None else list(fields.items()),
            names.CONTENT_HASH: f"{number:064d}",
            names.DAY: DAYS[number % 2],
        }
        for number in range(first, first + count)
    ]
