"""A home with running services, shared by the tests that need a scheduler."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from factories.services import Millrace, command_line
from playwright.sync_api import Browser, Page

from pipelines.services import ports, secrets
from pipelines.services.airflow_client import AirflowClient
from pipelines.settings import Settings

OpenPage = Callable[..., Page]


@pytest.fixture(scope="session")
def live_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("live_home")


@pytest.fixture(scope="session")
def millrace(live_home: Path) -> Millrace:
    """Runs the command line in the shared home."""
    # A killed task is to be tried again at once.
    return command_line(live_home, MILLRACE_RETRY_DELAY_SECONDS="1")


@pytest.fixture(scope="session")
def client(live_home: Path, millrace: Millrace) -> Iterator[AirflowClient]:
    """Airflow of the shared home, signed in; the services end with the tests."""
    try:
        started = millrace("up")
        assert started.returncode == 0, started.stdout + started.stderr
        settings = Settings(home=live_home)
        url = f"http://127.0.0.1:{ports.assigned(settings)['airflow']}"
        yield AirflowClient(url, "ada", secrets.passwords(settings)["ada"])
    finally:
        millrace("down")


@pytest.fixture
def airflow_page(browser: Browser, client: AirflowClient, live_home: Path) -> Iterator[OpenPage]:
    """Opens a browser's page with `user` signed in to Airflow."""
    opened: list[Page] = []

    def open_page(user: str, width: int = 1280, scheme: str = "light") -> Page:
        page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        opened.append(page)
        page.goto(f"{client.url}/auth/login?next=%2F")
        page.fill("input[name=username]", user)
        page.fill("input[name=password]", secrets.passwords(Settings(home=live_home))[user])
        page.keyboard.press("Enter")
        page.wait_for_url(lambda address: "/auth/login" not in address)
        return page

    yield open_page
    for page in opened:
        page.close()
