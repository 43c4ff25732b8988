"""A home with two versions of receipts on a real MLflow, about which nobody has decided."""

from datetime import UTC, datetime

import pytest
from factories.home import publish, simple_spec
from factories.operations import judged
from factories.receipts import receipts
from typer.testing import CliRunner

from pipelines import evaluation, registry, specs, training
from pipelines.cli.main import app
from pipelines.contracts import names
from pipelines.evaluation import EvaluationSpec
from pipelines.governance.decide import ask
from pipelines.lake.golden import freeze
from pipelines.lake.lake import Lake
from pipelines.opsdb.database import OpsDb
from pipelines.registry import RegistrationSpec, Registry
from pipelines.settings import Settings
from pipelines.training import TrainSpec


@pytest.fixture(scope="session")
def trained_home(tmp_path_factory):
    """Versions 1 and 2 of receipts by cy, and a golden set; settings and the model's spec."""
    with pytest.MonkeyPatch.context() as patch:
        settings = Settings(home=tmp_path_factory.mktemp("decided"))
        model = simple_spec(patch).model_copy(update={"approvers": ["ben"]})
        lake = Lake.open(settings)
        deps = {"lake": lake, "settings": settings}
        documents = receipts(60)
        features = publish(settings, model, documents)
        for seed in (7, 8):
            one = model.model_copy(update={"seed": seed})
            fitted = training.run(TrainSpec(model=one, features=features), **deps)
            scored = evaluation.run(EvaluationSpec(model=one, training=fitted), **deps)
            spec = RegistrationSpec(model=one, training=fitted, evaluation=scored, author="cy")
            registry.run(spec, **deps)
        rows = documents.slice(0, 20).append_column(names.PART, [["seen_group"] * 20])
        freeze(lake, settings, "receipts", "document_id", rows, features.input_snapshot_id, 20)
        yield settings, model


@pytest.fixture
def home(trained_home, opsdb_uri, monkeypatch):
    """That home with an operations database of its own, the aliases and notes taken away."""
    settings, model = trained_home
    monkeypatch.setattr(specs, "model", lambda name: model)
    monkeypatch.setenv("MILLRACE_HOME", str(settings.root))
    monkeypatch.setenv("MILLRACE_OPSDB_URI", opsdb_uri)
    client = Registry.open(settings).client()
    for version in Registry.open(settings).versions("receipts"):
        for alias in set(version.aliases) & {"champion", "shadow"}:
            client.delete_registered_model_alias("receipts", alias)
        for tag in [tag for tag in version.tags if tag.startswith(("ledger_", "card_"))]:
            client.delete_model_version_tag("receipts", str(version.version), tag)
    return Settings()


def now():
    return datetime.now(UTC)


def put(home, version, champion=None, decision="promote"):
    ask(
        judged(version, champion, decision),
        author="cy",
        db=OpsDb.open(home),
        registry=Registry.open(home),
        now=now(),
        hours=1,
    )


def millrace(*arguments):
    """Runs a command; errors of ours come through as they are."""
    result = CliRunner().invoke(app, [str(one) for one in arguments])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def by_ben(*arguments):
    return [*arguments, "--as", "ben", "--why", "measured and better"]
