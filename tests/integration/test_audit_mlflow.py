"""Ledger and registry held against each other: after a kill, by night, and after a hand."""

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from factories.decided import by_ben, millrace, now, put
from factories.operations import judged

from pipelines.errors import BadDataError, RefusedError
from pipelines.governance.audit import audit
from pipelines.governance.decide import ask
from pipelines.governance.reconcile import reconcile
from pipelines.governance.verify import verify
from pipelines.opsdb.database import OpsDb
from pipelines.registry import Registry
from pipelines.services.environment import full_environment

pytestmark = pytest.mark.slow


TESTS = Path(__file__).parents[1]


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
