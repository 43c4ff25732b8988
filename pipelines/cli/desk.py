"""What the commands about decisions share: the stores, and who sits at the keyboard.

On a laptop whoever owns the home may act as any named user: `--as` says as whom, and the account
of the operating system is recorded beside it.
"""

import getpass
import os
from typing import TYPE_CHECKING, Annotated, Any

import typer
from pydantic import ValidationError
from rich.console import Console

from pipelines.errors import MisconfiguredError

if TYPE_CHECKING:
    from pipelines.opsdb.database import OpsDb
    from pipelines.registry import Registry
    from pipelines.settings import Settings

Model = Annotated[str, typer.Argument(help="Name of the model.")]
Version = Annotated[str, typer.Argument(help="Number of the version, or an alias of it.")]
Person = Annotated[str, typer.Option("--as", help="The named user who decides.")]
Why = Annotated[str, typer.Option("--why", help="The reason, as it will stand on record.")]


def desk(model: str | None) -> "tuple[Settings, OpsDb, Registry]":
    """Settings, operations database and registry, after finishing what a crash left."""
    from pipelines import settings
    from pipelines.governance.reconcile import reconcile as finish
    from pipelines.opsdb.database import OpsDb
    from pipelines.registry import Registry

    current = settings.load()
    db, registry = OpsDb.open(current), Registry.open(current)
    if model is not None:
        for line in finish(db, registry, model):
            Console(stderr=True, soft_wrap=True).print(line, highlight=False, markup=False)
    return current, db, registry


def checked(kind: Any, **content: Any) -> Any:
    """An answer of this content; says which option does not fit."""
    try:
        return kind(**content)
    except ValidationError as error:
        options = {"person": "--as"}
        said = "; ".join(
            f"{options.get(str(one['loc'][0]), '--' + str(one['loc'][0]))}: {one['msg']}"
            for one in error.errors()
        )
        raise MisconfiguredError(
            f"{said}. Give a user's name like `ben`, and a reason of at least three letters."
        ) from error


def os_user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # an account without a name
        return str(os.getuid())
