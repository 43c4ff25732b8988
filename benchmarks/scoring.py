"""Batch scoring: rows per CPU-second against the learning library's own predict."""

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from unittest import mock

import lightgbm
import numpy as np
import pyarrow as pa
import xgboost
from pyspark.sql import functions as F
from pyspark.sql.pandas.types import to_arrow_schema

from benchmarks.figures import Figure, Measure, in_turn
from benchmarks.workbench import SEED, Workbench
from pipelines import features, specs
from pipelines.contracts import names
from pipelines.contracts.scoring import CHAMPION, Pinned
from pipelines.estimators import estimator
from pipelines.estimators.artefact import Artefact
from pipelines.estimators.lightgbm import Trees
from pipelines.ingestion.land import LandSpec, run
from pipelines.lake.lake import Lake
from pipelines.samples.card_transactions import START, generate
from spark_jobs import ingest
from spark_jobs.model import shipped
from spark_jobs.scorer import Scorer
from spark_jobs.session import CATALOG

CARDS = "card_transactions"
TRANSACTIONS = 40_000
COPIES = {"receipts": 4, "card_fraud": 10}
"""Times the rows are scored on Spark, each copy with keys and groups of its own: what a job costs
once weighs less, as it does in a back-fill."""
REPEATS = 3


@dataclass(frozen=True)
class _Case:
    """A model that learned the very rows it scores: what it answers does not matter here."""

    artefact: Artefact
    pinned: Pinned
    features: pa.Table
    library: str
    own_predict: Callable[[], object]
    """The library's predict of all rows from matrices that are ready."""


def measure(bench: Workbench) -> list[Figure]:
    """Both models on their published rows."""
    _publish_cards(bench)
    found = []
    for model, own in (("receipts", _lightgbm), ("card_fraud", _xgboost)):
        with _case(bench, model, own) as case:
            _on_spark(bench, case, 1)  # the server compiles its code for the first query of a kind
            found += _figures(bench, case)
    return found


def _figures(bench: Workbench, case: _Case) -> list[Figure]:
    rows, name = int(case.features.num_rows), case.artefact.spec.name
    copies = COPIES[name]

    def here(work: Callable[[], object]) -> float:
        begun = time.process_time()
        work()
        return rows / (time.process_time() - begun)

    ways: dict[str, tuple[Measure, str]] = {
        "on Spark, features included": (
            lambda: rows * copies / bench.cpu(partial(_on_spark, bench, case, copies)),
            f"{rows * copies} rows through the score job's own transform from published rows to "
            "predictions, without its commit, in a session with Python workers of its own as each "
            "job has, CPU of Java, workers and client",
        ),
        "from ready features": (
            partial(here, partial(case.artefact.fitted.predict, case.features)),
            f"{rows} rows through the estimator's predict of the features table, in this process",
        ),
    }
    figures = []
    for way, (work, definition) in ways.items():
        measured, baseline = in_turn(work, partial(here, case.own_predict), REPEATS)
        figures.append(
            Figure(
                name=f"{name}: scoring {way}",
                unit="rows / CPU-s",
                against=f"{case.library} from ready matrices",
                definition=f"{definition}; against {case.library} of {rows} rows by the same "
                "model with one thread, from matrices in memory, in turn with it.",
                measured=measured,
                baseline=baseline,
            )
        )
    return figures


def _on_spark(bench: Workbench, case: _Case, copies: int) -> None:
    spec = case.artefact.spec
    source = f"{CATALOG}.{names.published_table(spec.dataset)}"
    with bench.spark() as spark, shipped(spark, case.pinned) as artefact:
        published = spark.read.table(source).crossJoin(spark.range(copies))
        for column in (specs.key(spec), *(spec.history.groups if spec.history else ())):
            published = published.withColumn(column, F.concat_ws("-", column, "id"))
        published = published.drop("id")
        schema = to_arrow_schema(published.schema)
        scorer = Scorer.of(artefact, case.pinned.artefact_hash, schema)
        found = scorer.score(published, published.select(*scorer.identity))
        found.write.format("noop").mode("overwrite").save()


@contextmanager
def _case(
    bench: Workbench, model: str, own: Callable[[Artefact, pa.Table, Path], tuple[str, Any]]
) -> Iterator[_Case]:
    spec = specs.model(model)
    rows = Lake.open(bench.settings).read(names.published_table(spec.dataset)).combine_chunks()
    table = features.compute(rows, spec)
    engine = estimator(spec.estimator)
    fitted = engine.fit(table, spec, seed=spec.seed, progress=lambda _: None)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / "model"
        hashed = Artefact(spec, fitted).save(folder)
        artefact = Artefact.load(folder, hashed)
        pinned = Pinned(
            version=1, role=CHAMPION, since=1, location=folder.as_uri(), artefact_hash=hashed
        )
        library, predict = own(artefact, table, folder)
        yield _Case(artefact, pinned, table, library, predict)


def _lightgbm(artefact: Artefact, table: pa.Table, folder: Path) -> tuple[str, Any]:
    """All calls of one prediction, by every stage of every field, again without the rest of it."""
    calls: list[tuple[lightgbm.Booster, Any]] = []
    answer = Trees.predict

    def recorded(trees: Trees, matrix: Any) -> Any:
        if len(matrix):
            calls.append((trees.booster, matrix))
        return answer(trees, matrix)

    with mock.patch.object(Trees, "predict", recorded):
        artefact.fitted.predict(table)
    return "LightGBM's Booster.predict", lambda: [
        booster.predict(matrix, num_threads=1) for booster, matrix in calls
    ]


def _xgboost(artefact: Artefact, table: pa.Table, folder: Path) -> tuple[str, Any]:
    booster = xgboost.Booster({"nthread": 1}, model_file=folder / "engine" / "model.ubj")
    columns = [field.name for field in table.schema if field.type == pa.float32()]
    matrix = np.column_stack([table[name].to_numpy() for name in columns])
    return "XGBoost's Booster.inplace_predict", lambda: booster.inplace_predict(matrix)


def _publish_cards(bench: Workbench) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = generate(TRANSACTIONS, SEED, Path(folder) / "cards.csv").path
        now = datetime(START.year, START.month, START.day, tzinfo=UTC)
        spec = LandSpec(dataset=CARDS, files=(file,), today=START, now=now)
        days = run(spec, settings=bench.settings, progress=lambda *_: None).days
    ingest.run(CARDS, days, "benchmark-cards", bench.settings)
