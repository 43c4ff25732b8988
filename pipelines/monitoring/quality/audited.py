"""What reviewers said of documents that chance drew, by the day of the document."""

from statistics import median

from pipelines import specs
from pipelines.contracts import names
from pipelines.contracts.quality import Figure
from pipelines.contracts.spec import ModelSpec
from pipelines.corrections import accuracy
from pipelines.lake.lake import Lake
from pipelines.measures.rate import rate
from pipelines.monitoring.quality.extraction import HEADLINE, of_rate
from pipelines.monitoring.quality.scored import ScoredDay, figure, in_days
from pipelines.opsdb import corrections
from pipelines.opsdb.database import OpsDb
from pipelines.publication import digest


def audited(
    spec: ModelSpec, days: list[ScoredDay], known: set[str], lake: Lake, db: OpsDb
) -> list[Figure]:
    """What reviewers said of documents that chance drew, by the day of the document."""
    with db.read() as session:
        last = corrections.last(session, spec.name)
        basis = digest(str(last), *(day.made_of for day in days))[:16]
        if not last or not days or basis in known:
            return []
        audits = {
            version: accuracy.audit(session, spec, version)
            for version in sorted({day.version for day in days})
        }
    found = []
    for version, audit in audits.items():
        mine = [day for day in days if day.version == version]
        documents = _documents(spec, version, mine, audit, lake)
        for day in mine:
            found += _of_audit(spec, day, audit, documents.get(day.day, set()), basis)
    return found


def _documents(
    spec: ModelSpec, version: int, days: list[ScoredDay], audit: accuracy.Audit, lake: Lake
) -> dict[str, set[str]]:
    """The audited documents of each of the days that a version answered, by one look."""
    key, judged = specs.key(spec), sorted({document for document, _ in audit.right})
    if not judged:
        return {}
    rows = lake.read(
        names.predictions_table(spec.name),
        where={
            names.MODEL_VERSION: version,
            names.DAY: [day.day for day in days],
            key: judged,
        },
        columns=[key, names.DAY],
    )
    found: dict[str, set[str]] = {}
    for document, day in zip(rows[key].to_pylist(), rows[names.DAY].to_pylist(), strict=True):
        found.setdefault(day, set()).add(document)
    return found


def _of_audit(
    spec: ModelSpec, day: ScoredDay, audit: accuracy.Audit, documents: set[str], basis: str
) -> list[Figure]:
    judged: dict[str, dict[str, bool]] = {}
    for (document, field), right in audit.right.items():
        if document in documents:
            judged.setdefault(document, {})[field] = right
    if not judged:
        return []
    waited = median(max(0.0, in_days(audit.said_at[one] - day.first)) for one in judged)
    shares: dict[str, dict[str, float]] = {
        HEADLINE: {one: sum(said.values()) / len(said) for one, said in judged.items()}
    } | {
        field: {one: float(said[field]) for one, said in judged.items() if field in said}
        for field in spec.fields
    }
    return [
        figure(day, "audit", score, len(judged), waited).model_copy(update={"made_of": basis})
        for metric, said in shares.items()
        for score in of_rate(
            metric, rate([*said.values()], [1 / audit.chances[one] for one in said])
        )
    ]
