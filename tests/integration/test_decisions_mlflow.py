"""Decisions on a real MLflow, home and command line: promoted, rejected, rolled back."""

import time

import pytest
from factories.decided import by_ben, millrace, now, put
from factories.receipts import receipts

from pipelines.contracts.decision import Answer
from pipelines.errors import BadDataError, MisconfiguredError, NotFoundError, RefusedError
from pipelines.gate.preflight import answer_golden
from pipelines.governance.decide import decide
from pipelines.governance.rollback import Rollback, preflight, rollback
from pipelines.lake.lake import Lake
from pipelines.opsdb import ledger
from pipelines.opsdb.database import OpsDb
from pipelines.registry import Registry
from pipelines.scoring import predict

pytestmark = pytest.mark.slow


def test_commands_promote_roll_back_verify_and_audit(home):
    put(home, 1)
    put(home, 2, champion=1)
    said = millrace(*by_ben("approve", "receipts", 1)).output
    assert "receipts version 1 is the champion: ben, measured and better, ledger row 1" in said
    assert "waits until" in millrace("models", "receipts").output
    millrace(*by_ben("approve", "receipts", "candidate"))
    rolled = millrace(*by_ben("rollback", "receipts")).output
    assert "answers 20 of 20 golden rows, overall 0." in rolled
    assert "receipts version 1 is the champion" in rolled
    shown = [line.split("\t") for line in millrace("ledger").output.splitlines()]
    assert [line[3:5] for line in shown[1:]] == [
        ["promote", "– → 1"],
        ["promote", "1 → 2"],
        ["rollback", "2 → 1"],
    ]
    assert "3 rows, each follows the one before" in millrace("ledger", "verify").output
    assert "every version has its card" in millrace("audit").output
    assert millrace("reconcile").output == "nothing was left half done\n"
    lived = millrace("models", "receipts").output.splitlines()[-3:]
    assert [line.split("\t")[0] for line in lived] == ["1", "2", "1"]
    assert "promote by ben: measured and better" in millrace("models").output


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        (["approve", "receipts", 1, "--as", "cy", "--why", "mine"], RefusedError, "approvers are"),
        (["approve", "receipts", 2, "--as", "ben", "--why", "why"], NotFoundError, "not judged it"),
        (["approve", "receipts", 1, "--as", "ben", "--why", "  "], MisconfiguredError, "--why"),
        (["approve", "receipts", 1, "--as", "B B", "--why", "why"], MisconfiguredError, "--as"),
        (["rollback", "receipts", "--as", "ben", "--why", "why"], RefusedError, "no champion"),
        (["audit", "--adopt", "receipts"], MisconfiguredError, "say --as NAME"),
    ],
)
def test_commands_say_what_is_wrong_and_change_nothing(home, arguments, error, said):
    put(home, 1)
    with pytest.raises(error, match=said):
        millrace(*arguments)
    with OpsDb.open(home).read() as session:
        assert ledger.rows(session) == []


def test_reject_is_on_record_and_final(home):
    put(home, 1)
    assert "is rejected: ben" in millrace(*by_ben("reject", "receipts", 1)).output
    assert "reject by ben" in millrace("models").output
    with pytest.raises(RefusedError, match="ben chose reject"):
        millrace(*by_ben("approve", "receipts", 1))


def test_rollback_answers_within_ten_seconds(home):
    put(home, 1)
    put(home, 2, champion=1)
    millrace(*by_ben("approve", "receipts", 1))
    millrace(*by_ben("approve", "receipts", 2))
    begun = time.monotonic()
    millrace(*by_ben("rollback", "receipts"))
    found = Registry.open(home)
    champion = found.resolve("receipts")
    answers = predict(found.load(champion), receipts(1, seed=3))
    seconds = time.monotonic() - begun
    assert champion.version == 1 and answers.num_rows == 1
    assert seconds < 10


def test_rollback_is_refused_when_it_would_not_work(home, trained_home):
    model = trained_home[1]
    desk = {"db": OpsDb.open(home), "registry": Registry.open(home)}

    def good(_):
        return "It answers."

    def bad(_):
        raise BadDataError("a column is missing")

    def look(version=None, spec=model, score=good):
        return preflight("receipts", version, spec=spec, score=score, **desk)

    def go(prepared, person="ben"):
        word = Rollback(person=person, why="dates are wrong", via="cli")
        return rollback(word, prepared, spec=model, settings=home, now=now(), **desk)

    for version, champion in ((1, None), (2, 1)):
        put(home, version, champion)
        given = Answer(
            model="receipts", version=version, choice="promote", person="ben", why="better",
            via="cli",
        )  # fmt: skip
        decide(given, spec=model, settings=home, now=now(), **desk)
    with pytest.raises(RefusedError, match="cannot answer the golden set: a column is missing"):
        look(score=bad)
    with pytest.raises(RefusedError, match="features"):
        look(spec=model.model_copy(update={"features_schema": "factories.operations:no_schema"}))
    with pytest.raises(RefusedError, match="version 2 is the champion of receipts already"):
        look(version=2)
    with pytest.raises(RefusedError, match="never champion before version 2"):
        look(version=7)
    with pytest.raises(RefusedError, match="cy may not decide"):
        go(look(), person="cy")
    assert go(look()).champion == 1


def test_preflight_answers_fewer_golden_rows_when_they_are_large(home, monkeypatch):
    found = Registry.open(home)
    artefact = found.load(found.resolve("receipts", 1))
    monkeypatch.setattr("pipelines.gate.preflight.BYTES", 1)
    assert "It answers 1 of 20 golden rows" in answer_golden(artefact, Lake.open(home))
