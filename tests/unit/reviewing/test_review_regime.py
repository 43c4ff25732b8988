"""Documents of a new regime, which a training waits for, are asked before doubts."""

from datetime import timedelta

from factories.operations import NOW
from factories.scored_documents import DAYS, KEY, Home, documents

from pipelines.contracts import names
from pipelines.opsdb import incidents, reviewing


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
