"""After a scoring run: tasks within the day's budget, once, and no content a second time."""

from datetime import timedelta

import pyarrow as pa
import pytest
from factories.corrections import correction, write
from factories.operations import NOW
from factories.receipts import page

from pipelines import specs
from pipelines.contracts import names
from pipelines.contracts.policy import ReviewPolicy
from pipelines.contracts.scoring import CHAMPION
from pipelines.errors import MisconfiguredError, NotFoundError
from pipelines.extraction.schema import PREDICTIONS
from pipelines.ingestion.documents import landed_schema
from pipelines.lake import predictions
from pipelines.lake.golden import freeze, with_parts
from pipelines.lake.lake import Lake
from pipelines.lake.predictions import DayState, Made
from pipelines.opsdb import incidents, queue, reviewing
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


def test_a_scoring_run_asks_within_the_budget_and_once(tmp_path):
    home = Home(tmp_path, per_day=10, audit_share=0.3)
    rows = documents(40)
    home.publish(*rows)
    home.score(rows)
    result = home.run()
    assert (result.pool, result.audit_pool, result.left) == (40, 40, 0)
    assert result.asked == {"audit": 3, "uncertain": 7}
    found = home.tasks()
    assert len(found) == len({task.document_id for task in found}) == 10
    assert home.run(NOW + timedelta(days=2)) == result
    assert len(home.tasks()) == 10


def test_a_run_that_was_killed_after_its_tasks_were_written_asks_nothing_more(tmp_path):
    home = Home(tmp_path, per_day=10, audit_share=0.3)
    rows = documents(40)
    home.publish(*rows)
    home.score(rows)
    home.run()
    before = home.tasks()
    for folder in (home.settings.runs / "review" / "receipts").iterdir():
        if folder.is_dir():
            (folder / "result.json").unlink()
            folder.rmdir()
    assert home.run().asked["uncertain"] == 0
    assert home.tasks() == before


def test_the_next_run_asks_the_rest_of_the_day_and_no_content_again(tmp_path):
    home = Home(tmp_path, per_day=10, audit_share=0.3)
    first = documents(4)
    home.publish(*first)
    home.score(first)
    assert home.run().asked == {"audit": 3, "uncertain": 1}
    copies = [row | {KEY: f"copy-{row[KEY]}"} for row in first]
    fresh = documents(30, first=100)
    home.publish(*copies, *fresh)
    home.score([*copies, *fresh])
    second = home.run()
    # Documents of a content are one; four of them were scored before and had their chance.
    assert (second.pool, second.audit_pool) == (34, 30)
    assert second.asked == {"audit": 0, "uncertain": 6}
    contents = {row[KEY]: row[names.CONTENT_HASH] for row in home.rows}
    asked = [contents[task.document_id] for task in home.tasks()]
    assert len(asked) == len(set(asked)) == 10
    assert home.run(NOW + timedelta(days=1)) == second


def test_an_audit_task_carries_its_chance_and_asks_every_field_before_all_doubts(tmp_path):
    home = Home(tmp_path, per_day=10, audit_share=0.2)
    rows = documents(50)
    home.publish(*rows)
    home.score(rows, sure=0.97)
    home.run()
    tasks = home.tasks()
    with home.db.read() as session:
        found = [reviewing.task(session, task.task_id) for task in tasks]
    audits = [task for task in found if task.reason == "audit"]
    doubts = [task for task in found if task.reason == "uncertain"]
    assert {task.chance for task in audits} == {2 / 50}
    assert all(task.fields == [*home.spec.fields] for task in audits)
    assert min(task.priority for task in audits) > max(task.priority for task in doubts)
    assert all(task.document.fields is None for task in found)
    assert found[0].predictions["total"].boxes[0].box == [1.0, 2.0, 3.0, 4.0]


def test_what_a_new_champion_answers_again_is_no_audit_population(tmp_path):
    home = Home(tmp_path, per_day=6, audit_share=0.5)
    rows = documents(20)
    home.publish(*rows)
    home.score(rows)
    home.run()
    home.score(rows, version=4, sure=0.5)
    again = home.run(NOW + timedelta(days=1))
    assert (again.version, again.audit_pool) == (4, 0)
    assert again.asked == {"audit": 0, "uncertain": 3}


def test_documents_whose_truth_is_known_are_not_asked(tmp_path):
    home = Home(tmp_path, per_day=30, audit_share=0)
    known = dict.fromkeys(home.spec.fields, "x")
    labelled, part, bare, golden, corrected = (
        *(documents(1, n, fields) for n, fields in ((0, known), (1, {"total": "1.00"}))),
        *(documents(1, n) for n in (2, 3, 4)),
    )
    rows = [*labelled, *part, *bare, *golden, *corrected]
    snapshot = home.publish(*rows)
    published = home.lake.read(names.published_table("receipts"))
    frozen = with_parts(published, KEY, {golden[0][KEY]: names.SEEN_GROUP})
    freeze(home.lake, home.settings, "receipts", KEY, frozen, snapshot, 5)
    write(home.db, correction(corrected[0][KEY], content_hash=corrected[0][names.CONTENT_HASH]))
    home.score(rows)
    assert home.run().asked["uncertain"] == 2
    asked = {task.document_id: task for task in home.tasks()}
    assert asked.keys() == {part[0][KEY], bare[0][KEY]}
    with home.db.read() as session:
        fields = reviewing.task(session, asked[part[0][KEY]].task_id).fields
    assert "total" not in fields


