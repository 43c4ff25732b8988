"""What a terminal says of a scoring run."""

import pyarrow as pa

from pipelines.cli.scored import say_scored
from pipelines.contracts import names
from pipelines.lake.lake import Lake
from pipelines.lake.predictions import DayState, Made, notes
from pipelines.settings import Settings

MONDAY, TUESDAY, LATER = "2026-01-05", "2026-01-06", "2026-01-20"


def commit(settings: Settings, states: dict, **made: object) -> None:
    """A commit's notes, as the job leaves them; the rows are not looked at."""
    lake, table = Lake.open(settings), names.predictions_table("receipts")
    schema = pa.schema([(names.DAY, pa.string())])
    lake.create(table, schema, [])
    content = {"token": "t", "input_snapshot_id": 12, "added": {}, "removed": {}, "refused": {}}
    lake.append(table, schema.empty_table(), notes(states, Made.model_validate(content | made)))


def test_terminal_says_who_scored_what_and_which_is_shown(tmp_path, capsys):
    settings = Settings(home=tmp_path)
    say_scored("receipts", settings)
    assert capsys.readouterr().out == ""
    champion = DayState(published=1, role="champion", since=1, rows_in=10, refused=1)
    shadow = DayState(published=1, role="shadow", since=2, rows_in=10, refused=0)
    states = {(1, MONDAY): champion, (1, TUESDAY): champion, (2, TUESDAY): shadow}
    # An unreadable file landed on a day of which nothing was published.
    states[1, LATER] = champion.model_copy(update={"rows_in": 0, "refused": 0})
    commit(settings, states, added={1: 18, 2: 10}, removed={1: 3}, refused={"not_computable": 2})

    say_scored("receipts", settings)

    assert capsys.readouterr().out.splitlines() == [
        "newest scoring of receipts, on snapshot 12: 28 predictions made, 3 removed",
        "  2 × not computable, see millrace.refused_receipts",
        "  version 1, champion: 20 rows of 2 days = 18 scored + 2 refused; shown for 2 days",
        "  version 2, shadow: 10 rows of 1 day = 10 scored + 0 refused; not shown",
    ]


def test_terminal_says_what_is_shown_after_a_rollback(tmp_path, capsys):
    settings = Settings(home=tmp_path)
    first = DayState(published=1, role="champion", since=1, rows_in=4, refused=0)
    second = first.model_copy(update={"since": 2})
    commit(settings, {(1, MONDAY): first, (2, MONDAY): second}, added={2: 4})
    commit(settings, {(1, MONDAY): first.model_copy(update={"since": 3})})

    say_scored("receipts", settings)

    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith("0 predictions made, 0 removed")
    assert [line.rpartition("; ")[2] for line in lines[1:]] == ["shown for 1 day", "not shown"]
