"""`millrace corrections` in a fresh home, as a person calls it."""

import json

import pytest
from factories.operations import NOW
from typer.testing import CliRunner

from pipelines import specs
from pipelines.cli.main import app
from pipelines.contracts.correction import RetrainReason
from pipelines.corrections import training
from pipelines.errors import BadDataError, MisconfiguredError, NotFoundError
from pipelines.opsdb import corrections
from pipelines.opsdb.database import OpsDb
from pipelines.settings import Settings


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("MILLRACE_HOME", str(tmp_path))
    return tmp_path


def call(*words):
    done = CliRunner().invoke(app, ["corrections", *map(str, words)])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.output


def file_of(home, rows):
    path = home / "said.json"
    path.write_text(json.dumps(rows))
    return path


THRESHOLD = specs.model("receipts").corrections.threshold
ROWS = [{"document_id": f"d{number}", "field": "total", "value": "8.00"} for number in range(60)]


def test_same_file_twice_adds_nothing_and_the_status_says_what_is_missing(home):
    few = THRESHOLD - 10
    path = file_of(home, [*ROWS[:few], {"document_id": "d1", "field": "vat", "value": "1"}])
    assert call("import", path).splitlines() == [
        f"{few} added, 0 known before, 1 refused",
        f"  row {few + 1}: receipts has no field 'vat'; it has company, date, address, total",
        "no receipts are published yet: the document ids were not checked",
    ]
    assert call("import", path).startswith(f"0 added, {few} known before, 1 refused")
    said = dict(line.split("\t") for line in call("status", "receipts").splitlines())
    assert said["counted"] == f"{few} corrected fields that no batch has"
    assert said["threshold"] == f"{THRESHOLD}; 10 missing"
    assert said["decision"] == f"wait: {few} of {THRESHOLD} corrected fields: 10 are missing."
    assert (said["cool-down"], said["quiet hours"]) == ("over", "none")


def test_status_says_what_was_claimed_and_what_cools_down(home):
    call("import", file_of(home, ROWS))
    fires = f"fire: 60 corrected fields, {THRESHOLD} are the threshold."
    assert fires in call("status", "receipts")
    db = OpsDb.open(Settings(home=home))
    reason = RetrainReason(key="k", kind="hand", detail="because", person="ben", at=NOW)
    with db.write() as session:
        training.start(session, specs.model("receipts"), "run-1", (), NOW, reason)
    lines = call("status", "receipts").splitlines()
    said = dict(line.split("\t") for line in lines if line.count("\t") == 1)
    assert said["claimed"] == "60 in 1 batch"
    assert said["in training"] == "1 (hand), run run-1"
    assert lines[-1].split("\t") == ["1", "2026-11-21 03:00Z", "60", "60", "1"]
    assert call("release", 1, "--why", "the machine was lost") == "request 2 of receipts is open\n"
    assert "2 (hand)" in call("status", "receipts")


def test_export_is_what_import_takes(home, tmp_path):
    call("import", file_of(home, ROWS))
    path = tmp_path / "out.jsonl"
    assert call("export", "receipts", "--output", path) == (
        f"60 corrections of receipts written to {path}\n"
    )
    assert call("import", path).startswith("0 added, 60 known before, 0 refused")


def test_label_studio_s_export_is_taken(home):
    result = {"id": "t", "from_name": "total", "to_name": "image", "type": "textarea",
              "value": {"text": ["8.00"]}}  # fmt: skip
    task = {
        "id": 1,
        "data": {"document_id": "d1"},
        "annotations": [{"id": 5, "completed_by": 3, "result": [result]}],
    }
    path = file_of(home, [task])
    for said in ("1 added, 0 known", "0 added, 1 known"):
        assert call("import", path, "--format", "labelstudio").startswith(said)


def test_mistake_is_said_and_nothing_is_written(home):
    with pytest.raises(NotFoundError, match="no file"):
        call("import", home / "none.json")
    with pytest.raises(NotFoundError, match="no model 'x'"):
        call("status", "x")
    with pytest.raises(BadDataError, match="no row of"):
        call("import", file_of(home, [{"document_id": "d1"}]))
    with pytest.raises(MisconfiguredError, match="say which one"):
        call("import", file_of(home, [{"model": "a"}, {"model": "b"}]))
    with pytest.raises(BadDataError, match="no format 'csv'"):
        call("import", file_of(home, ROWS), "--format", "csv")
    with OpsDb.open(Settings(home=home)).read() as session:
        assert corrections.last(session, "receipts") == 0