def test_cheap_fields_are_left_when_doubts_are_equal(tmp_path):
    home = Home(
        tmp_path, per_day=5, audit_share=0, field_costs={"total": 10, "date": 0, "address": 0.1}
    )
    rows = documents(20)
    home.publish(*rows)
    home.score(rows)
    home.run()
    with home.db.read() as session:
        found = [reviewing.task(session, task.task_id) for task in home.tasks()]
    assert all(task.fields == ["total"] for task in found)


def test_nothing_is_reviewed_when_nothing_was_scored(tmp_path):
    with pytest.raises(NotFoundError, match="millrace run score"):
        Home(tmp_path).run()


def test_a_document_that_is_gone_or_changed_since_it_was_scored_is_not_asked(tmp_path):
    home = Home(tmp_path, per_day=10, audit_share=0.5)
    rows = documents(3)
    home.publish(rows[0], rows[1] | {names.CONTENT_HASH: "another"})
    home.score(rows)
    assert home.run().pool == 1
    assert [task.document_id for task in home.tasks()] == [rows[0][KEY]]


def test_a_model_without_fields_has_nothing_to_review(tmp_path):
    home = Home(tmp_path)
    home.spec = specs.model("card_fraud")
    with pytest.raises(MisconfiguredError, match="declares no fields"):
        home.run()


def alarm(home, since=DAYS[1], missing=5):
    seen = {"severity": "high", "window": since, "headline": "moved", "causes": [], "moved": []}
    with home.db.write() as session:
        begun = incidents.begin(session, "receipts", "drift", since=since, now=NOW, **seen)
        incidents.follow(session, begun.incident_id, "labels are missing", labels_missing=missing)
    return begun.incident_id


def reasons(home):
    return sorted((task.reason, task.document_id) for task in home.tasks())


def test_documents_of_a_new_regime_come_before_doubts_when_a_training_waits_for_labels(tmp_path):
    home = Home(tmp_path, per_day=10, audit_share=0.2)
    rows = documents(40)
    home.publish(*rows)
    home.score(rows)
    alarm(home)
    assert home.run().asked == {"audit": 2, "regime": 5, "uncertain": 3}
    days = {row[KEY]: row[names.DAY] for row in rows}
    asked = [task for task in home.tasks() if task.reason == "regime"]
    assert {days[task.document_id] for task in asked} == {DAYS[1]}
    assert min(task.priority for task in asked) > max(
        task.priority for task in home.tasks() if task.reason == "uncertain"
    )
    with home.db.read() as session:
        assert set(reviewing.task(session, asked[0].task_id).fields) == set(home.spec.fields)


def test_no_more_documents_of_a_regime_are_asked_than_labels_are_missing(tmp_path):
    home = Home(tmp_path, per_day=30, audit_share=0)
    rows = documents(40)
    home.publish(*rows)
    home.score(rows)
    number = alarm(home, missing=8)
    assert home.run().asked["regime"] == 8
    home.publish(*documents(20, first=40))
    home.score([*rows, *documents(20, first=40)], version=4)
    assert home.run(NOW + timedelta(days=1)).asked["regime"] == 0, "they are with reviewers"
    with home.db.write() as session:
        incidents.follow(session, number, "more are missing", labels_missing=50)
    home.publish(*documents(2, first=60))
    home.score([*rows, *documents(22, first=40)], version=5)
    found = home.run(NOW + timedelta(days=2))
    assert 0 < found.asked["regime"] <= 30 and found.left >= 0


def test_documents_of_a_regime_are_drawn_by_chance_and_the_same_again(tmp_path):
    drawn = []
    for number, sure in enumerate((0.6, 0.9)):
        home = Home(tmp_path / str(number), per_day=10, audit_share=0)
        rows = documents(40)
        home.publish(*rows)
        home.score(rows, sure=sure)
        alarm(home, missing=6)
        home.run()
        drawn.append([one for one in reasons(home) if one[0] == "regime"])
    assert drawn[0] == drawn[1], "no confidence has a say"
    assert len(drawn[0]) == 6
    assert [name for _, name in drawn[0]] != sorted(row[KEY] for row in documents(40))[1:12:2]


def test_an_incident_that_waits_for_nothing_asks_nothing(tmp_path):
    home = Home(tmp_path, per_day=10, audit_share=0)
    home.publish(*documents(20))
    home.score(documents(20))
    number = alarm(home)
    with home.db.write() as session:
        incidents.close(session, number, DAYS[1], NOW)
    assert "regime" not in home.run().asked
