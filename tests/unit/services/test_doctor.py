"""Each fault the doctor knows, made for real, and what it says."""

import hashlib
import socket
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from factories.services import free_ports

from pipelines.errors import MisconfiguredError
from pipelines.services import databases, doctor, home, ports, process, secrets, state, supervisor
from pipelines.services.process import Record
from pipelines.services.state import Run
from pipelines.services.supervisor import Status
from pipelines.settings import Settings

GB = 2**30


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return free_ports(tmp_path / "home")


@pytest.fixture
def made(settings: Settings) -> Settings:
    home.prepare(settings)
    return settings


def assert_fails(check: Callable[[], str], *says: str) -> None:
    with pytest.raises(MisconfiguredError) as refused:
        check()
    for text in says:
        assert text in str(refused.value)


def test_python_fails_when_it_is_not_3_11() -> None:
    assert doctor.python((3, 11, 9))
    assert_fails(lambda: doctor.python((3, 12, 1)), "Python 3.12.1", "make setup")


def test_packages_fail_when_the_lock_has_changed(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("one==1\n")
    stamp = tmp_path / "stamp"
    assert_fails(lambda: doctor.packages(stamp, tmp_path), "make setup")
    stamp.write_text(hashlib.sha256(f"{tmp_path}\none==1\n".encode()).hexdigest() + "\n")
    assert doctor.packages(stamp, tmp_path)
    (tmp_path / "requirements.txt").write_text("one==2\n")
    assert_fails(lambda: doctor.packages(stamp, tmp_path), "make setup")


def test_jars_fail_when_one_is_missing_or_changed(tmp_path: Path) -> None:
    lock, jar = tmp_path / "jars.lock", tmp_path / "tool-1.0.jar"
    lock.write_text(f"# comment\n{hashlib.sha256(b'right').hexdigest()} org.x:tool:1.0\n")
    assert_fails(lambda: doctor.jars(tmp_path, lock), str(jar), "missing", "make setup")
    jar.write_bytes(b"wrong")
    assert_fails(lambda: doctor.jars(tmp_path, lock), "not the locked file", "make setup")
    jar.write_bytes(b"right")
    assert doctor.jars(tmp_path, lock)


def test_disk_and_memory_fail_when_they_are_nearly_full(settings: Settings) -> None:
    assert_fails(lambda: doctor.disk(settings, lambda _: GB), "1.0 GB free", "MILLRACE_HOME")
    assert doctor.disk(settings, lambda _: 3 * GB)
    assert_fails(lambda: doctor.memory([], lambda: GB), "1.0 GB", "--no-spark")
    # What the services hold already is not asked for again.
    assert doctor.memory([Status("spark", "running", memory=int(2.5 * GB))], lambda: GB)


def test_home_fails_when_it_is_of_another_format(made: Settings) -> None:
    assert doctor.writable_home(made)
    (made.root / "home.json").write_text('{"format": 0}')
    assert_fails(lambda: doctor.writable_home(made), "older format 0", "MILLRACE_HOME=")


def test_secrets_fail_when_others_can_read_one_or_one_is_gone(made: Settings) -> None:
    assert doctor.private_secrets(made)
    jwt = secrets.path(made, "jwt")
    jwt.chmod(0o644)
    assert_fails(lambda: doctor.private_secrets(made), f"chmod go= {jwt}")
    jwt.unlink()
    assert_fails(lambda: doctor.private_secrets(made), "lacks jwt", "millrace up")


def test_databases_fail_when_old_damaged_or_missing(made: Settings) -> None:
    assert doctor.sound_databases(made)
    file = databases.files(made)["airflow"]
    with sqlite3.connect(file) as connection:
        pages = connection.execute("pragma page_count").fetchone()[0]
    assert pages > 20
    whole = file.read_bytes()
    file.write_bytes(whole[:8192] + b"\xff" * 40960 + whole[49152:])
    assert_fails(lambda: doctor.sound_databases(made), "damaged", "backup")
    file.unlink()
    assert_fails(lambda: doctor.sound_databases(made), "missing", "millrace up")
    state_file = made.root / "home.json"
    state_file.write_text(state_file.read_text().replace('"airflow": "', '"airflow": "2.'))
    assert_fails(lambda: doctor.sound_databases(made), "migrates")


def test_ports_fail_when_somebody_holds_one_a_stopped_service_needs(settings: Settings) -> None:
    chosen = ports.assign(settings)
    with socket.socket() as other:
        other.bind(("127.0.0.1", chosen["mlflow"]))
        other.listen()
        stopped = supervisor.status(settings)
        assert_fails(lambda: doctor.free_ports(settings, stopped), "MILLRACE_MLFLOW_PORT")
        assert doctor.free_ports(settings, [Status("mlflow", "running")])


def test_services_fail_when_a_process_is_dead_or_stale(made: Settings) -> None:
    gone = Record("scheduler", pid=2**22 - 1, created=1.0)
    reused = Record("mlflow", pid=1, created=1.0)
    state.save(made, Run(spark=False, records={each.name: each for each in (gone, reused)}))
    found = supervisor.status(made)
    assert {each.name: each.state for each in found if each.is_fault} == {
        "scheduler": "dead",
        "mlflow": "stale",
    }
    assert_fails(
        lambda: doctor.sound_services(found), "scheduler is dead", "mlflow is stale", "millrace up"
    )
    assert process.members(reused, made.root) == []


def test_examination_reports_all_checks_when_several_fail(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.root.mkdir()
    (settings.root / "home.json").write_text('{"format": 99}')
    monkeypatch.setenv("JAVA_HOME", str(settings.root))
    found = {each.name: each for each in doctor.examine(settings)}
    assert not found["home"].ok
    assert not found["java"].ok
    assert found["services"].ok
    assert len(found) == 12


def test_operations_fail_when_the_server_is_away(settings: Settings) -> None:
    assert doctor.reachable_operations(settings) == "in the home"
    away = settings.model_copy(update={"opsdb_uri": "postgresql://nobody@127.0.0.1:9/none"})
    assert_fails(lambda: doctor.reachable_operations(away), "cannot be reached", "MILLRACE_OPSDB")
