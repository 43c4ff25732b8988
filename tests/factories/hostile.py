"""Documents of any kind that a reader may give, and features as the bytes they are."""

import pyarrow as pa
from hypothesis import strategies as st

from tests.factories.documents import PAGES

_TEXT = st.one_of(
    st.text(max_size=30),
    st.sampled_from(["TOTAL RM 12.50", "25/12/2018", "INV-001 9.00 9.00", "ß ﬁ ́ 🧾", "12\n3.45"]),
)
_NUMBER = st.one_of(
    st.floats(-10, 1000), st.sampled_from([0.0, float("nan"), float("inf"), 1e300, -1e300])
)
_LINE = st.fixed_dictionaries({
    "text": st.one_of(st.none(), _TEXT),
    "box": st.one_of(st.none(), st.lists(_NUMBER, min_size=0, max_size=5)),
})
_PAGE = st.one_of(
    st.none(),
    st.fixed_dictionaries({
        "width": st.one_of(st.none(), _NUMBER),
        "height": _NUMBER,
        "lines": st.one_of(st.none(), st.lists(st.one_of(st.none(), _LINE), max_size=8)),
    }),
)
PAGES_OF_ANY_KIND = st.one_of(st.none(), st.lists(_PAGE, max_size=3))
"""Pages without lines, lines without text, boxes of any length with numbers of any size."""


def documents(pages: list) -> pa.Table:
    """A document for each of the lists of pages."""
    return pa.table({
        "document_id": [f"d{index}" for index in range(len(pages))],
        "pages": pa.array(pages, PAGES),
    })


def written(features: pa.Table) -> list[list[bytes | list]]:
    """Columns as bytes where they are numbers: equality would take -0.0 for 0.0."""
    return [
        [
            row.values.to_numpy(zero_copy_only=False).tobytes()
            if isinstance(row, pa.ListScalar)
            and row.values is not None
            and pa.types.is_primitive(row.values.type)
            else row.as_py()
            for row in features[name]
        ]
        for name in features.column_names
    ]
