"""Accounts, sessions, locks and keys, on SQLite and PostgreSQL."""

from datetime import timedelta

import pytest
from factories.operations import NOW

from pipelines.errors import MisconfiguredError, NotFoundError, RefusedError
from pipelines.opsdb import accounts
from pipelines.opsdb.database import OpsDb
from pipelines.review import credentials

HASH = "$argon2id$made-elsewhere"


@pytest.fixture
def rita(opsdb: OpsDb) -> OpsDb:
    with opsdb.write() as session:
        accounts.add_user(session, "rita", "reviewer", HASH, NOW)
    return opsdb


def test_name_is_taken_once(rita: OpsDb) -> None:
    with pytest.raises(RefusedError, match="already"), rita.write() as session:
        accounts.add_user(session, "rita", "supervisor", HASH, NOW)
    with rita.read() as session:
        assert [each.role for each in accounts.users(session)] == ["reviewer"]


def test_session_ends_by_time_by_password_and_by_leaving(rita: OpsDb) -> None:
    until = NOW + timedelta(hours=1)

    def sign_in(token: str) -> None:
        with rita.write() as session:
            accounts.open_session(session, token, "rita", NOW, until)

    def who(token: str, after: timedelta = timedelta()) -> str | None:
        with rita.read() as session:
            found = accounts.signed_in(session, token, NOW + after)
            return found and found.name

    for token in ("one", "two"):
        sign_in(token)
    assert (who("one"), who("two"), who("three")) == ("rita", "rita", None)
    assert who("one", timedelta(hours=1)) is None
    with rita.write() as session:
        accounts.close_session(session, "one")
    assert (who("one"), who("two")) == (None, "rita")
    with rita.write() as session:
        accounts.set_password(session, "rita", "$other")
    assert who("two") is None
    sign_in("three")
    with rita.write() as session:
        accounts.disable(session, "rita")
    assert who("three") is None
    with rita.read() as session:
        assert accounts.password_hash(session, "rita") is None


def test_guessing_is_locked_out_for_a_while_and_from_one_place_first(rita: OpsDb) -> None:
    def attempt(name: str, address: str, after: int = 0) -> timedelta | None:
        with rita.write() as session:
            return accounts.attempt(session, name, address, NOW + timedelta(seconds=after))

    assert [attempt("rita", "10.0.0.1", second) for second in range(5)] == [None] * 5
    assert attempt("rita", "10.0.0.1", 60) == accounts.WINDOW - timedelta(seconds=60)
    assert attempt("rita", "10.0.0.2", 60) is None, "rita herself sits elsewhere"
    assert attempt("ben", "10.0.0.1", 60) is None
    assert attempt("rita", "10.0.0.1", 15 * 60) is None, "the lock ends by itself"


def test_guessing_is_locked_out_from_many_places_and_of_many_names(opsdb: OpsDb) -> None:
    with opsdb.write() as session:
        for number in range(accounts.PER_NAME):
            assert accounts.attempt(session, "rita", f"10.0.0.{number}", NOW) is None
        assert accounts.attempt(session, "rita", "10.0.1.1", NOW) == accounts.WINDOW
        for number in range(accounts.PER_ADDRESS):
            assert accounts.attempt(session, f"name{number}", "10.0.2.2", NOW) is None
        assert accounts.attempt(session, "another", "10.0.2.2", NOW) == accounts.WINDOW


def test_signing_in_forgets_the_failures(rita: OpsDb) -> None:
    with rita.write() as session:
        for _ in range(4):
            accounts.attempt(session, "rita", "10.0.0.1", NOW)
        accounts.open_session(session, "token", "rita", NOW, NOW + timedelta(hours=1))
        for _ in range(5):
            assert accounts.attempt(session, "rita", "10.0.0.1", NOW) is None


def test_key_is_found_until_it_is_revoked(opsdb: OpsDb) -> None:
    with opsdb.write() as session:
        made = accounts.add_key(session, "0123456789ab", "archive", ("tasks:read",), "hash", NOW)
        assert accounts.key(session, "0123456789ab") == (made, "hash")
        assert accounts.key(session, "ba9876543210") is None
        accounts.revoke_key(session, "0123456789ab", NOW)
        accounts.revoke_key(session, "0123456789ab", NOW + timedelta(days=1))
        assert accounts.key(session, "0123456789ab") is None
        assert [each.revoked_at for each in accounts.keys(session)] == [NOW]
        with pytest.raises(NotFoundError, match="review keys"):
            accounts.revoke_key(session, "ba9876543210", NOW)


def test_password_is_known_by_its_hash_alone() -> None:
    hashed = credentials.hash_password("korrekt pferd ✓")
    assert hashed.startswith("$argon2id$")
    assert hashed != credentials.hash_password("korrekt pferd ✓"), "each has its own salt"
    assert credentials.is_password("korrekt pferd ✓", hashed)
    assert not credentials.is_password("korrekt pferd", hashed)
    assert not credentials.is_password("korrekt pferd ✓", None)


@pytest.mark.parametrize("password", ["", "short", "x" * 257])
def test_password_of_a_bad_length_is_refused(password: str) -> None:
    with pytest.raises(MisconfiguredError, match="10 to 256"):
        credentials.hash_password(password)


def test_key_reads_back_and_nothing_else_does() -> None:
    key_id, secret = credentials.new_key()
    assert credentials.parsed_key(credentials.written_key(key_id, secret)) == (key_id, secret)
    for text in ("", "mlr_", f"mlr_{key_id}_", f"mlr_short_{secret}", f"other_{key_id}_{secret}"):
        assert credentials.parsed_key(text) is None
