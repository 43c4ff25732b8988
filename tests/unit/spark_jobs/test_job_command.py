"""The common part of the jobs' command lines, without Spark."""

import json
import logging

import pytest

from pipelines.contracts.result import FeaturesResult
from pipelines.errors import BadDataError, read_report
from spark_jobs import command

RESULT = FeaturesResult(
    model="m",
    table="features_m",
    snapshot_id=2,
    input_snapshot_id=1,
    feature_key="k",
    rows=3,
    reused=False,
)


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("MILLRACE_HOME", str(tmp_path / "home"))


def refuse():
    raise BadDataError("half of the rows are refused")


def test_job_leaves_its_result_when_the_work_is_done(tmp_path):
    path = tmp_path / "runs" / "result.json"

    assert command.reported(path, lambda: RESULT) == RESULT

    assert FeaturesResult.model_validate_json(path.read_bytes()) == RESULT
    assert list(path.parent.iterdir()) == [path]


def test_work_of_a_job_is_a_span_below_its_task(tmp_path, monkeypatch):
    monkeypatch.setenv("TRACEPARENT", f"00-{'a' * 32}-{'b' * 16}-01")

    command.reported(tmp_path / "result.json", lambda: RESULT)
    with pytest.raises(BadDataError):
        command.reported(tmp_path / "result.json", refuse)

    lines = (tmp_path / "home" / "telemetry" / "spans.jsonl").read_text().splitlines()
    done, refused = map(json.loads, lines)
    assert done["name"] == "spark.test_job_command"
    assert (done["context"]["trace_id"], done["parent_id"]) == ("0x" + "a" * 32, "0x" + "b" * 16)
    assert done["attributes"] == {"rows_in": 3, "rows_out": 3}
    assert refused["status"]["description"] == "BadDataError"


def test_job_leaves_its_error_when_the_work_is_refused(tmp_path):
    path = tmp_path / "result.json"

    with pytest.raises(BadDataError):
        command.reported(path, refuse)

    found = read_report(path)
    assert isinstance(found, BadDataError)
    assert str(found) == "half of the rows are refused"


def test_job_ends_with_one_line_and_its_code_when_refused(caplog):
    with caplog.at_level(logging.ERROR), pytest.raises(SystemExit) as ended:
        command.start(refuse)

    assert ended.value.code == BadDataError.exit_code
    assert caplog.messages == ["half of the rows are refused"]


def test_job_arguments_read_snapshots_and_days():
    parser = command.parser("A job.")
    parser.add_argument("--snapshot", type=command.snapshot, default="newest")
    parser.add_argument("--days", type=command.days, default="")
    common = ["--token", "t", "--result", "r.json"]

    named = parser.parse_args([*common, "--snapshot", "7", "--days", "2026-01-05,2026-01-06"])

    assert (named.snapshot, named.days) == (7, ["2026-01-05", "2026-01-06"])
    assert parser.parse_args(common).snapshot is None
    assert parser.parse_args(common).days == []
