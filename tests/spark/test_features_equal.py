"""Features are the same bits on Spark, in a batch and for a document on its own."""

import uuid
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from pipelines import features, specs
from pipelines.contracts import names
from pipelines.settings import Settings
from spark_jobs import features as job
from spark_jobs.session import session
from tests.factories.documents import receipts
from tests.factories.hostile import PAGES_OF_ANY_KIND, documents, written

pytestmark = pytest.mark.spark


@pytest.fixture(scope="module")
def engine(spark_settings: Settings) -> Iterator[Any]:
    """One session for all examples."""
    opened = session("equal", spark_settings, session_id=str(uuid.uuid4()))
    yield opened
    opened.stop()


# Not shrunk: a try takes seconds on Spark, and one that fails says enough.
@settings(max_examples=4, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(pages=st.lists(PAGES_OF_ANY_KIND, min_size=8, max_size=20), real=st.integers(1, 9))
def test_features_are_the_same_bits_on_spark_in_a_batch_and_alone(
    engine: Any, pages: list, real: int
) -> None:
    spec = specs.model("receipts")
    schema = specs.resolve(spec.features_schema)(spec)
    columns = [names.DOCUMENT_ID, names.PAGES]
    rows = pa.concat_tables([documents(pages), receipts(real).select(columns)])

    frame = job.compute(engine.createDataFrame(rows), spec, schema)
    on_spark = frame.toArrow().sort_by(names.DOCUMENT_ID)
    batch = features.compute(rows, spec).sort_by(names.DOCUMENT_ID)
    alone = pa.concat_tables(
        features.compute(rows.slice(row, 1), spec) for row in range(rows.num_rows)
    ).sort_by(names.DOCUMENT_ID)

    wanted = written(batch.select(schema.names))
    assert written(alone.select(schema.names)) == wanted
    assert written(on_spark.select(schema.names).cast(schema)) == wanted
