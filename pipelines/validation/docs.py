"""The page of one validation: Great Expectations' own, without scripts and without values."""

import os
import re
import tempfile
from pathlib import Path

from great_expectations.core import ExpectationSuiteValidationResult
from great_expectations.render.renderer import ValidationResultsPageRenderer
from great_expectations.render.view import DefaultJinjaPageView

# The page is read on machines without a network and beside a sign-in: nothing is fetched
# and nothing runs, whatever a text in it says.
_POLICY = (
    '<meta http-equiv="Content-Security-Policy" '
    "content=\"default-src 'none'; style-src 'unsafe-inline'; img-src data:\">"
)
_STYLE = (
    "<style>body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:70rem;"
    "padding:0 1rem}table{border-collapse:collapse}td,th{border:1px solid #d0d7de;"
    "padding:.3rem .6rem;text-align:left;vertical-align:top}.modal,nav,footer{display:none}"
    "</style>"
)
_ACTIVE = re.compile(
    r"<script\b.*?</script\s*>|<link\b[^>]*>|<img\b[^>]*>", re.DOTALL | re.IGNORECASE
)


def write(result: ExpectationSuiteValidationResult, path: Path) -> None:
    """Renders the result, whole or not at all, into the file `path`."""
    page = DefaultJinjaPageView().render(ValidationResultsPageRenderer().render(result))
    page = _ACTIVE.sub("", page).replace("<head>", f"<head>{_POLICY}{_STYLE}", 1)
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, aside = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".html")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(page)
    Path(aside).chmod(0o644)
    Path(aside).replace(path)
