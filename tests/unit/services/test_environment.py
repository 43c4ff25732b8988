"""The environment of everything that runs in a home."""

import shlex
import subprocess
from pathlib import Path

import pytest
from factories.services import free_ports

from pipelines.services import environment, ports, secrets
from pipelines.settings import Settings, load


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    made = free_ports(tmp_path / "a home")
    secrets.generate(made)
    ports.assign(made)
    return made


def test_secrets_are_named_by_commands_and_never_in_the_environment(settings: Settings) -> None:
    found = environment.airflow_environment(settings)
    values = [secrets.read(settings, name) for name in ("jwt", "api", "fernet", "spark")]
    values += secrets.passwords(settings).values()
    assert not [value for value in values if any(value in text for text in found.values())]


def test_secret_command_gives_the_secret_when_the_home_has_a_space(settings: Settings) -> None:
    command = environment.airflow_environment(settings)["AIRFLOW__API_AUTH__JWT_SECRET_CMD"]
    out = subprocess.run(shlex.split(command), capture_output=True, text=True, check=True).stdout
    assert out == secrets.read(settings, "jwt")


def test_foreign_settings_do_not_reach_our_processes(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    foreign = {
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "MLFLOW_TRACKING_URI": "http://elsewhere",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": "/elsewhere",
        "SPARK_HOME": "/elsewhere",
        "SPARK_REMOTE": "sc://elsewhere",
    }
    for name, value in foreign.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("NO_PROXY", "intranet")
    monkeypatch.setenv("AIRFLOW_CONN_MINE", "kept")
    found = environment.full_environment(settings)
    assert not [name for name, value in foreign.items() if found.get(name) == value]
    assert found["NO_PROXY"] == "intranet,127.0.0.1,localhost"
    assert found["AIRFLOW_CONN_MINE"] == "kept"


def test_settings_reach_our_processes_with_absolute_paths_and_chosen_ports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    settings = Settings(home=Path("mine"), spark_port=0, max_line_bytes=4096)
    chosen = ports.assign(settings)
    found = environment.airflow_environment(settings)
    assert found["MILLRACE_HOME"] == str(tmp_path / "mine")
    assert found["MILLRACE_MAX_LINE_BYTES"] == "4096"
    assert found["MILLRACE_SPARK_PORT"] == str(chosen["spark"]) != "0"


def test_spark_token_is_given_to_our_own_server_alone(settings: Settings) -> None:
    token = secrets.read(settings, "spark")
    name = "SPARK_CONNECT_AUTHENTICATE_TOKEN"
    ours = settings.model_copy(update={"spark_remote": ports.spark_address(settings)})
    theirs = settings.model_copy(update={"spark_remote": "sc://cluster:15002"})
    assert environment.airflow_environment(ours)[name] == token
    assert name not in environment.airflow_environment(theirs)
    assert "MILLRACE_SPARK_REMOTE" not in environment.airflow_environment(settings)


def test_settings_that_are_lists_and_objects_reach_our_processes(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = {"threshold": 2}
    given = settings.model_copy(update={"admins": ("ada", "ben"), "corrections": policy})
    for name, value in environment.airflow_environment(given).items():
        if name.startswith("MILLRACE_"):
            monkeypatch.setenv(name, value)

    assert load().admins == ("ada", "ben")
    assert load().corrections == policy
