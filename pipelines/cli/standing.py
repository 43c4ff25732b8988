"""What the operations database knows of versions: who waits, who decided, what was live."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from rich.console import Console

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


def say_waiting(model: str) -> None:
    """Says which version of a model waits for a person, and how to answer; nothing if none does."""
    from pipelines import settings, specs
    from pipelines.governance import rules
    from pipelines.opsdb import decisions
    from pipelines.opsdb.database import OpsDb

    current = settings.load()
    with OpsDb.open(current).read() as session:
        waiting = decisions.requests(session, model, "waiting")
    if not waiting:
        return
    newest, allowed = waiting[-1], rules.approvers(specs.model(model), current.admins)
    person = next((name for name in allowed if name != newest.author), "NAME")
    unsure = " --override-inconclusive" if newest.verdict.decision == "inconclusive" else ""
    console = Console(soft_wrap=True)
    console.print(
        f"{model} version {newest.version} waits for a person until "
        f"{newest.expires_at:%Y-%m-%d %H:%M}Z; the gate says {newest.verdict.decision}. "
        "Answer in Airflow, or here:",
        highlight=False,
    )
    for command in (
        f"approve {model} {newest.version}{unsure}",
        f"reject {model} {newest.version}",
    ):
        console.print(f'  millrace {command} --as {person} --why "…"', highlight=False)


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
    if request.state == "waiting":
        until = f"{request.expires_at:%Y-%m-%d %H:%M}Z"
        return f"waits until {until}\ngate: {_verdict(request)}"
    if decided is None:
        return f"overtaken: {request.note}"
    if decided.via in {"gate", "timeout"}:
        return f"rejected by {decided.person} ({decided.via}): {decided.why}"
    return f"{decided.choice} by {decided.person}: {decided.why}"


def _verdict(request: "StoredRequest") -> str:
    """The gate's word with the score that it is about; the reasons where they are objections."""
    from pipelines.governance.comparison import ALL, OVERALL, SETS

    said, wanted = str(request.verdict.decision), (SETS[0], ALL, OVERALL)
    for line in request.table:
        if (line["rows"], line["slice"], line["field"]) == wanted:
            said += f", overall {_score(line['champion'])} → {_score(line['candidate'])}"
            if line["low"] is not None:
                what = "difference" if line["champion"] is not None else "interval"
                said += f" ({what} {_score(line['low'])} to {_score(line['high'])})"
    if request.verdict.decision != "promote":
        said = ". ".join([said, " ".join(request.verdict.reasons)])
    return said


def _score(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
