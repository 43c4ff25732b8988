"""A task's result as rows for people: plain values, tables of counts, and links."""

from dataclasses import dataclass, field
from typing import Any

_LINKS = {
    "data_docs": "Data Docs",
    "report_dir": "Evaluation report",
    "report": "Evidently's report on a sample",
}


@dataclass
class Summary:
    """One task's result: simple values, nested tables by name, and links (text, path)."""

    values: list[tuple[str, str]] = field(default_factory=list)
    tables: list[tuple[str, list[tuple[str, str]]]] = field(default_factory=list)
    links: list[tuple[str, str]] = field(default_factory=list)


def summarise(result: Any) -> Summary:
    """The parts of a step's result; anything else is shown as one value."""
    summary = Summary()
    if not isinstance(result, dict):
        summary.values.append(("result", _text(result)))
        return summary
    for name, value in result.items():
        label = name.replace("_", " ")
        if name in _LINKS and value:
            path = value if str(value).endswith(".html") else f"{value}/index.html"
            summary.links.append((_LINKS[name], path))
        elif isinstance(value, dict):
            rows = [(str(key), _text(value[key])) for key in value if value[key] not in ([], {})]
            summary.tables.append((label, rows))
        elif value not in (None, [], {}):
            summary.values.append((label, _text(value)))
    return summary


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        if len(value) == 3 and all(isinstance(part, float) for part in value):
            return "{:.3f}  ({:.3f} to {:.3f})".format(*value)
        return ", ".join(_text(part) for part in value)
    return str(value)
