"""A home with one registered version, and the reviewers' application, for the tests here."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
from factories.decided import home, trained_home  # noqa: F401 - fixtures
from factories.home import publish, simple_spec
from factories.operations import opsdb_uri, postgres  # noqa: F401 - fixtures
from factories.receipts import receipts
from factories.review_site import Site, serving

from pipelines import evaluation, registry, training
from pipelines.contracts.result import FeaturesResult, RegistrationResult
from pipelines.contracts.spec import ModelSpec
from pipelines.evaluation import EvaluationSpec
from pipelines.lake.lake import Lake
from pipelines.registry import RegistrationSpec, Registry
from pipelines.settings import Settings
from pipelines.training import TrainSpec


@dataclass
class RegisteredHome:
    """A home, what was registered in it first, and the results of the two who tried at once."""

    settings: Settings
    lake: Lake
    spec: RegistrationSpec
    results: list[RegistrationResult]

    def trained(self, model: ModelSpec, features: FeaturesResult) -> RegistrationSpec:
        """What a training and its evaluation hand to the registration."""
        deps = {"lake": self.lake, "settings": self.settings}
        fitted = training.run(TrainSpec(model=model, features=features), **deps)
        scored = evaluation.run(EvaluationSpec(model=model, training=fitted), **deps)
        return RegistrationSpec(model=model, training=fitted, evaluation=scored, trace_id="7" * 32)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """The reviewers' application over an empty database."""
    with serving(tmp_path) as running:
        yield running


@pytest.fixture(scope="session")
def registered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RegisteredHome]:
    """Version 1 of `receipts`, by the smallest estimator; tests may add versions."""
    with pytest.MonkeyPatch.context() as patch:
        settings = Settings(home=tmp_path_factory.mktemp("registered"))
        Registry.open(settings).prepare()
        model = simple_spec(patch)
        home = RegisteredHome(settings, Lake.open(settings), None, [])
        home.spec = home.trained(model, publish(settings, model, receipts(60)))
        with ThreadPoolExecutor() as pool:  # a twin of the task, at the same time
            tries = [
                pool.submit(registry.run, home.spec, lake=home.lake, settings=settings)
                for _ in range(2)
            ]
            home.results = [one.result() for one in tries]
        yield home
