"""What `millrace ingest` says at its end."""

import pyarrow as pa
import pytest

from pipelines.cli.runs import _say_published
from pipelines.contracts import names
from pipelines.lake.lake import Lake
from pipelines.lake.published import PublishedDay, notes
from pipelines.settings import Settings

BROKEN = ("2026-11-21", 0, {"wrong_header": 1})
"""A file that is no CSV: it landed under the day on which it came."""


def day(rows: int, reasons: dict[str, int]) -> PublishedDay:
    refused = sum(reasons.values())
    return PublishedDay(
        key="k", rows_in=rows + refused, rows_published=rows, rows_quarantined=refused,
        quarantine_reasons=reasons, warnings={}, data_docs=None,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (
            [("2018-04-01", 5, {}), ("2018-04-02", 7, {"bad_amount": 1}), BROKEN],
            [
                "published: 12 rows of 2018-04-01, 2018-04-02; quarantined: 2",
                "  1 × bad amount",
                "  1 × wrong header",
            ],
        ),
        ([BROKEN], ["published: 0 rows of 2026-11-21; quarantined: 1", "  1 × wrong header"]),
    ],
)
def test_days_are_named_that_have_published_rows(days, said, tmp_path, capsys):
    settings = Settings(home=tmp_path)
    lake, table = Lake.open(settings), names.published_table("card_transactions")
    schema = pa.schema([(names.DAY, pa.string())])
    lake.create(table, schema, [])
    states = {name: day(rows, reasons) for name, rows, reasons in days}
    lake.append(table, schema.empty_table(), notes(states))

    _say_published("card_transactions", sorted(states), settings)

    assert capsys.readouterr().out.splitlines() == said
