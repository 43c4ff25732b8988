"""`millrace review`: accounts and keys, as a person makes them."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from pipelines.cli.main import app
from pipelines.errors import MisconfiguredError, NotFoundError, RefusedError
from pipelines.opsdb import accounts
from pipelines.opsdb.database import OpsDb
from pipelines.review import credentials
from pipelines.settings import Settings


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("MILLRACE_HOME", str(tmp_path / "home"))
    return Settings()


def call(*arguments: str, typed: str | None = None) -> str:
    done = CliRunner().invoke(app, ["review", *arguments], input=typed)
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.output


def stored_hash(settings: Settings, name: str) -> str | None:
    with OpsDb.open(settings).read() as session:
        return accounts.password_hash(session, name)


def test_user_is_made_with_a_password_shown_once(settings: Settings) -> None:
    out = call("add-user", "rita", "--role", "adjudicator")
    password = out.split("password: ")[1].strip()
    hashed = stored_hash(settings, "rita")
    assert credentials.is_password(password, hashed)
    everything = b"".join(p.read_bytes() for p in settings.root.rglob("*") if p.is_file())
    assert password.encode() not in everything, "neither in the database nor in a log"
    assert "rita\tadjudicator\tyes" in call("users")
    with pytest.raises(RefusedError, match="rita already"):
        call("add-user", "rita")
    with pytest.raises(MisconfiguredError, match="such as rita"):
        call("add-user", "Rita Smith")


def test_given_password_is_taken_and_not_shown(settings: Settings) -> None:
    out = call("add-user", "rita", "--ask", typed="a long password of hers\n")
    assert "password" not in out
    assert credentials.is_password("a long password of hers", stored_hash(settings, "rita"))
    with pytest.raises(MisconfiguredError, match="10 to 256"):
        call("set-password", "rita", "--ask", typed="short\n")
    changed = call("set-password", "rita").split("password: ")[1].strip()
    assert credentials.is_password(changed, stored_hash(settings, "rita"))
    call("disable-user", "rita")
    assert stored_hash(settings, "rita") is None
    with pytest.raises(NotFoundError, match="review users"):
        call("set-password", "nobody")


def test_key_is_shown_once_and_revoked(settings: Settings) -> None:
    out = call("add-key", "archive", "--scope", "tasks:read", "--scope", "corrections:read")
    key_id, secret = credentials.parsed_key(out.split()[-1]) or ("", "")
    with OpsDb.open(settings).read() as session:
        found = accounts.key(session, key_id)
    assert found is not None
    assert found[0].scopes == ("corrections:read", "tasks:read")
    assert found[1] == credentials.digest(secret)
    assert "archive" in call("keys")
    assert secret not in call("keys")
    call("revoke-key", key_id)
    with OpsDb.open(settings).read() as session:
        assert accounts.key(session, key_id) is None
