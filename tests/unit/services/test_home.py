"""Making a home, and refusing what is not one."""

import json
import sqlite3
import stat
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pipelines.errors import MisconfiguredError
from pipelines.services import databases, home, secrets
from pipelines.settings import PROJECT_ROOT, Settings


def test_home_is_private_and_whole_when_made(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    home.prepare(settings)
    assert stat.S_IMODE(settings.root.stat().st_mode) == 0o700
    for name in secrets.NAMES:
        assert stat.S_IMODE(secrets.path(settings, name).stat().st_mode) == 0o600
    for file in databases.files(settings).values():
        with sqlite3.connect(file) as connection:
            assert connection.execute("select version_num from alembic_version").fetchone()


def test_home_changes_nothing_when_prepared_again(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    said: list[str] = []
    home.prepare(settings, said.append)
    assert said
    files = {path: path.read_bytes() for path in settings.root.rglob("*") if path.is_file()}
    said.clear()
    home.prepare(settings, said.append)
    assert {path: path.read_bytes() for path in files} == files
    assert not said


def test_home_is_made_once_when_prepared_by_four_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(home=tmp_path / "home")
    draw = secrets.random.token_urlsafe

    def slowly(size: int) -> str:
        time.sleep(0.05)  # so that the four meet
        return draw(size)

    monkeypatch.setattr(secrets.random, "token_urlsafe", slowly)

    def secrets_after_prepare(_: int) -> list[str]:
        home.prepare(settings)
        return [secrets.read(settings, name) for name in secrets.NAMES]

    with ThreadPoolExecutor(4) as pool:
        seen = list(pool.map(secrets_after_prepare, range(4)))
    assert seen == [seen[0]] * 4
    assert home.read_state(settings)["databases"] == databases.versions(settings)
    assert set(secrets.passwords(settings)) == set(secrets.USERS)
    assert not [path for path in settings.root.rglob(".*") if path.is_file()]


@pytest.mark.parametrize(
    ("state", "says"),
    [
        ('{"format": 0}', "older format 0"),
        ('{"format": 99}', "made by a newer Millrace"),
        ("not json", "cannot be read"),
        ("{}", "cannot be read"),
    ],
)
def test_home_of_another_format_is_refused_with_the_repair(
    tmp_path: Path, state: str, says: str
) -> None:
    (tmp_path / "home.json").write_text(state)
    with pytest.raises(MisconfiguredError, match=says) as refused:
        home.prepare(Settings(home=tmp_path))
    assert "MILLRACE_HOME=" in str(refused.value)
    assert not (tmp_path / "secrets").exists()


def test_home_must_be_a_folder_of_its_own(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    for folder in (shared, Path.home(), PROJECT_ROOT, Path("/")):
        with pytest.raises(MisconfiguredError, match="cannot be a home"):
            home.prepare(Settings(home=folder))
    assert stat.S_IMODE(shared.stat().st_mode) == 0o1777


def test_database_is_migrated_when_its_stamp_is_of_another_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(home=tmp_path / "home")
    home.prepare(settings)
    file = settings.root / "home.json"
    state = json.loads(file.read_text())
    file.write_text(json.dumps(state | {"databases": state["databases"] | {"mlflow": "3.0.0"}}))
    migrated: list[Path] = []
    monkeypatch.setattr(databases, "_migrate", lambda database, path, _: migrated.append(path))
    home.prepare(settings)
    assert migrated == [settings.root / "mlflow" / "mlflow.db"]
    assert json.loads(file.read_text()) == state
