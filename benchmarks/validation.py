"""The cost of Great Expectations: the data set's suite against one plain Spark aggregate."""

from benchmarks.figures import Figure, in_turn
from benchmarks.workbench import DATASET, Workbench
from pipelines import specs
from pipelines.contracts.names import DAY
from pipelines.lake.delivery import deliveries, suite_path
from pipelines.validation import suite
from spark_jobs import landed, split, tally

REPEATS = 5


def measure(bench: Workbench) -> list[Figure]:
    """Both on the same checked rows, which are in memory, as in the ingest job."""
    from pipelines.validation import expectation  # Great Expectations takes seconds to import

    spec = specs.dataset(DATASET)
    rules = suite.read(suite_path(spec))
    schema = specs.resolve(spec.schema_)()
    with bench.spark() as spark:
        rows = landed.read(spark, deliveries(spec, bench.days, bench.settings), schema)
        checked = split.checked(rows, spec, rules, rows.limit(0).select(spec.key, DAY)).persist()
        columns = sorted({str(rule.kwargs["column"]) for rule in rules.expectations if rule.kwargs})

        def validate() -> None:
            expectation.validate(checked.select(*columns), rules)

        def aggregate() -> None:
            tally.count(rows, checked, rules.expectations, bench.days)

        aggregate()
        validate()
        measured, baseline = in_turn(
            lambda: bench.cpu(validate), lambda: bench.cpu(aggregate), REPEATS
        )
        checked.unpersist()
    return [
        Figure(
            name="validation by Great Expectations",
            unit="CPU-s",
            against="our own aggregate of the same rules",
            definition=f"the suite of {len(rules.expectations)} expectations on the landed rows "
            "held in memory, CPU of Java and client; against the aggregate by which the ingest "
            "job counts the broken rules itself.",
            measured=measured,
            baseline=baseline,
        )
    ]
