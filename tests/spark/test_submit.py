"""The same job file by spark-submit, with nothing of the project but the zip."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from factories.receipts import receipts

from pipelines import specs
from pipelines.contracts import names
from pipelines.contracts.result import FeaturesResult
from pipelines.lake.lake import Lake
from pipelines.settings import PROJECT_ROOT, Settings
from spark_jobs.package import build
from spark_jobs.session import submit_arguments


def test_package_makes_the_same_bytes_twice(tmp_path):
    first, second = build(tmp_path / "a.zip"), build(tmp_path / "b.zip")

    assert first.read_bytes() == second.read_bytes()


@pytest.mark.spark
@pytest.mark.slow
def test_features_are_equal_when_submitted_with_only_the_zip(tmp_path):
    settings = Settings(home=tmp_path / "home")
    lake, documents = Lake.open(settings), receipts(12)
    table = names.published_table("receipts")
    lake.create(table, documents.schema, [names.DAY])
    lake._catalog.load_table(table).append(documents)
    build(tmp_path / "millrace_jobs.zip")
    shutil.copy(PROJECT_ROOT / "spark_jobs" / "features.py", tmp_path / "job.py")
    # Away from the checkout: an isolated module path holds the environment's packages alone.
    command = [
        str(Path(sys.executable).parent / "spark-submit"),
        *submit_arguments(settings),
        "--py-files",
        "millrace_jobs.zip",
        "job.py",
        *("--model", "receipts", "--token", "t", "--result", "result.json"),
    ]
    hidden = {name for name in os.environ if name.startswith(("MILLRACE_", "SPARK_"))}
    variables = {name: value for name, value in os.environ.items() if name not in hidden} | {
        "MILLRACE_HOME": str(settings.home),
        "PYSPARK_PYTHON": sys.executable,
    }

    done = subprocess.run(
        command, cwd=tmp_path, env=variables, capture_output=True, text=True, timeout=300
    )

    assert done.returncode == 0, done.stderr[-3000:]
    result = FeaturesResult.model_validate_json((tmp_path / "result.json").read_bytes())
    spec = specs.model("receipts")
    expected = specs.resolve(spec.features)(documents, spec)
    found = lake.read(result.table, snapshot_id=result.snapshot_id).drop_columns([
        names.FEATURE_KEY
    ])
    assert found.sort_by(names.DOCUMENT_ID).equals(
        expected.select(found.column_names).cast(found.schema).sort_by(names.DOCUMENT_ID)
    )
    assert list(tmp_path.glob(".millrace_jobs.zip.*/models/receipts/model.yaml"))
