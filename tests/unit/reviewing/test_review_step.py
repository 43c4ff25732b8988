"""After a scoring run: tasks within the day's budget, once, and no content a second time."""

from datetime import timedelta

import pytest
from factories.corrections import correction, write
from factories.operations import NOW
from factories.scored_documents import KEY, Home, documents

from pipelines import specs
from pipelines.contracts import names
from pipelines.errors import MisconfiguredError, NotFoundError
from pipelines.lake.golden import freeze, with_parts
from pipelines.opsdb import reviewing


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
