"""`millrace review`: who may sign in to the reviewers' pages, and which programs may call them."""

import sys
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from pipelines.cli.output import print_table
from pipelines.errors import MisconfiguredError

if TYPE_CHECKING:
    from pipelines.opsdb.database import OpsDb

review = typer.Typer(
    name="review", help="People and programs of the reviewers' pages.", no_args_is_help=True
)


class RoleName(StrEnum):
    """What a person may do; each includes the ones before it."""

    reviewer = "reviewer"
    adjudicator = "adjudicator"
    supervisor = "supervisor"


class ScopeName(StrEnum):
    """What a program may do."""

    corrections_read = "corrections:read"
    corrections_write = "corrections:write"
    tasks_read = "tasks:read"


Name = Annotated[str, typer.Argument(help="Name to sign in with: small letters, digits, _ . -")]
Ask = Annotated[
    bool, typer.Option("--ask", help="Ask for the password (or read a line) instead of making one.")
]
KeyId = Annotated[str, typer.Argument(help="The twelve characters that `review keys` shows.")]


def register(app: typer.Typer) -> None:
    """Adds `review` with its commands."""
    app.add_typer(review)


@review.command("add-user")
def add_user(
    name: Name,
    role: Annotated[RoleName, typer.Option(help="What the person may do.")] = RoleName.reviewer,
    ask: Ask = False,
) -> None:
    """Makes an account; prints the password that it made, this once.

    Example: millrace review add-user rita --role adjudicator
    """
    from pipelines.opsdb import accounts
    from pipelines.review import credentials

    _check(name)
    db, password = _database(), _password(ask)
    hashed = credentials.hash_password(password)
    with db.write() as session:
        accounts.add_user(session, name, role.value, hashed, datetime.now(UTC))
    typer.echo(f"{name} may sign in as {role.value}")
    _show(password, ask)


@review.command("set-password")
def set_password(name: Name, ask: Ask = False) -> None:
    """Gives an account a new password and ends its sessions.

    Example: millrace review set-password rita --ask
    """
    from pipelines.opsdb import accounts
    from pipelines.review import credentials

    db, password = _database(), _password(ask)
    hashed = credentials.hash_password(password)
    with db.write() as session:
        accounts.set_password(session, name, hashed)
    typer.echo(f"{name} has a new password")
    _show(password, ask)


@review.command("disable-user")
def disable_user(name: Name) -> None:
    """Takes an account away; what the person answered stays.

    Example: millrace review disable-user rita
    """
    from pipelines.opsdb import accounts

    with _database().write() as session:
        accounts.disable(session, name)
    typer.echo(f"{name} may not sign in any more")


@review.command("users")
def users() -> None:
    """Everybody who has an account.

    Example: millrace review users
    """
    from pipelines.opsdb import accounts

    with _database().read() as session:
        found = accounts.users(session)
    rows = [[each.name, each.role, "yes" if each.active else "no"] for each in found]
    print_table("reviewers", ["name", "role", "may sign in"], rows)


@review.command("add-key")
def add_key(
    name: Annotated[str, typer.Argument(help="The program's name, author of what it sends.")],
    scope: Annotated[list[ScopeName], typer.Option(help="What it may do; more than once.")],
) -> None:
    """Makes a key for a program; prints it this once.

    Example: millrace review add-key archive --scope corrections:read --scope tasks:read
    """
    from pipelines.contracts.account import SCOPES
    from pipelines.opsdb import accounts
    from pipelines.review import credentials

    _check(name)
    key_id, secret = credentials.new_key()
    scopes = tuple(each for each in SCOPES if each in {one.value for one in scope})
    with _database().write() as session:
        accounts.add_key(
            session, key_id, name, scopes, credentials.digest(secret), datetime.now(UTC)
        )
    typer.echo(f"key {key_id} of {name}: {', '.join(scopes)}")
    typer.echo(credentials.written_key(key_id, secret))


@review.command("revoke-key")
def revoke_key(key_id: KeyId) -> None:
    """Ends a key for ever, from the next request on.

    Example: millrace review revoke-key 3f9a0c51d2e4
    """
    from pipelines.opsdb import accounts

    with _database().write() as session:
        accounts.revoke_key(session, key_id, datetime.now(UTC))
    typer.echo(f"key {key_id} is revoked")


@review.command("keys")
def keys() -> None:
    """Every key, without its secret.

    Example: millrace review keys
    """
    from pipelines.opsdb import accounts

    with _database().read() as session:
        found = accounts.keys(session)
    rows = [
        [
            each.key_id,
            each.name,
            ", ".join(each.scopes),
            f"{each.created_at:%Y-%m-%d %H:%M}",
            f"{each.revoked_at:%Y-%m-%d %H:%M}" if each.revoked_at else "",
        ]
        for each in found
    ]
    print_table("keys", ["key", "program", "scopes", "made (UTC)", "revoked (UTC)"], rows)


def _database() -> "OpsDb":
    from pipelines import settings
    from pipelines.opsdb.database import OpsDb
    from pipelines.services import home

    current = settings.load()
    home.prepare(current)
    return OpsDb.open(current)


def _check(name: str) -> None:
    from pydantic import TypeAdapter, ValidationError

    from pipelines.contracts.decision import Person

    try:
        TypeAdapter(Person).validate_python(name)
    except ValidationError as error:
        raise MisconfiguredError(
            f"{name!r} is no name of an account: expected a small letter and then up to 62 "
            "small letters, digits or _ . -, such as rita"
        ) from error


def _password(ask: bool) -> str:
    from pipelines.review import credentials

    if not ask:
        return credentials.new_password()
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    found: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    return found


def _show(password: str, asked: bool) -> None:
    if not asked:
        typer.echo(f"password: {password}")
