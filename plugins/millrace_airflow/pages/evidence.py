"""The pages of evidence, put together from what is read. Knows neither FastAPI nor Airflow."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from millrace_airflow.pages.plot import Chart, chart
from millrace_airflow.pages.render import Places, page
from pipelines.governance import comparison, evidence, heldback
from pipelines.governance.comparison import Case
from pipelines.governance.evidence import Dossier, Overview
from pipelines.governance.records import Chain
from pipelines.settings import Settings

if TYPE_CHECKING:
    from millrace_airflow.pages.runs import Publication, Run

_MOST_REASONS = 6
_SETS = {"golden": "golden set", "recent": "recent rows"}


@dataclass(frozen=True)
class Traces:
    """What Airflow knows of a model's versions."""

    runs: "Mapping[int, Sequence[Run]]" = field(default_factory=dict)
    """Runs by version."""
    snapshots: "Mapping[str, Publication]" = field(default_factory=dict)
    """Publications by snapshot of the model's data set."""


def models_page(
    models: Sequence[Overview],
    chain: Chain | None,
    notes: Sequence[str],
    *,
    places: Places,
    now: datetime,
    dataset: str | None = None,
) -> str:
    """All models, or those that a data set feeds."""
    title = f"Models fed by {dataset}" if dataset else "Models"
    empty = (
        f"No model that you may see is trained on {dataset}."
        if dataset
        else "There is no model here that you may see. Whoever may read a model's DAGs sees it."
    )
    return page(
        "models.html",
        places,
        title=title,
        lead="What is live, since when, by whose word, and what waits for one.",
        models=models,
        chain=chain,
        notes=notes,
        empty=empty,
        now=now,
    )


def model_page(
    dossier: Dossier,
    chosen: int | None,
    traces: Traces,
    *,
    settings: Settings,
    places: Places,
    now: datetime,
) -> str:
    """One model; the comparison of the chosen version, else of the one that was judged last."""
    judged = dossier.overview.judged
    wanted = [one for one in judged if chosen in {None, one.request.version}]
    case = comparison.read(wanted[0].request, settings) if wanted else None
    return page(
        "model.html",
        places,
        dossier=dossier,
        chosen=chosen,
        known=any(one.number == chosen for one in dossier.versions),
        case=case,
        judged_versions=sorted({one.request.version for one in judged}, reverse=True),
        runs=traces.runs,
        snapshots=traces.snapshots,
        now=now,
        most_reasons=_MOST_REASONS,
        **({} if case is None else _comparison(case, dossier, settings)),
    )


def _comparison(case: Case, dossier: Dossier, settings: Settings) -> dict[str, Any]:
    versions = {one.number: one for one in dossier.versions}
    candidate = versions[case.request.version]
    champion = versions.get(case.request.champion or 0)
    rows = [row for row in dossier.rows if row.request_id == case.request.request_id]
    return {
        "charts": _charts(case, slices=False),
        "slices": _charts(case, slices=True),
        "interval": "" if case.interval is None else f"{100 * case.interval:.0f} %",
        "changed": evidence.changes(candidate, champion),
        "compared_known": bool(candidate.registered and champion and champion.registered),
        "on_ledger": rows[0].sequence if rows else None,
        "learnt": heldback.read(candidate.registered, settings) if candidate.registered else None,
    }


def _charts(case: Case, *, slices: bool) -> list[tuple[str, Chart]]:
    found = []
    for rows, title in _SETS.items():
        if lines := case.of(rows, slices=slices):
            what = f"Slices of the {title}" if slices else title.capitalize()
            found.append((what, chart(lines)))
    return found
