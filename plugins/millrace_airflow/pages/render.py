"""Pages from templates: everything escaped, no script allowed, links that work where they are."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

# Nothing that a page or a report holds, whatever a document's text says, may run or call out.
POLICY = (
    "default-src 'none'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; "
    "font-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
SAFE = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
"""Headers of every answer."""
DRAWN = SAFE | {
    "Content-Security-Policy": "sandbox allow-scripts; default-src 'none'; "
    "script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; font-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
}
"""Headers of Evidently's page, which draws itself by scripts of its own. In the sandbox it is of no
origin: what runs there has neither the reader's session nor anything that it may call."""
FRESH = SAFE | {"Cache-Control": "no-store", "Vary": "Sec-Fetch-Dest"}
"""Headers of a page that says how things are now."""


@dataclass(frozen=True)
class Places:
    """Addresses as the reader's browser needs them."""

    prefix: str
    """Path of Millrace's pages, below which all of them are."""
    framed: bool
    """Shown inside Airflow's frame, which lets no link open a tab or leave it."""
    mlflow: str | None
    """Address of MLflow's pages; None where there are none."""

    def models(self) -> str:
        return f"{self.prefix}/evidence"

    def model(self, name: str, version: int | None = None) -> str:
        page = f"{self.models()}/{quote(name, safe='')}"
        return page if version is None else f"{page}?version={version}#comparison"

    def monitors(self) -> str:
        return f"{self.prefix}/monitor"

    def monitor(self, name: str, window: str | None = None, span: int | None = None) -> str:
        """A model's timeline, at one of its windows."""
        given = {"windows": span, "window": window}
        query = "&".join(f"{key}={quote(str(one))}" for key, one in given.items() if one)
        page = f"{self.monitors()}/{quote(name, safe='')}"
        return f"{page}{'?' if query else ''}{query}{'#window' if window else ''}"

    def runbook(self, kind: str) -> str:
        """What to do about an alert."""
        return f"{self.prefix}/runbooks/{quote(kind, safe='')}"

    def kept(self, model: str, version: int, path: str) -> str:
        """A file that is kept with a version."""
        return f"{self.models()}/{quote(model, safe='')}/{version}/{quote(path)}"

    def report(self, path: str) -> str:
        """A file below the home's report folders."""
        return f"{self.prefix}/files/{quote(path)}"

    def results(self, dag_id: str, run_id: str) -> str:
        """Our own page of a run, which can be read inside the frame too."""
        return f"{self.prefix}/runs/{quote(dag_id, safe='')}/{quote(run_id, safe='')}"

    def airflow(self, dag_id: str, run_id: str) -> str:
        """Airflow's page of a run."""
        base = self.prefix.rpartition("/")[0]
        return f"{base}/dags/{quote(dag_id, safe='')}/runs/{quote(run_id, safe='')}"

    def run(self, dag_id: str, run_id: str) -> str:
        """A run: Airflow's page, or in the frame, where that would nest, our own."""
        page = self.results if self.framed else self.airflow
        return page(dag_id, run_id)

    def evidence_of(self, dag_id: str, run_id: str) -> str:
        """The evidence of the version that a run is about."""
        return f"{self.results(dag_id, run_id)}/evidence"

    def mlflow_run(self, run_id: str) -> str:
        return f"{self.mlflow}/#/runs/{quote(run_id, safe='')}"


def page(template: str, places: Places, **content: Any) -> str:
    """A page's HTML."""
    return _environment.get_template(template).render(places=places, **content)


def _when(instant: datetime) -> Markup:
    utc = instant.astimezone(UTC)
    return Markup('<time datetime="{}">{}Z</time>').format(
        utc.isoformat(timespec="seconds"), f"{utc:%Y-%m-%d %H:%M}"
    )


def _moment(milliseconds: int) -> Markup:
    return _when(datetime.fromtimestamp(milliseconds / 1000, UTC))


def _score(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _signed(value: float | None) -> str:
    return "–" if value is None else f"{value:+.3f}".replace("-", "−")


def _tick(value: float, signed: bool) -> str:
    text = f"{value:+.3g}" if signed and value else f"{value:.3g}"
    return text.replace("-", "−")


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 20 else f"{text[:12]}…"


def _breakable(value: object) -> Markup:
    """A name that may break after its underscores and strokes."""
    text = Markup.escape(value)  # a value of the data may stand in it
    for sign in "_/":
        text = Markup(sign + "<wbr>").join(text.split(sign))  # noqa: S704 - of two signs of ours
    return text


def _made() -> Environment:
    environment = Environment(
        loader=PackageLoader("millrace_airflow.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "when": _when,
        "moment": _moment,
        "score": _score,
        "signed": _signed,
        "short": _short,
        "breakable": _breakable,
        "tick": _tick,
    }
    return environment


_environment = _made()
