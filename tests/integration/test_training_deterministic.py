"""The real extractor: the same snapshot, seed and lock give the same model, byte for byte."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from factories.home import publish
from factories.receipts import receipts

from pipelines import specs
from pipelines.contracts.spec import ModelSpec
from pipelines.lake.lake import Lake
from pipelines.settings import Settings
from pipelines.training import TrainSpec, run

pytestmark = pytest.mark.slow

SMALL = {"word_trees": 8, "rank_trees": 8, "value_trees": 8, "render_trees": 8, "word_models": 1}


def train(home: Path, seed: int = 7) -> dict[str, str]:
    """Trains a small extractor in a home of its own and gives its hash and its predictions."""
    spec = specs.model("receipts").model_dump()
    split = {"group_by": "company", "unseen_group_share": 0.2, "seen_group_share": 0.2}
    model = ModelSpec.model_validate(spec | {"parameters": SMALL, "seed": seed, "split": split})
    settings = Settings(home=home)
    features = publish(settings, model, receipts(60))
    given = TrainSpec(model=model, features=features)
    result = run(given, lake=Lake.open(settings), settings=settings)
    predictions = (settings.root / result.predictions).read_bytes()
    return {"hash": result.artefact_hash, "predictions": predictions.hex()}


def test_model_files_are_the_same_bytes_in_another_process_and_home(tmp_path):
    here = train(tmp_path / "here")
    # Another order of sets and hashes, as in every new process.
    environment = os.environ | {"PYTHONHASHSEED": "4242"}
    done = subprocess.run(
        [sys.executable, __file__, str(tmp_path / "there")],
        env=environment | {"PYTHONPATH": str(Path(__file__).parents[1])},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == here


def test_model_files_differ_when_the_seed_does(tmp_path):
    assert train(tmp_path / "a")["hash"] != train(tmp_path / "b", seed=8)["hash"]


if __name__ == "__main__":
    print(json.dumps(train(Path(sys.argv[1]))))
