"""Evidently's report. The one module that imports it; importing it takes seconds.

Scores and limits are those of our own rule over all rows, the pictures are of a sample: so the
report says what the alarm says, and Evidently's own tests, which change with the number of rows,
say nothing. Names and values are ours too: the page runs scripts, and nothing that a document said
may stand in it.
"""

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipelines.contracts.monitoring import Kind

os.environ.setdefault("DO_NOT_TRACK", "1")  # read when it is imported
_STRANGE = re.compile(r"[^\w ./%-]", re.ASCII)


@dataclass(frozen=True)
class Column:
    """One column of both samples, and what our rule says of it."""

    name: str
    kind: Kind
    score: float
    """Times its limit, over all rows."""
    drifted: bool


def write(
    path: Path, *, reference: pa.Table, current: pa.Table, columns: Sequence[Column], title: str
) -> None:
    """Writes the page of two samples, whose categories are plain words; 5 MB whatever they hold."""
    from evidently import DataDefinition, Dataset, Report
    from evidently.presets import DataDriftPreset

    shown = {one.name: _plain(one.name) for one in columns}
    tests = {shown[one.name]: _test(number, one) for number, one in enumerate(columns)}
    definition = DataDefinition(
        numerical_columns=[shown[one.name] for one in columns if one.kind == "number"],
        categorical_columns=[shown[one.name] for one in columns if one.kind == "category"],
    )
    drift = DataDriftPreset(
        columns=list(tests),
        per_column_method=tests,
        per_column_threshold=dict.fromkeys(tests, 1.0),
        drift_share=0.999 / len(tests),  # one column past its limit is enough
        include_tests=False,
    )
    report = Report([drift], metadata={"title": _plain(title)}, include_tests=False)

    def dataset(rows: pa.Table) -> Any:
        frame = rows.select(list(shown)).rename_columns(list(shown.values())).to_pandas()
        return Dataset.from_pandas(frame, data_definition=definition)

    report.run(dataset(current), dataset(reference)).save_html(str(path))


def _test(number: int, column: Column) -> str:
    """Registers a test that knows the answer; gives its name."""
    from evidently.legacy.calculations.stattests.registry import StatTest, register_stattest
    from evidently.legacy.core import ColumnType

    name = f"millrace_{number}"
    test = StatTest(
        name=name,
        display_name="times its limit, over all rows",
        allowed_feature_types=[ColumnType.Numerical, ColumnType.Categorical],
    )
    answer: Callable[..., tuple[float, bool]] = lambda *_: (column.score, column.drifted)  # noqa: E731
    register_stattest(test, answer)
    return name


def _plain(name: str) -> str:
    """Letters, digits and a few signs: a name cannot end a script or begin an element."""
    return _STRANGE.sub("_", name)
