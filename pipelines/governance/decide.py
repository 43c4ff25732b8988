"""A version is put to a decision, and somebody decides: the one path of UI and command line."""

from datetime import datetime, timedelta

from pipelines import specs
from pipelines.contracts.decision import (
    GATE,
    NOBODY,
    Answer,
    Change,
    ChangeKind,
    Decided,
    DecisionResult,
    LedgerRow,
    Request,
    StoredRequest,
)
from pipelines.contracts.result import GateResult
from pipelines.contracts.spec import ModelSpec
from pipelines.errors import NotFoundError, RefusedError
from pipelines.governance import card, promotion, rules, standing
from pipelines.opsdb import decisions, ledger
from pipelines.opsdb.database import OpsDb, Session
from pipelines.registry import ModelVersion, Registry
from pipelines.registry.store import ARTEFACT_HASH, AUTHOR
from pipelines.settings import Settings


def ask(
    result: GateResult, *, author: str, db: OpsDb, registry: Registry, now: datetime, hours: float
) -> StoredRequest:
    """Puts the gate's word on a version to a decision; the same evidence asks once.

    What the gate rejected waits for nobody: its rejection is recorded as the decision. The card
    of the version is made anew with the gate's word.
    `author` started the run; `hours` is how long the request waits.
    """
    version = registry.resolve(result.model, result.version)
    request = Request(
        model=result.model,
        version=result.version,
        champion=result.champion,
        author=author,
        verdict=result.verdict,
        table=[line.model_dump(mode="json") for line in result.table],
        evidence_hash=result.evidence_hash,
        evidence_dir=result.evidence_dir,
        artefact_hash=version.tags.get(ARTEFACT_HASH, ""),
        requested_at=now,
        expires_at=now + timedelta(hours=hours),
    )
    with db.write() as session:
        ledger.lock(session)
        stored = decisions.ask(session, request)
        if stored.state == "waiting" and stored.verdict.decision == "reject":
            why = " ".join(stored.verdict.reasons)
            decisions.record(session, _word(stored, GATE, why, "gate", stored.requested_at))
        stored = decisions.latest(session, result.model, result.version) or stored
    card.write(version, spec=specs.model(result.model), db=db, registry=registry)
    return stored


def decide(
    answer: Answer,
    *,
    spec: ModelSpec,
    db: OpsDb,
    registry: Registry,
    settings: Settings,
    now: datetime,
) -> DecisionResult:
    """Records an answer and, for promote and shadow, changes the ledger and the alias.

    The same answer again gives the same result and finishes what a crash left. Raises
    RefusedError with the rule that forbids it, also where the model's files were changed after
    the gate saw them; NotFoundError for a version that is unknown or was never judged.
    """
    expire(db, now)
    allowed = rules.approvers(spec, settings.admins)
    version = registry.resolve(answer.model, answer.version)
    author = version.tags.get(AUTHOR, "")
    with db.read() as session:
        request = (
            None
            if _done_before(session, answer)
            else waiting(session, answer.model, answer.version)
        )
    if request is not None:
        _require(answer, request, author, allowed, now)
        if answer.choice != "reject":
            promotion.require_files(request.artefact_hash, version, registry)
    with db.write() as session:
        ledger.lock(session)
        decided = _done_before(session, answer)
        if decided is None:
            request = waiting(session, answer.model, answer.version)
            _require(answer, request, author, allowed, now)
            decided = _record(session, request, answer, version, now)
        row = ledger.answering(session, decided.request_id)
        champion = standing.champion(ledger.rows(session, answer.model))
    if row is not None:
        promotion.follow(db, registry, answer.model)
    card.write(version, spec=spec, db=db, registry=registry)
    return _result(decided, row, champion)


def expire(db: OpsDb, now: datetime) -> list[Decided]:
    """Records the rejection of every request whose time is over."""
    with db.write() as session:
        ledger.lock(session)
        return [_time_out(session, request, now) for request in decisions.due(session, now)]


def time_out(
    model: str, version: int, *, spec: ModelSpec, db: OpsDb, registry: Registry, now: datetime
) -> DecisionResult:
    """Records that nobody answered in time: a rejection. What was decided before, stays."""
    found = registry.resolve(model, version)
    with db.write() as session:
        ledger.lock(session)
        request = decisions.latest(session, model, version)
        if request is None:
            raise NotFoundError(rules.unasked(model, version))
        decided = decisions.decision(session, request.request_id)
        if request.state == "waiting":
            decided = _time_out(session, request, now)
        if decided is None:
            raise RefusedError(rules.settled(request, None))
        champion = standing.champion(ledger.rows(session, model))
        row = ledger.answering(session, request.request_id)
    card.write(found, spec=spec, db=db, registry=registry)
    return _result(decided, row, champion)


def waiting(session: Session, model: str, version: int) -> StoredRequest:
    """The request for a version, while somebody may answer it.

    Raises NotFoundError where there never was one, RefusedError, which says how it ended, where
    it waits no longer.
    """
    found = decisions.latest(session, model, version)
    if found is None:
        raise NotFoundError(rules.unasked(model, version))
    if found.state != "waiting":
        raise RefusedError(rules.settled(found, decisions.decision(session, found.request_id)))
    return found


def _done_before(session: Session, answer: Answer) -> Decided | None:
    """The decision on record, where it is this very answer."""
    request = decisions.latest(session, answer.model, answer.version)
    found = decisions.decision(session, request.request_id) if request else None
    if found is None or (found.choice, found.person) != (answer.choice, answer.person):
        return None
    return found


def _require(
    answer: Answer,
    request: StoredRequest,
    author: str,
    allowed: tuple[str, ...],
    now: datetime,
) -> None:
    for one in {author, request.author}:
        if refused := rules.refuse(answer, request, one, allowed, now):
            raise RefusedError(refused)


def _record(
    session: Session,
    request: StoredRequest,
    answer: Answer,
    version: ModelVersion,
    now: datetime,
) -> Decided:
    decided = Decided(
        request_id=request.request_id,
        **answer.model_dump(exclude={"override"}),
        override=answer.override and request.verdict.decision == "inconclusive",
        at=now,
    )
    decisions.record(session, decided)
    if answer.choice == "reject":
        return decided
    rows = ledger.rows(session, answer.model)
    kind: ChangeKind = "promote" if answer.choice == "promote" else "shadow"
    change = Change(
        kind=kind,
        from_version=standing.shadow(rows) if kind == "shadow" else request.champion,
        to_version=answer.version,
        request_id=request.request_id,
        evidence_hash=request.evidence_hash,
        at=now,
        **answer.model_dump(include={"model", "person", "why", "via", "os_user"}),
        **promotion.lineage(version),
    )
    # A shadow follows no champion: it may be set whoever that is.
    expected = standing.champion(rows) if kind == "shadow" else request.champion
    promotion.append(session, change, expected=expected)
    return decided


def _time_out(session: Session, request: StoredRequest, now: datetime) -> Decided:
    decided = _word(request, NOBODY, "nobody decided in time", "timeout", now)
    decisions.record(session, decided)
    return decided


def _word(request: StoredRequest, person: str, why: str, via: str, at: datetime) -> Decided:
    return Decided.model_validate({
        **request.model_dump(include={"request_id", "model", "version"}),
        "choice": "reject",
        "person": person,
        "why": why,
        "via": via,
        "at": at,
    })


def _result(decided: Decided, row: LedgerRow | None, champion: int | None) -> DecisionResult:
    return DecisionResult(
        **decided.model_dump(include={"model", "version", "choice", "person", "why", "via"}),
        sequence=row.sequence if row else None,
        champion=champion,
    )
