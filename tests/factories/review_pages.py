"""The reviewers' application over one database, people who sign in, and a clock to move."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache

from factories.operations import NOW
from starlette.testclient import TestClient

from pipelines.contracts.account import FIRST_USERS
from pipelines.opsdb import accounts
from pipelines.opsdb.database import OpsDb
from pipelines.review import credentials
from pipelines.review.app import create_app
from pipelines.settings import Settings

PASSWORD = "korrekt-pferd-batterie"


@cache
def hashed() -> str:
    """Hashed once: it takes a while on purpose."""
    return credentials.hash_password(PASSWORD)


@dataclass
class Pages:
    """The application, people who sign in to it, and its clock."""

    db: OpsDb
    settings: Settings
    now: datetime = NOW
    made: dict[str, TestClient] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.app = create_app(self.settings, self.db, lambda: self.now)
        with self.db.write() as session:
            for name, role in FIRST_USERS.items():
                accounts.add_user(session, name, role, hashed(), NOW)

    def stranger(self, base_url: str = "http://localhost") -> TestClient:
        """A browser without a session."""
        return TestClient(self.app, base_url=base_url, follow_redirects=False)

    def sign_in(self, name: str) -> TestClient:
        """A new browser in which somebody signed in; its writes carry the page's token."""
        client = self.stranger()
        done = client.post("/sign-in", data={"name": name, "password": PASSWORD})
        assert done.status_code == 303, done.text
        page = client.get("/review/receipts").text
        token = page.split('name="csrf-token" content="')[1].split('"')[0]
        client.headers["X-CSRF-Token"] = token
        return client

    def wait(self, **time: float) -> None:
        """Moves the clock."""
        self.now += timedelta(**time)
