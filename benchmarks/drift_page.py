"""The page docs/drift.md: its tables, which are measured; its text is written by hand."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

from rich.console import Console
from rich.table import Table

from benchmarks.gate import share
from pipelines.settings import PROJECT_ROOT

PAGE = PROJECT_ROOT / "docs" / "drift.md"
WIDTH = 170


@dataclass(frozen=True)
class Alarms:
    """A stream without any shift that was put in."""

    stream: str
    columns: int
    rows: int
    """Of a window, the median."""
    windows: int
    expected: float
    """False alarms a month by calibration."""
    exceeded: int
    """Windows in which anything was past its limit."""
    in_alarm: int
    """Windows in alarm."""
    alarms: int
    """Alarms, however many windows each lasts."""
    evidently: int
    """Windows that Evidently judged."""
    any_column: int
    """Those in which it called any column drifted."""
    dataset: int
    """Those in which it called the data set drifted."""


@dataclass(frozen=True)
class Found:
    """One kind of shift in one stream."""

    stream: str
    kind: str
    size: str
    promised: bool
    tries: int
    found: int
    """Found within two windows, by any signal."""
    of_column: int
    """By a column that was shifted."""
    without_labels: int
    """Without the columns that need labels."""
    evidently: int
    any_column: int
    """Windows in which Evidently called a shifted column drifted."""
    dataset: int


def together(name: str, lines: Sequence[Alarms]) -> Alarms:
    """Several references of one stream as one line; expected is their mean."""
    counted = {
        one.name: sum(getattr(line, one.name) for line in lines)
        for one in fields(Alarms)
        if one.name not in {"stream", "columns", "rows", "expected"}
    }
    rows = sorted(line.rows for line in lines)[len(lines) // 2]
    expected = sum(line.expected for line in lines) / len(lines)
    return Alarms(name, lines[0].columns, rows, expected=expected, **counted)


def pooled(name: str, lines: Sequence[Found]) -> list[Found]:
    """The same kind of shift, of a size by reference, as one line."""
    kept: dict[tuple[str, str], Found] = {}
    for line in lines:
        size = re.sub(r"`[^`]*` ", "", re.sub(r"[\d.]+%", "…%", line.size))
        size = size if "(stated)" in line.size else line.size
        before = kept.get((line.kind, size))
        counted = (
            {}
            if before is None
            else {
                one: getattr(before, one) + getattr(line, one)
                for one in (
                    "tries",
                    "found",
                    "of_column",
                    "without_labels",
                    "evidently",
                    "any_column",
                    "dataset",
                )
            }
        )
        kept[line.kind, size] = replace(line, stream=name, size=size, **counted)
    return list(kept.values())


QUIET = (
    "stream",
    "columns",
    "rows of a window",
    "windows",
    "expected alarms in 30",
    "alarms in 30",
    "windows in alarm in 30",
    "Evidently: any column, in 30",
    "Evidently: data set, in 30",
)
SHIFTED = (
    "stream",
    "shift",
    "size",
    "found within two windows",
    "by the shifted column",
    "without labels",
    "Evidently: a shifted column",
    "Evidently: data set",
)


def quiet_cells(line: Alarms) -> tuple[str, ...]:
    """A line of the first table."""
    month = 30 / line.windows
    other = 30 / max(1, line.evidently)
    return (
        line.stream,
        str(line.columns),
        f"{line.rows:,}",
        str(line.windows),
        f"{line.expected:.2f}",
        f"{line.alarms * month:.2f}",
        f"{line.in_alarm * month:.2f}",
        f"{line.any_column * other:.1f} ({line.any_column} of {line.evidently})",
        f"{line.dataset * other:.1f} ({line.dataset} of {line.evidently})",
    )


def shifted_cells(line: Found) -> tuple[str, ...]:
    """A line of the second table."""
    return (
        line.stream,
        line.kind,
        line.size,
        share(line.found, line.tries),
        f"{line.of_column / line.tries:.0%}",
        f"{line.without_labels / line.tries:.0%}",
        f"{line.any_column} of {line.evidently}",
        f"{line.dataset} of {line.evidently}",
    )


def summary(shifted: Sequence[Found]) -> str:
    """The found share of all that must be found."""
    ones = [line for line in shifted if line.promised]
    right, whole = sum(line.found for line in ones), sum(line.tries for line in ones)
    theirs, judged = sum(line.any_column for line in ones), sum(line.evidently for line in ones)
    return (
        f"**{right} of {whole} were found within two windows, {share(right, whole)}; Evidently's "
        f"defaults called a shifted column drifted in {theirs} of {judged} windows, "
        f"{share(theirs, judged)}.**"
    )


def show(console: Console, quiet: Sequence[Alarms], shifted: Sequence[Found]) -> None:
    """Both tables for people."""
    for title, columns, rows in (
        ("False alarms", QUIET, [quiet_cells(one) for one in quiet]),
        ("Shifts that are found", SHIFTED, [shifted_cells(one) for one in shifted]),
    ):
        table = Table(*columns, title=title)
        for row in rows:
            table.add_row(*row)
        console.print(table)
    console.print(summary(shifted).strip("*"))


def write(title: str, text: str, quiet: Sequence[Alarms], shifted: Sequence[Found]) -> None:
    """A stream's section anew; the rest of the page stays, and a new section comes last."""
    head, *sections = re.split(r"^(?=## )", PAGE.read_text(encoding="utf-8"), flags=re.M)
    parts = [
        f"## {title}\n\n{text}",
        _table(QUIET, [quiet_cells(one) for one in quiet]),
        summary(shifted),
        _table(SHIFTED, [shifted_cells(one) for one in shifted]),
    ]
    kept = {one.splitlines()[0]: one for one in sections}
    kept[f"## {title}"] = "\n\n".join(parts)
    text = "\n".join(f"{one.rstrip()}\n" for one in (head, *kept.values()))
    PAGE.write_text(text, encoding="utf-8")


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [columns, ["---"] * len(columns), *rows]
    return "\n".join(f"| {' | '.join(one)} |" for one in lines)
