"""Fixtures that every room's tests share: homes of their own, never the project's."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from factories.browsers import browser  # noqa: F401 - a fixture for all
from factories.services import free_ports
from factories.spark import dataset, spark, spark_settings  # noqa: F401 - fixtures for all
from hypothesis import HealthCheck, settings

from pipelines.settings import PROJECT_ROOT, Settings

# How long an example takes says something of the machine's other work, not of the code.
settings.register_profile(
    "millrace", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("millrace")

SHARED_DATA = PROJECT_ROOT.parent / "shared" / "data"


@pytest.fixture
def sroie() -> Path:
    """626 real receipts; the test is skipped where they are not."""
    path = SHARED_DATA / "sroie" / "train.jsonl"
    if not path.is_file():
        pytest.skip("real receipts are not here: ../shared/data/sroie/train.jsonl")
    return path


@pytest.fixture(scope="session")
def airflow_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A prepared home with a migrated Airflow, shared by tests that only read it."""
    from pipelines.services import home

    settings = free_ports(tmp_path_factory.mktemp("airflow_home"))
    home.prepare(settings)
    yield settings


@pytest.fixture(scope="session")
def airflow_env(airflow_settings: Settings) -> dict[str, str]:
    """Environment of a process that uses Airflow in `airflow_settings`."""
    from pipelines.services.environment import full_environment

    return full_environment(airflow_settings)
