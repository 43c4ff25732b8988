"""Accounts, in the caller's transaction. Secrets come in hashed; none is ever given out."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, select
from sqlalchemy.orm import Session

from pipelines.contracts.account import ApiKey, Role, Scope, User
from pipelines.errors import NotFoundError, RefusedError
from pipelines.opsdb.account_tables import AttemptRow, KeyRow, SessionRow, UserRow

WINDOW = timedelta(minutes=15)
"""For how long an attempt to sign in counts."""
PER_PLACE, PER_NAME, PER_ADDRESS = 5, 25, 50
"""Attempts in a window: of one name from one address, of one name, from one address. A name
is not so soon locked everywhere, so that a stranger does not lock its owner out."""


def add_user(session: Session, name: str, role: Role, password_hash: str, now: datetime) -> User:
    """Makes an account; raises RefusedError where there is one of that name."""
    if session.get(UserRow, name) is not None:
        raise RefusedError(
            f"there is an account {name} already. Choose another name, or give it a new "
            f"password: millrace review set-password {name}"
        )
    made = User(name=name, role=role, active=True, created_at=now)
    session.add(UserRow(**made.model_dump(), password_hash=password_hash))
    session.flush()
    return made


def users(session: Session) -> list[User]:
    """Everybody, by name."""
    return [_user(row) for row in session.scalars(select(UserRow).order_by(UserRow.name))]


def user(session: Session, name: str) -> User | None:
    """The account of that name."""
    row = session.get(UserRow, name)
    return None if row is None else _user(row)


def password_hash(session: Session, name: str) -> str | None:
    """What a password is checked against; None for nobody and for one who left."""
    row = session.get(UserRow, name)
    return row.password_hash if row is not None and row.active else None


def set_password(session: Session, name: str, password_hash: str) -> None:
    """Changes a password and ends all sessions of its owner; raises NotFoundError."""
    _existing(session, name).password_hash = password_hash
    close_sessions(session, name)


def disable(session: Session, name: str) -> None:
    """Takes an account away and ends its sessions; raises NotFoundError."""
    _existing(session, name).active = False
    close_sessions(session, name)


def attempt(session: Session, name: str, address: str, now: datetime) -> timedelta | None:
    """Counts an attempt to sign in, before the password is looked at.

    Gives how long to wait where there were too many; such an attempt is not counted, so that
    a lock ends by itself.
    """
    session.execute(delete(AttemptRow).where(AttemptRow.at <= now - WINDOW))
    of_name, from_address = AttemptRow.name == name, AttemptRow.address == address
    limits: tuple[tuple[ColumnElement[bool], int], ...] = (
        (of_name & from_address, PER_PLACE),
        (of_name, PER_NAME),
        (from_address, PER_ADDRESS),
    )
    waits = [
        times[limit - 1] + WINDOW - now
        for which, limit in limits
        if len(times := _newest(session, which, limit)) == limit
    ]
    if waits:
        return max(waits)
    session.add(AttemptRow(name=name, address=address, at=now))
    session.flush()
    return None


def open_session(
    session: Session, token_hash: str, name: str, now: datetime, until: datetime
) -> None:
    """Signs in: forgets the failed attempts of that name and the sessions that are over."""
    session.execute(delete(AttemptRow).where(AttemptRow.name == name))
    session.execute(delete(SessionRow).where(SessionRow.expires_at <= now))
    session.add(SessionRow(token_hash=token_hash, name=name, expires_at=until))
    session.flush()


def signed_in(session: Session, token_hash: str, now: datetime) -> User | None:
    """Whose session it is; None where it is unknown or over, or its owner left."""
    row = session.get(SessionRow, token_hash)
    if row is None or row.expires_at <= now:
        return None
    found = session.get_one(UserRow, row.name)
    return _user(found) if found.active else None


def close_session(session: Session, token_hash: str) -> None:
    """Signs one browser out."""
    session.execute(delete(SessionRow).where(SessionRow.token_hash == token_hash))


def close_sessions(session: Session, name: str) -> None:
    """Signs a person out everywhere."""
    session.execute(delete(SessionRow).where(SessionRow.name == name))


def add_key(
    session: Session,
    key_id: str,
    name: str,
    scopes: tuple[Scope, ...],
    secret_hash: str,
    now: datetime,
) -> ApiKey:
    """Makes a key of a program."""
    made = ApiKey(key_id=key_id, name=name, scopes=scopes, created_at=now, revoked_at=None)
    content = made.model_dump() | {"scopes": list(scopes)}
    session.add(KeyRow(**content, secret_hash=secret_hash))
    session.flush()
    return made


def keys(session: Session) -> list[ApiKey]:
    """Every key, oldest first, revoked ones too."""
    query = select(KeyRow).order_by(KeyRow.created_at, KeyRow.key_id)
    return [_key(row) for row in session.scalars(query)]


def key(session: Session, key_id: str) -> tuple[ApiKey, str] | None:
    """A key that is not revoked, and the hash of its secret."""
    row = session.get(KeyRow, key_id)
    return None if row is None or row.revoked_at else (_key(row), row.secret_hash)


def revoke_key(session: Session, key_id: str, now: datetime) -> None:
    """Ends a key for ever; a second time does nothing. Raises NotFoundError."""
    row = session.get(KeyRow, key_id)
    if row is None:
        raise NotFoundError(f"there is no key {key_id}. See: millrace review keys")
    row.revoked_at = row.revoked_at or now
    session.flush()


def _newest(session: Session, which: ColumnElement[bool], limit: int) -> list[datetime]:
    query = select(AttemptRow.at).where(which).order_by(AttemptRow.at.desc()).limit(limit)
    return list(session.scalars(query))


def _existing(session: Session, name: str) -> UserRow:
    row = session.get(UserRow, name)
    if row is None:
        raise NotFoundError(f"there is no account {name}. See: millrace review users")
    return row


def _user(row: UserRow) -> User:
    return User.model_validate({each: getattr(row, each) for each in User.model_fields})


def _key(row: KeyRow) -> ApiKey:
    return ApiKey.model_validate({each: getattr(row, each) for each in ApiKey.model_fields})
