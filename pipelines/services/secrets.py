"""The secrets of a home: made once, readable by the owner alone, never printed or logged."""

import base64
import json
import os
import secrets as random
from collections.abc import Callable, Iterable
from pathlib import Path

from pipelines.contracts.account import FIRST_USERS
from pipelines.settings import Settings

USERS = ("ada", "ben", "cy", "vi")
"""The named users of airflow.cfg: admin, approver, data scientist, viewer."""


def _token() -> str:
    return random.token_urlsafe(48)


def _passwords(names: Iterable[str]) -> str:
    return json.dumps({name: random.token_urlsafe(12) for name in names}, indent=2)


_MAKERS: dict[str, tuple[str, Callable[[], str]]] = {
    # Signs Airflow's log-in and task tokens: a component with another one cannot talk.
    "jwt": ("airflow_jwt", _token),
    "api": ("airflow_api", _token),
    "fernet": (
        "airflow_fernet",
        lambda: base64.urlsafe_b64encode(random.token_bytes(32)).decode(),
    ),
    # The file Airflow's simple auth manager reads; where it is missing the passwords are
    # made by Airflow and printed into its log.
    "users": (
        "airflow_users.json",
        lambda: _passwords(USERS),
    ),
    # Read by the reviewers' pages when they start; who has no account yet gets one.
    "reviewers": ("review_users.json", lambda: _passwords(FIRST_USERS)),
    "spark": ("spark_connect", _token),
}
NAMES = tuple(_MAKERS)


def path(settings: Settings, name: str) -> Path:
    """Where a secret of the home is."""
    return settings.secrets / _MAKERS[name][0]


def read(settings: Settings, name: str) -> str:
    """A secret of a prepared home."""
    return path(settings, name).read_text().strip()


def passwords(settings: Settings, name: str = "users") -> dict[str, str]:
    """Password by user name: of Airflow's `users`, or of the `reviewers` as they were made."""
    found: dict[str, str] = json.loads(read(settings, name))
    return found


def generate(settings: Settings) -> None:
    """Makes the secrets that are missing; those that exist are never changed."""
    settings.secrets.mkdir(mode=0o700, parents=True, exist_ok=True)
    settings.secrets.chmod(0o700)
    for name, (_, make) in _MAKERS.items():
        target = path(settings, name)
        if not target.exists():
            write_private(target, make())


def write_private(target: Path, text: str) -> None:
    """Writes a file of mode 0600 at once: nobody sees it half-written or readable."""
    aside = target.with_name(f".{target.name}.{os.getpid()}")
    aside.unlink(missing_ok=True)
    with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    aside.replace(target)
