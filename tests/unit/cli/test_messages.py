"""What the command line says to a person whose input does not fit."""

import functools
import json

import httpx
import pytest

from pipelines.cli import main as command
from pipelines.cli import services
from pipelines.cli.landing import land_with_progress
from pipelines.cli.output import print_table
from pipelines.cli.runs import _parameter
from pipelines.contracts.result import LandResult
from pipelines.errors import MisconfiguredError, NotFoundError, RefusedError
from pipelines.services import airflow_client
from pipelines.services.airflow_client import AirflowClient
from pipelines.services.doctor import Finding
from pipelines.settings import Settings


def test_error_is_one_unbroken_line_with_its_brackets(monkeypatch, capsys):
    text = "expected a list as [a, b] in [red]; see " + "/very/long/folder" * 12

    def fail():
        raise MisconfiguredError(text)

    monkeypatch.setattr(command, "app", fail)
    with pytest.raises(SystemExit) as ended:
        command.main()
    assert ended.value.code == MisconfiguredError.exit_code
    assert capsys.readouterr().err == f"millrace: {text}\n"


def test_brackets_of_a_cell_are_no_markup_on_a_terminal(monkeypatch, capsys):
    monkeypatch.setenv("FORCE_COLOR", "1")
    print_table("Ledger", ["why"], [["see [/docs], the [red] one"]])
    assert "see [/docs], the [red] one" in capsys.readouterr().out


def test_brackets_of_a_path_are_no_markup(monkeypatch, capsys, tmp_path):
    reason = "in [/old] and [red].jsonl changed while it was read"
    landed = LandResult(dataset="d", days=[], files=0, rows=0, unreadable=0, deferred=[reason])
    monkeypatch.setattr("pipelines.ingestion.land.run", lambda *_, **__: landed)
    land_with_progress("d", [], None, None, False, Settings(home=tmp_path))
    services._print_findings([Finding("disk", True, reason)])
    # Lines of a landing are as wide as the terminal.
    assert " ".join(capsys.readouterr().out.split()).count(reason) == 2


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("seed=11", 11),
        ("days=[2026-01-31, 2026-02-01]", ["2026-01-31", "2026-02-01"]),
        ("note=a=b", "a=b"),
    ],
)
def test_parameter_is_read_as_json_can_carry_it(text, value):
    found = _parameter(text)[1]
    assert found == value
    assert json.loads(json.dumps(found)) == value


@pytest.mark.parametrize("text", ["seed", "=3", "days=[1"])
def test_parameter_is_refused_when_it_cannot_be_read(text):
    with pytest.raises(MisconfiguredError, match="expected"):
        _parameter(text)


@pytest.fixture
def client(monkeypatch):
    """A client of a server that knows one DAG and refuses its parameter."""

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/token"):
            return httpx.Response(201, json={"access_token": "t"})
        if request.method == "POST":
            detail = "Invalid input for param seed: 'x' is not of type 'integer'\n\nFailed {...}"
            return httpx.Response(400, json={"detail": detail})
        if request.url.path.endswith("/details"):
            return httpx.Response(200, json={"params": {"seed": {}}})
        return httpx.Response(200, json={"dags": [{"dag_id": "train__receipts"}]})

    transport = httpx.MockTransport(answer)
    monkeypatch.setattr(httpx, "Client", functools.partial(httpx.Client, transport=transport))
    return AirflowClient("http://airflow", "ada", "password")


def test_unknown_dag_is_refused_with_the_known_ones(client, monkeypatch):
    monkeypatch.setattr(airflow_client, "OTHERS_PARSED_SECONDS", 0)
    with pytest.raises(NotFoundError, match="no DAG 'nope__receipts'; known: train__receipts"):
        client.wait_for_dag("nope__receipts", timeout_seconds=60)
    client.wait_for_dag("train__receipts", timeout_seconds=0)


def test_refused_parameter_is_told_without_the_schema(client):
    with pytest.raises(RefusedError) as refused:
        client.trigger("train__receipts", {"seed": "x"})
    assert str(refused.value).endswith("'x' is not of type 'integer'")
