"""What a terminal says of a version that waits for a person."""

import pytest
from factories.operations import judged, request, verdict

from pipelines.cli.standing import decisions_in_words, say_waiting
from pipelines.opsdb import decisions
from pipelines.opsdb.database import OpsDb
from pipelines.settings import Settings


@pytest.fixture
def opsdb(tmp_path, monkeypatch):
    monkeypatch.setenv("MILLRACE_HOME", str(tmp_path))
    return OpsDb.open(Settings())


def put(opsdb, **different):
    with opsdb.write() as session:
        return decisions.ask(session, request(**different))


def test_waiting_version_comes_with_the_command_that_answers(opsdb, capsys):
    put(opsdb, version=2, author="ada")
    say_waiting("receipts")
    said = capsys.readouterr().out
    assert "receipts version 2 waits for a person until 2026-11-24 03:00Z" in said
    assert '  millrace approve receipts 2 --as ben --why "…"\n' in said


def test_command_names_no_author_and_says_the_override_when_the_gate_is_unsure(opsdb, capsys):
    put(opsdb, version=3, author="ben", verdict=verdict("inconclusive"))
    say_waiting("receipts")
    said = capsys.readouterr().out
    assert "the gate says inconclusive" in said
    assert "  millrace approve receipts 3 --override-inconclusive --as ada" in said


def test_nothing_is_said_when_nothing_waits(opsdb, capsys):
    stored = put(opsdb, version=2)
    with opsdb.write() as session:
        decisions.close(session, stored.request_id, "expired", "another was first")
    say_waiting("receipts")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("decision", "champion", "said"),
    [
        ("promote", 0.9, "gate: promote, overall 0.900 → 0.920 (difference 0.010 to 0.030)"),
        ("promote", None, "gate: promote, overall – → 0.920 (interval 0.010 to 0.030)"),
        ("inconclusive", 0.9, "0.030). Overall is a reason to inconclusive."),
    ],
)
def test_list_shows_the_verdict_with_its_score_and_only_objections(opsdb, decision, champion, said):
    line = judged(2).table[0].model_dump(mode="json")
    put(opsdb, verdict=verdict(decision), table=[line | {"field": "overall", "champion": champion}])
    words = decisions_in_words(opsdb)["receipts", 2]
    assert words.startswith("waits until 2026-11-24 03:00Z\n") and words.endswith(said)
