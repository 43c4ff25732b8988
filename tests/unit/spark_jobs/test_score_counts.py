"""A scoring run is counted before anything is shown: rows in are rows out and refused ones."""

from collections import Counter
from types import SimpleNamespace

import pytest

from pipelines import specs
from pipelines.errors import BadDataError
from pipelines.lake.predictions import DayState, Due
from spark_jobs.scoring import _Counts, _made, _nothing_lost, _within_limit

DAY = "2026-01-05"
STATE = DayState(published=1, role="champion", since=1, rows_in=0, refused=0)
VERSIONS = [SimpleNamespace(due=Due(version=4, score={DAY: STATE}, note={}))]


def counts(came: int, kept: int, added: int, refused: int, before: int = 0) -> _Counts:
    tags = {"in": came, "kept": kept, "added": added, "before": before}
    return _Counts(
        rows=Counter({(tag, 4, DAY): rows for tag, rows in tags.items()}),
        refused=Counter({(4, DAY): refused}),
        rules=Counter({"not_computable": refused} if refused else {}),
    )


def test_run_is_refused_when_a_row_is_lost_or_doubled():
    _nothing_lost(counts(10, kept=4, added=5, refused=1), VERSIONS)
    with pytest.raises(BadDataError, match=r"10 rows are published, but 8 predictions and 1 ref"):
        _nothing_lost(counts(10, kept=4, added=4, refused=1), VERSIONS)
    with pytest.raises(BadDataError, match="make 11"):
        _nothing_lost(counts(10, kept=5, added=5, refused=1), VERSIONS)


def test_run_is_refused_when_more_than_the_limit_cannot_be_scored():
    spec = specs.model("receipts")  # a quarter
    _within_limit(spec, counts(8, kept=4, added=3, refused=1))
    _within_limit(spec, counts(12, kept=0, added=9, refused=3))
    with pytest.raises(BadDataError, match=r"2 of 4 rows .* not_computable \(2\)"):
        _within_limit(spec, counts(8, kept=4, added=2, refused=2))


def test_run_notes_what_it_made_and_what_is_gone():
    made = _made(counts(10, kept=4, added=5, refused=1, before=7), VERSIONS, 12, "token")

    assert (made.added, made.removed, made.refused) == ({4: 5}, {4: 3}, {"not_computable": 1})
