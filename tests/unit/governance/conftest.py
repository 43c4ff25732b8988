"""Both engines of the operations database, and a registry in memory."""

import shutil

import pytest
from factories.operations import opsdb, opsdb_uri, postgres  # noqa: F401 - fixtures
from fakes.registry import FakeRegistry

from pipelines import specs
from pipelines.settings import Settings


@pytest.fixture
def spec():
    """The receipts model, approved by ben and dee."""
    return specs.model("receipts").model_copy(update={"approvers": ["ben", "dee"]})


@pytest.fixture
def registry(spec):
    """Versions 1 to 3 by cy."""
    found = FakeRegistry(spec)
    yield found
    shutil.rmtree(found.files)


@pytest.fixture
def settings(tmp_path):
    return Settings(home=tmp_path)
