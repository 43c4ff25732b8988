"""The page of a report: one file that stands alone, in which texts stay text."""

import base64
import json
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from pipelines.evaluation.style import words

PAGE = "index.html"
METRICS = "metrics.json"
SCORES = "scores.json"


def write_figures(folder: Path, metrics: dict[str, float], scores: dict[str, Any]) -> None:
    """Writes metrics.json (flat) and scores.json (all)."""
    (folder / METRICS).write_text(_json(metrics), encoding="utf-8")
    (folder / SCORES).write_text(_json(scores), encoding="utf-8")


def write_page(folder: Path, template: str, **context: Any) -> None:
    """Writes index.html with the pictures that are in `folder`, as `pictures` by their names."""
    environment = Environment(
        loader=PackageLoader("pipelines.evaluation"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["words"] = words
    environment.filters["score"] = lambda value: "–" if value is None else f"{value:.3f}"
    environment.filters["between"] = lambda ends: (
        "" if ends is None else f"{ends[0]:.3f} to {ends[1]:.3f}"
    )
    pictures = {path.stem: _inline(path) for path in sorted(folder.glob("*.png"))}
    page = environment.get_template(template).render(pictures=pictures, **context)
    (folder / PAGE).write_text(page, encoding="utf-8")


def _json(content: Any) -> str:
    return json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def _inline(path: Path) -> str:
    """The picture as a data URI, so that the page stands alone wherever it is copied."""
    return "data:image/png;base64," + base64.b64encode(path.read_bytes()).decode()
