"""Data Docs: one page for one validation, Great Expectations' words in a page that runs nothing.

Great Expectations' own page needs scripts and styles from other machines; without them its
buttons are dead and its marks invisible, and it writes values as raw HTML. So its renderer says
what each expectation means, and the page around the words is ours: static, and escaped.
"""

import os
import string
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import great_expectations as gx
from great_expectations.core import ExpectationSuiteValidationResult
from great_expectations.expectations.metadata_types import FailureSeverity
from great_expectations.render.renderer.inline_renderer import InlineRenderer
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pipelines.settings import PROJECT_ROOT

_SUMMARY = "atomic.prescriptive.summary"
# Not beside this module: a Spark job may have imported it from a zip.
_TEMPLATES = PROJECT_ROOT / "pipelines" / "validation" / "templates"


@dataclass(frozen=True)
class _Line:
    """One expectation as the page shows it."""

    rule: str
    reason: str
    meaning: str
    critical: bool
    held: bool
    broken_rows: int | None
    """None for an expectation about the table as a whole."""
    share: float | None


def write(
    result: ExpectationSuiteValidationResult, path: Path, *, checked: int, unreadable: int = 0
) -> None:
    """Renders the result, whole or not at all, into the file `path`.

    `checked` rows were validated; `unreadable` ones were refused before and are only named.
    """
    lines = [_line(each) for each in result.results]
    templates = Environment(
        loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined
    )
    page = templates.get_template("data_docs.html").render(
        suite=result.suite_name,
        broken=[line for line in lines if not line.held],
        held=[line for line in lines if line.held],
        checked=checked,
        unreadable=unreadable,
        version=gx.__version__,
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, aside = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".html")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(page)
    Path(aside).chmod(0o644)
    Path(aside).replace(path)


def _line(result: Any) -> _Line:
    asked = result.expectation_config
    return _Line(
        rule=asked.meta["rule"],
        reason="".join(
            text + ("…" if column is not None else "")
            for text, column, _, _ in string.Formatter().parse(asked.meta["reason"])
        ),
        meaning=_meaning(asked),
        critical=FailureSeverity(asked.severity) is FailureSeverity.CRITICAL,
        held=bool(result.success),
        broken_rows=result.result.get("unexpected_count"),
        share=result.result.get("unexpected_percent_total"),
    )


def _meaning(asked: Any) -> str:
    """The expectation as a sentence of Great Expectations; its type where it has none."""
    for part in InlineRenderer(render_object=asked).get_rendered_content():
        if part.name == _SUMMARY and part.value.template:
            values = {
                name: _plain(each["value"]) for name, each in (part.value.params or {}).items()
            }
            return string.Template(part.value.template).safe_substitute(values)
    return str(asked.type)


def _plain(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
