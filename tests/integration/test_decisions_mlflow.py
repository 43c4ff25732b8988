"""Decisions on a real MLflow, home and command line: killed, audited, rolled back, reproduced."""

import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from factories.home import publish, simple_spec
from factories.operations import judged, opsdb_uri, postgres  # noqa: F401 - fixtures
from factories.receipts import receipts
from typer.testing import CliRunner

from pipelines import evaluation, registry, specs, training
from pipelines.cli.main import app
from pipelines.contracts import names
from pipelines.contracts.decision import Answer
from pipelines.errors import BadDataError, MisconfiguredError, NotFoundError, RefusedError
from pipelines.evaluation import EvaluationSpec
from pipelines.gate.preflight import answer_golden
from pipelines.governance import card
from pipelines.governance.audit import audit
from pipelines.governance.decide import ask, decide
from pipelines.governance.reconcile import reconcile
from pipelines.governance.rollback import Rollback, preflight, rollback
from pipelines.governance.verify import verify
from pipelines.lake.golden import freeze
from pipelines.lake.lake import Lake
from pipelines.opsdb import ledger
from pipelines.opsdb.database import OpsDb
from pipelines.registry import RegistrationSpec, Registry
from pipelines.scoring import predict
from pipelines.services.environment import full_environment
from pipelines.settings import Settings
from pipelines.training import TrainSpec

pytestmark = pytest.mark.slow

TESTS = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def patch():
    with pytest.MonkeyPatch.context() as found:
        yield found


@pytest.fixture(scope="module")
def trained_home(tmp_path_factory, patch):
    """Versions 1 and 2 of receipts by cy, and a golden set."""
    settings = Settings(home=tmp_path_factory.mktemp("decided"))
    model = simple_spec(patch).model_copy(update={"approvers": ["ben"]})
    patch.setattr(specs, "model", lambda name: model)
    lake = Lake.open(settings)
    deps = {"lake": lake, "settings": settings}
    documents = receipts(60)
    features = publish(settings, model, documents)
    for seed in (7, 8):
        one = model.model_copy(update={"seed": seed})
        fitted = training.run(TrainSpec(model=one, features=features), **deps)
        scored = evaluation.run(EvaluationSpec(model=one, training=fitted), **deps)
        spec = RegistrationSpec(model=one, training=fitted, evaluation=scored, author="cy")
        registry.run(spec, **deps)
    rows = documents.slice(0, 20).append_column(names.PART, [["seen_group"] * 20])
    freeze(lake, settings, "receipts", "document_id", rows, features.input_snapshot_id, 20)
    return settings, model


@pytest.fixture
def home(trained_home, opsdb_uri, monkeypatch):  # noqa: F811 - the fixture above
    """The home with an operations database of its own, the aliases and notes taken away."""
    settings, _ = trained_home
    monkeypatch.setenv("MILLRACE_HOME", str(settings.root))
    monkeypatch.setenv("MILLRACE_OPSDB_URI", opsdb_uri)
    client = Registry.open(settings).client()
    for version in Registry.open(settings).versions("receipts"):
        for alias in set(version.aliases) & {"champion", "shadow"}:
            client.delete_registered_model_alias("receipts", alias)
        for tag in [tag for tag in version.tags if tag.startswith(("ledger_", "card_"))]:
            client.delete_model_version_tag("receipts", str(version.version), tag)
    return Settings()


def now():
    return datetime.now(UTC)


def put(home, version, champion=None, decision="promote"):
    ask(
        judged(version, champion, decision),
        author="cy",
        db=OpsDb.open(home),
        registry=Registry.open(home),
        now=now(),
        hours=1,
    )


def millrace(*arguments):
    """Runs a command; errors of ours come through as they are."""
    result = CliRunner().invoke(app, [str(one) for one in arguments])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def by_ben(*arguments):
    return [*arguments, "--as", "ben", "--why", "measured and better"]


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


