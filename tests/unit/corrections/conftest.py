"""Both engines of the operations database, and the receipts model."""

import pytest
from factories.operations import opsdb, opsdb_uri, postgres  # noqa: F401 - fixtures

from pipelines import specs
from pipelines.contracts.policy import CorrectionPolicy, ReviewPolicy


@pytest.fixture
def spec():
    """No second reviews, and three corrections start a training."""
    return specs.model("receipts").model_copy(
        update={
            "review": ReviewPolicy(double_share=0),
            "corrections": CorrectionPolicy(threshold=3),
        }
    )


@pytest.fixture
def doubled(spec):
    """The same with a second review of every document."""
    return spec.model_copy(update={"review": ReviewPolicy(double_share=1)})
