"""The timeline of a model and the list of all, put together. Knows neither FastAPI nor Airflow."""

from collections.abc import Sequence

from markdown_it import MarkdownIt
from markupsafe import Markup

from millrace_airflow.pages import charts, lanes, strips
from millrace_airflow.pages.days import Days
from millrace_airflow.pages.render import Places, page
from pipelines.contracts.monitoring import Signal, WindowRecord
from pipelines.monitoring.quality.measurement import of_task
from pipelines.monitoring.timeline import Standing, Timeline
from pipelines.settings import PROJECT_ROOT

SPANS = (30, 90, 365)
"""Windows that are offered to be shown at once; the last is the most."""
_MOST_LANES = 12
_RUNBOOKS = PROJECT_ROOT / "docs" / "runbooks"


def list_page(found: Sequence[Standing], notes: Sequence[str], *, places: Places) -> str:
    """All models: verdict, since when, what moved, open alerts."""
    return page("monitors.html", places, found=found, notes=notes)


def model_page(found: Timeline, shown: str | None, span: int, *, places: Places) -> str:
    """One model over the newest windows, and one of them in detail: `shown`, else the newest."""
    chosen = next((one for one in found.windows if one.window == shown), None)
    newest = found.windows[-1] if found.windows else None
    return page(
        "monitor.html",
        places,
        found=found,
        name=found.spec.name,
        newest=newest,
        chosen=chosen or newest,
        missing=shown if shown and chosen is None else None,
        span=span,
        spans=SPANS,
        told=lanes.told,
        **_pictures(found, span),
        **_detail(chosen or newest),
    )


def runbook_page(kind: str, *, places: Places) -> str | None:
    """What to do about alerts of a kind; None where there is no such runbook."""
    path = _RUNBOOKS / f"{kind}.md"
    if not path.is_file():
        return None
    reader = MarkdownIt("commonmark", {"html": False}).enable("table")
    html = Markup(reader.render(path.read_text(encoding="utf-8")))  # noqa: S704 - HTML in it stays text
    return page("runbook.html", places, kind=kind, html=html)


def _pictures(found: Timeline, span: int) -> dict[str, object]:
    if not found.windows:
        return {"days": None, "charts": [], "drift": [], "more": []}
    days = Days.over([one.window for one in found.windows], span * found.windows[-1].days)
    reference = found.calibration.days if found.calibration else ()
    metrics = of_task(found.spec.task).importance(found.spec)
    drift = lanes.lanes(found.windows, days, ("input", "output"))
    return {
        "days": days,
        "verdicts": strips.verdicts(found.windows, days),
        "bars": strips.bars(found.windows, days),
        "marks": strips.marks(found.ledger, found.windows, days, found.breaker),
        "alerts": strips.alerts(found.incidents, days),
        "charts": charts.charts(
            found.figures, metrics, days, reference, found.spec.monitoring.min_rows
        ),
        "drift": drift[:_MOST_LANES],
        "more": drift[_MOST_LANES:],
        "rest": lanes.lanes(found.windows, days, ("volume", "quality", "system")),
    }


def _detail(window: WindowRecord | None) -> dict[str, object]:
    """Signals of one window: those past their limit or unreadable, and the others."""
    signals = [] if window is None else window.signals
    loud = [one for one in signals if one.exceeded or one.alarm or one.value is None]
    quiet = [one for one in signals if one not in loud]
    return {
        "loud": sorted(loud, key=_order),
        "quiet": sorted(quiet, key=_order),
        "times": lanes.times,
    }


def _order(one: Signal) -> tuple[bool, float, float, str]:
    return not one.alarm, -one.importance, -(lanes.times(one) or 0.0), one.name