def test_alias_follows_when_the_process_was_killed_after_the_commit(home):
    put(home, 1)
    code = (
        "import os, signal, sys; sys.path.insert(0, sys.argv[1])\n"
        "from pipelines.estimators import table\n"
        "table._ESTIMATORS['first_line'] = ('fakes.first_line', 'FirstLine')\n"
        "from pipelines.registry import Registry\n"
        "Registry.point = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
        "from pipelines import specs\n"
        "found = specs.model('receipts').model_copy(update={'approvers': ['ben']})\n"
        "specs.model = lambda name: found\n"
        "from pipelines.cli.main import main\n"
        "sys.argv = ['millrace', 'approve', 'receipts', '1', '--as', 'ben', '--why', 'better']\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(TESTS)], env=os.environ, timeout=120)
    assert done.returncode == -signal.SIGKILL
    db, found = OpsDb.open(home), Registry.open(home)
    assert "champion" not in found.resolve("receipts", 1).aliases
    assert [one.kind for one in audit(db, found) if one.kind != "no_card"] == ["unfinished"]
    assert "receipts: champion is 1, was nobody" in reconcile(db, found)
    assert "champion" in found.resolve("receipts", 1).aliases
    assert verify(db, found) == (1, [])


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


def test_audit_finds_what_a_hand_did_and_repairs_or_adopts_it(home):
    found = Registry.open(home)
    found.client().set_registered_model_alias("receipts", "champion", "2")
    with pytest.raises(BadDataError, match="findings"):
        millrace("audit")
    assert {one.kind for one in audit(OpsDb.open(home), found)} == {"no_card", "no_ledger_row"}
    with pytest.raises(RefusedError, match="cy may not decide"):
        millrace("audit", "--adopt", "receipts", "--as", "cy", "--why", "was live before")
    said = millrace(*by_ben("audit", "--adopt", "receipts", "--repair")).output
    assert "receipts version 2 adopted, ledger row 1" in said
    assert "receipts version 1: card made" in said
    assert millrace("audit").exit_code == 0
    found.client().set_registered_model_alias("receipts", "champion", "1")
    with pytest.raises(BadDataError, match="1 finding\\."):
        millrace("audit")
    assert "champion is 2, was 1" in millrace("audit", "--repair").output
    assert found.resolve("receipts").version == 2
    assert verify(OpsDb.open(home), found) == (1, [])


def test_nightly_audit_ends_what_is_over_and_fails_with_what_it_finds(home):
    put(home, 2)
    millrace(*by_ben("approve", "receipts", 2))
    before = now() - timedelta(hours=2)
    db, found = OpsDb.open(home), Registry.open(home)
    ask(judged(1, 2), author="cy", db=db, registry=found, now=before, hours=1)
    # In a process of its own: Airflow reads its configuration at import.
    code = "from millrace_airflow.decisions import audit; print(audit())"
    command = [sys.executable, "-c", code]
    environ = full_environment(home) | {"MILLRACE_OPSDB_URI": home.opsdb_uri}
    given = {"env": environ, "capture_output": True, "text": True, "timeout": 120}
    done = subprocess.run(command, check=True, **given)
    assert done.stdout.splitlines()[-1] == "{'ledger_rows': 1, 'expired': 1, 'finished': []}"
    assert "rejected by nobody (timeout)" in millrace("models", "receipts").output
    found.client().set_registered_model_alias("receipts", "champion", "1")
    done = subprocess.run(command, check=False, **given)
    assert done.returncode and "it was moved by hand." in done.stderr.splitlines()[-1]


def test_audit_takes_the_alias_away_when_nobody_approved_the_champion(home):
    found = Registry.open(home)
    found.client().set_registered_model_alias("receipts", "champion", "2")
    assert "alias champion was taken away" in millrace("audit", "--repair").output
    assert found.resolve("receipts", 2).aliases == ("candidate",)


def test_card_tells_of_data_scores_limits_lineage_and_who_decided(home):
    put(home, 1)
    millrace(*by_ben("approve", "receipts", 1))
    found = Registry.open(home)
    version = found.resolve("receipts", 1)
    text = found.file(version, "card/card.md").read_text()
    for part in ("Purpose", "Data", "Scores", "By slice", "Limits", "Decisions", "Lineage"):
        assert f"# {part}\n" in text
    assert version.tags["artefact_hash"] in text
    assert "ben chose promote" in text and "unseen\\_group / company" in text
    page = found.file(version, "card/card.html").read_text()
    assert "<table>" in page and "default-src" in page
    assert not card.missing(version, found)
    assert json.loads(version.tags["headline"])["overall"][0] > 0


def test_reproduce_gives_the_same_bytes_from_kept_and_from_new_features(home, monkeypatch):
    said = millrace("reproduce", "receipts", 2).output
    assert "features as kept" in said and "the same, byte for byte" in said
    read = Lake.read

    def expired(self, table, **given):
        rows = read(self, table, **given)
        return rows.slice(0, 0) if table == names.features_table("receipts") else rows

    monkeypatch.setattr(Lake, "read", expired)
    said = millrace("reproduce", "receipts", 2).output
    assert "computed anew" in said and "the same, byte for byte" in said


def test_reproduce_says_what_differs_when_the_files_are_others(home, monkeypatch):
    from fakes.first_line import FirstLine

    fit = FirstLine.fit

    def another(self, features, *given, **more):
        return fit(self, features.slice(0, features.num_rows // 2), *given, **more)

    monkeypatch.setattr(FirstLine, "fit", another)
    with pytest.raises(BadDataError, match="not the same"):
        millrace("reproduce", "receipts", 1)
