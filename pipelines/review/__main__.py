"""Runs the reviewers' pages: `python -m pipelines.review --port N [--accounts FILE]`.

The file holds the named users that a home begins with; those that are missing are made.
"""

import argparse
import json
import logging
from pathlib import Path

import uvicorn

from pipelines import settings as settings_of
from pipelines.contracts.account import FIRST_USERS
from pipelines.opsdb import accounts
from pipelines.opsdb.database import OpsDb
from pipelines.review import credentials
from pipelines.review.app import create_app, utc_now
from pipelines.telemetry import logs

log = logging.getLogger(__name__)


def seed(db: OpsDb, passwords: dict[str, str]) -> list[str]:
    """Makes the named users that have no account yet; gives their names."""
    with db.read() as session:
        known = {each.name for each in accounts.users(session)}
    made = sorted(passwords.keys() & FIRST_USERS.keys() - known)
    hashes = {name: credentials.hash_password(passwords[name]) for name in made}
    with db.write() as session:
        for name in made:
            accounts.add_user(session, name, FIRST_USERS[name], hashes[name], utc_now())
    return made


def main() -> None:
    """Serves until it is told to stop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--accounts", type=Path)
    given = parser.parse_args()
    settings = settings_of.load()
    logs.configure(settings)
    db = OpsDb.open(settings)
    if given.accounts is not None:
        made = seed(db, json.loads(given.accounts.read_text(encoding="utf-8")))
        log.info("accounts made: %s", ", ".join(made) or "none")
    uvicorn.run(
        create_app(settings, db),
        host=settings.bind,
        port=given.port,
        log_config=None,  # by the root logger, as all else
        server_header=False,
        proxy_headers=bool(settings.review_proxies),
        forwarded_allow_ips=list(settings.review_proxies) or None,
        timeout_graceful_shutdown=5,
    )


if __name__ == "__main__":
    main()
