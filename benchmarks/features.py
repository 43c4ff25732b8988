"""Features per CPU-second: `mapInArrow` on Spark against the same function in plain Python."""

from functools import partial

from benchmarks.figures import Figure, in_turn
from benchmarks.workbench import DATASET, DOCUMENTS, MODEL, Workbench
from pipelines import specs
from pipelines.contracts import names
from pipelines.lake.lake import Lake
from spark_jobs.features import by_batch, compute
from spark_jobs.session import CATALOG

COPIES = (1, 32)
"""Times the documents are computed: what a job costs once weighs less in the second."""
BATCH_ROWS = 512
REPEATS = 3


def measure(bench: Workbench) -> list[Figure]:
    """Both read the published table and throw the features away."""
    on_spark(bench, 1)  # the server compiles its code for the first query of a kind
    return [_figure(bench, copies) for copies in COPIES]


def _figure(bench: Workbench, copies: int) -> Figure:
    documents = DOCUMENTS * copies

    def rate(work: partial[None]) -> float:
        return documents / bench.cpu(work)

    measured, baseline = in_turn(
        lambda: rate(partial(on_spark, bench, copies)),
        lambda: rate(partial(in_python, bench, copies)),
        REPEATS,
    )
    return Figure(
        name=f"features of {documents} documents on Spark",
        unit="documents / CPU-s",
        against="plain Python",
        definition="the features job's mapInArrow on the warm server, in a session with Python "
        "workers of its own as each job has, CPU of Java, workers and client; against the same "
        f"function called here on batches of {BATCH_ROWS}. Both read the published table"
        f"{f', {copies} times over' if copies > 1 else ''}. Above 1 Spark is cheaper.",
        measured=measured,
        baseline=baseline,
    )


def on_spark(bench: Workbench, copies: int) -> None:
    """The job's own transform, without its commit."""
    spec = specs.model(MODEL)
    with bench.spark() as spark:
        rows = spark.read.table(f"{CATALOG}.{names.published_table(DATASET)}")
        rows = rows.crossJoin(spark.range(copies)).drop("id")
        features = compute(rows, spec, specs.resolve(spec.features_schema)(spec))
        features.write.format("noop").mode("overwrite").save()


def in_python(bench: Workbench, copies: int) -> None:
    """The same generator that Spark's workers run, in this process."""
    spec = specs.model(MODEL)
    apply = by_batch(spec, specs.resolve(spec.features_schema)(spec))
    table = Lake.open(bench.settings).read(names.published_table(DATASET)).combine_chunks()
    batches = table.to_batches(max_chunksize=BATCH_ROWS) * copies
    assert sum(found.num_rows for found in apply(batches)) == DOCUMENTS * copies
