"""Databases that the settings put on a server: made there, once, and Airflow is sent to its own."""

import json
from pathlib import Path

import pytest
from factories.operations import postgres  # noqa: F401 - a fixture

from benchmarks.postgres import named, run
from pipelines.errors import MisconfiguredError
from pipelines.opsdb import REVISION
from pipelines.opsdb.database import OpsDb
from pipelines.services import databases, doctor, environment, home
from pipelines.settings import Settings

AWAY = "postgresql://nobody:s3cret@127.0.0.1:9/none"


@pytest.mark.slow
def test_operations_database_is_made_on_the_server_that_is_named(
    tmp_path: Path,
    postgres: str,  # noqa: F811
) -> None:
    run(postgres, "create database home_first", "create database home_second")
    settings = Settings(home=tmp_path / "home", opsdb_uri=named(postgres, "home_first"))
    home.prepare(settings)
    assert OpsDb.at(settings.operations_uri).revision() == REVISION
    assert not (settings.root / "opsdb" / "opsdb.db").exists()
    assert "on server" in doctor.sound_databases(settings)
    said: list[str] = []
    home.prepare(settings, said.append)
    assert said == []
    # The stamp is of this server: another one is empty.
    other = settings.model_copy(update={"opsdb_uri": named(postgres, "home_second")})
    with pytest.raises(MisconfiguredError, match="millrace up, which migrates them"):
        doctor.sound_databases(other)
    home.prepare(other, said.append)
    assert OpsDb.at(other.operations_uri).revision() == REVISION
    assert len(said) == 1


def test_server_that_is_away_is_said_with_the_setting_that_names_it(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home", opsdb_uri=AWAY)
    with pytest.raises(MisconfiguredError) as refused:
        home.prepare(settings)
    said = str(refused.value)
    assert "the opsdb database on a server could not be brought to version" in said
    assert "Connection refused" in said and "MILLRACE_OPSDB_URI" in said
    assert "s3cret" not in said


def test_stamp_tells_servers_apart_and_not_their_passwords(tmp_path: Path) -> None:
    def stamps(uri: str) -> str:
        return databases.versions(Settings(home=tmp_path, airflow_db_uri=uri))["airflow"]

    one = stamps("postgresql://airflow:old@db.example/airflow")
    assert one == stamps("postgresql://airflow:new@db.example/airflow")
    assert one != stamps("postgresql://airflow:old@db.example/other")
    assert "example" not in json.dumps(one)


def test_airflow_is_sent_to_its_server_by_the_driver_that_is_installed(tmp_path: Path) -> None:
    name = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"
    in_home = environment.airflow_environment(Settings(home=tmp_path))
    assert in_home[name] == f"sqlite:///{tmp_path}/airflow/airflow.db?timeout=30"
    found = environment.airflow_environment(Settings(home=tmp_path, airflow_db_uri=AWAY))
    assert found[name] == "postgresql+psycopg2://nobody:s3cret@127.0.0.1:9/none"
    assert found[f"{name}_ASYNC"] == ""
    assert found["MILLRACE_AIRFLOW_DB_URI"] == AWAY, "our own commands find it too"
