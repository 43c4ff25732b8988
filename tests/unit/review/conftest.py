"""Operations databases on both engines, and the reviewers' application over one."""

from pathlib import Path

import pytest
from factories.operations import opsdb, opsdb_uri, postgres  # noqa: F401 - fixtures
from factories.review_pages import Pages

from pipelines.opsdb.database import OpsDb
from pipelines.settings import Settings


@pytest.fixture
def pages(opsdb: OpsDb, tmp_path: Path) -> Pages:  # noqa: F811 - the fixture
    return Pages(opsdb, Settings(home=tmp_path / "home"))


@pytest.fixture
def lite(tmp_path: Path) -> Pages:
    """The same on SQLite alone, for what touches no storage of its own."""
    return Pages(OpsDb.open(settings := Settings(home=tmp_path / "home")), settings)
