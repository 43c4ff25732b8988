"""What the operations database knows of versions: who waits, who decided, what was live."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from pipelines.cli.output import print_table

if TYPE_CHECKING:
    from pipelines.contracts.decision import Decided, StoredRequest
    from pipelines.opsdb.database import OpsDb

Key = tuple[str, int]
"""Model and version."""


def decisions_in_words(db: "OpsDb") -> Mapping[Key, str]:
    """What became of each version that was put to a decision, by its newest request."""
    from pipelines.opsdb import decisions

    with db.read() as session:
        requests = decisions.requests(session)
        decided = {one.request_id: one for one in decisions.decisions(session)}
    return {(one.model, one.version): _words(one, decided.get(one.request_id)) for one in requests}


def show_reigns(db: "OpsDb", model: str) -> None:
    """What was live when, by whose word; nothing before the first promotion."""
    from pipelines.governance import standing
    from pipelines.opsdb import ledger

    with db.read() as session:
        found = standing.reigns(ledger.rows(session, model))
    if not found:
        return
    head = ["champion", "since", "until", "change", "who", "why"]
    rows = [
        [
            str(one.version),
            f"{one.since:%Y-%m-%d %H:%M}Z",
            f"{one.until:%Y-%m-%d %H:%M}Z" if one.until else "now",
            one.row.kind,
            one.row.person,
            one.row.why,
        ]
        for one in reversed(found)
    ]
    print_table(f"What was live of {model}", head, rows)


def _words(request: "StoredRequest", decided: "Decided | None") -> str:
    reasons = " ".join(request.verdict.reasons)
    if request.state == "waiting":
        until = f"{request.expires_at:%Y-%m-%d %H:%M}Z"
        return f"waits until {until}\ngate: {request.verdict.decision}. {reasons}"
    if decided is None:
        return f"overtaken: {request.note}"
    if decided.via in {"gate", "timeout"}:
        return f"rejected by {decided.person} ({decided.via}): {decided.why}"
    return f"{decided.choice} by {decided.person}: {decided.why}"
