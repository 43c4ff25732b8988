"""`millrace status`, `doctor`, `down` and what `up` shows, as a person calls them."""

import json
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from pipelines.cli.main import app
from pipelines.cli.services import show_access
from pipelines.services import home, secrets, state
from pipelines.services.process import Record
from pipelines.services.state import Run
from pipelines.settings import Settings


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("MILLRACE_HOME", str(tmp_path / "home"))
    for name in ("AIRFLOW", "MLFLOW", "SPARK", "REVIEW", "METRICS"):
        monkeypatch.setenv(f"MILLRACE_{name}_PORT", "0")
    return Settings()


def call(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, arguments)
    return done.exit_code, done.output


def test_status_is_well_when_nothing_should_run(settings: Settings) -> None:
    code, out = call("status", "--json")
    assert code == 0
    assert {each["state"] for each in json.loads(out)["services"]} == {"stopped"}
    assert call("down") == (0, "nothing is running\n")
    assert not settings.root.exists()


def test_status_and_doctor_fail_when_a_service_died(settings: Settings) -> None:
    home.prepare(settings)
    gone = Record("triggerer", pid=2**22 - 1, created=1.0)
    state.save(settings, Run(spark=False, records={"triggerer": gone}))
    code, out = call("status")
    assert code == 1
    assert "triggerer\tdead" in out
    code, out = call("doctor")
    assert code == 1
    assert "FAIL services   triggerer is dead" in out
    assert "Run: millrace up" in out


def test_doctor_names_a_wrong_java_as_json(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    java = tmp_path / "old" / "bin" / "java"
    java.parent.mkdir(parents=True)
    java.write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\"' >&2\n")
    java.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "old"))
    code, out = call("doctor", "--json")
    assert code == 1
    found = {each["name"]: each for each in json.loads(out)["checks"]}
    assert not found["java"]["ok"]
    assert "is Java 11;" in found["java"]["text"]


@pytest.mark.parametrize("terminal", [True, False])
def test_passwords_are_shown_on_a_terminal_alone(settings: Settings, terminal: bool) -> None:
    secrets.generate(settings)
    out = StringIO()
    show_access(settings, Console(file=out, force_terminal=terminal, width=200))
    for title in ("users", "reviewers"):
        for user, password in secrets.passwords(settings, title).items():
            assert user in out.getvalue()
            assert (password in out.getvalue()) is terminal
        assert str(secrets.path(settings, title)) in out.getvalue()
