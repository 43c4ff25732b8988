"""`reproduce`: trains a version again and compares."""

import tempfile
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from pipelines.cli.desk import Model, Version
from pipelines.contracts.learning import LABELS, REGIME
from pipelines.errors import BadDataError

if TYPE_CHECKING:
    from pipelines.contracts.result import FeaturesResult, TrainResult
    from pipelines.contracts.spec import ModelSpec
    from pipelines.lake.lake import Lake


def register(app: typer.Typer) -> None:
    app.command()(reproduce)


def reproduce(model: Model, version: Version) -> None:
    """Trains a version again from its recorded snapshots and compares the files.

    Example: [bold]millrace reproduce receipts 2[/bold]
    """
    from pipelines import settings
    from pipelines.governance.reproduce import reproduce as train_again
    from pipelines.lake.lake import Lake
    from pipelines.registry import Registry

    current = settings.load()
    registry = Registry.open(current)
    chosen = registry.resolve(model, version)
    with tempfile.TemporaryDirectory(prefix="millrace-reproduce-") as scratch:
        found = train_again(
            chosen,
            registry=registry,
            lake=Lake.open(current),
            scratch=Path(scratch),
            train=partial(_train, tags=chosen.tags),
        )
    typer.echo(f"{model} version {chosen.version}: features {found.features}")
    typer.echo(f"registered {found.registered_hash}")
    typer.echo(f"trained    {found.trained_hash}")
    for line in found.differences:
        typer.echo(f"differs: {line}")
    if not found.same:
        raise BadDataError(
            "the files are not the same. Check out the registered revision with its "
            "requirements.txt, and try again."
        )
    typer.echo("the same, byte for byte")


def _train(
    spec: "ModelSpec",
    features: "FeaturesResult",
    lake: "Lake",
    scratch: Path,
    *,
    tags: Mapping[str, str],
) -> "TrainResult":
    from pipelines.contracts.learning import Labels, Regime
    from pipelines.settings import Settings
    from pipelines.training.step import TrainSpec, run

    labels, regime = tags.get(LABELS), tags.get(REGIME)
    again = TrainSpec(
        model=spec,
        features=features,
        plant=tags.get("plant"),
        labels=None if labels is None else Labels.model_validate_json(labels),
        regime=None if regime is None else Regime.model_validate_json(regime),
    )
    return run(again, lake=lake, settings=Settings(home=scratch))
