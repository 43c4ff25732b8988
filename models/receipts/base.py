"""What a training of the receipts model can begin with: receipts of invented merchants.

They teach what receipts have in common, how a date, an address and a total look and where they
stand. One's own documents weigh far more.
"""

from functools import cache

import pyarrow as pa

from pipelines.contracts.names import DOCUMENT_ID, FIELDS, PAGES
from pipelines.contracts.spec import ModelSpec
from pipelines.samples.receipts import documents as invented

DOCUMENTS, MERCHANTS = 200, 200
SEED = 1_000
"""Of no sample: who tries the platform with generated documents sees other merchants."""


def documents(spec: ModelSpec) -> pa.Table:
    """Labelled documents, with the columns of published ones that features are made of."""
    del spec
    return _documents()


@cache
def _documents() -> pa.Table:
    rows = list(invented(DOCUMENTS, SEED, merchants=MERCHANTS, kind="receipts"))
    labels = [list(row[FIELDS].items()) for row in rows]
    return pa.table({
        DOCUMENT_ID: [f"base-{number:05d}" for number in range(len(rows))],
        PAGES: [row[PAGES] for row in rows],
        FIELDS: pa.array(labels, pa.map_(pa.string(), pa.string())),
    })
