"""From judged windows to incidents: one from its first window to its end, however many it lasts.

An incident of a kind opens with the first window in alarm of it, is seen again in later ones, gets
worse where its severity rises, and ends when as many windows as the policy's `of_windows` follow
that were judged and are not in alarm of it, or when a version that has learnt its regime answers.
A window that is older than one judged before is history: it changes no incident.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypedDict

from pipelines.contracts.monitoring import Incident, MonitorPolicy, Severity, Signal, WindowRecord
from pipelines.monitoring.verdict import KIND, Kind, in_alarm, severity, unread
from pipelines.opsdb import incidents, monitoring
from pipelines.opsdb.database import Session


class _Said(TypedDict):
    severity: Severity
    window: str
    headline: str
    causes: list[str]
    moved: list[str]
    now: datetime


def update(
    session: Session,
    record: WindowRecord,
    policy: MonitorPolicy,
    now: datetime,
    *,
    causes: Mapping[Kind, Sequence[str]] | None = None,
    learnt: Sequence[int] = (),
) -> list[Incident]:
    """Opens, sees again and closes incidents by the window, which is stored already.

    `causes` are sentences by kind; `learnt` names the incidents whose regime the champion has
    learnt. Gives the incidents that are open then. Under `corrections.lock` of the model.
    """
    model, window = record.model, record.window
    if monitoring.windows(session, model, after=window, limit=1):
        return incidents.still_open(session, model)
    alarmed = {} if record.verdict.decision == "quiet" else kinds(record)
    for one in incidents.still_open(session, model):
        answered = one.incident_id in learnt
        if one.kind not in alarmed and (answered or _ended(session, one, window, policy)):
            incidents.close(session, one.incident_id, window, now)
    held = {one.kind: one for one in incidents.still_open(session, model)}
    for kind, signals in alarmed.items():
        known = held.get(kind)
        since = known.since if known else _since(session, record, signals, policy)
        said = _Said(
            severity=_severity(kind, record, signals),
            window=window,
            headline=headline(record, kind, signals, since),
            causes=list((causes or {}).get(kind, ())),
            moved=[one.name for one in signals],
            now=now,
        )
        if known is None:
            incidents.begin(session, model, kind, since=since, **said)
        else:
            incidents.see(session, known.incident_id, **said)
    return incidents.still_open(session, model)


def kinds(record: WindowRecord) -> dict[Kind, list[Signal]]:
    """Signals in alarm by the kind of incident; what could not be read is `system`."""
    found: dict[Kind, list[Signal]] = {}
    if record.verdict.decision == "stop":
        found["stop"] = []
    for one in in_alarm(record.signals):
        found.setdefault(KIND[one.topic], []).append(one)
    lost = unread(record.signals)
    if lost or (not found and record.verdict.decision != "quiet"):
        found["system"] = [*found.get("system", []), *lost]
    return found


def headline(record: WindowRecord, kind: str, signals: Sequence[Signal], since: str) -> str:
    """The model, what moved by how much, and since when, in one line."""
    reasons = record.verdict.reasons if kind == "stop" or not signals else []
    said = [*reasons, *(one.sentence for one in signals)]
    more = f", and {len(said) - 1} more" if len(said) > 1 else ""
    return f"{record.model}: {said[0].rstrip('.')}{more}, since {since}"


def _severity(kind: Kind, record: WindowRecord, signals: Sequence[Signal]) -> Severity:
    if kind == "stop" or not signals:
        return record.verdict.severity or "high"
    if kind == "volume":
        return "medium" if severity(signals) == "low" else severity(signals)
    return severity(signals)


def _since(
    session: Session, record: WindowRecord, signals: Sequence[Signal], policy: MonitorPolicy
) -> str:
    """First of the windows that made the alarm: the oldest in which one of them was past its
    limit, as far back as k of n looks."""
    moved = {one.name for one in signals}
    before = monitoring.windows(session, record.model, until=record.window, limit=policy.of_windows)
    past = [
        one.window
        for one in before
        if one.window == record.window
        or any(signal.exceeded and signal.name in moved for signal in one.signals)
    ]
    return min(past, default=record.window)


def _ended(session: Session, one: Incident, window: str, policy: MonitorPolicy) -> bool:
    """Whether enough windows since it was last seen were judged and not in alarm of it."""
    later = monitoring.windows(session, one.model, after=one.last, until=window)
    return sum(_tells(record, one.kind) for record in later) >= policy.of_windows


def _tells(record: WindowRecord, kind: str) -> bool:
    """Whether a window says anything about a kind of incident: one of too few rows, or without
    labels, ends none."""
    if kind == "system":
        return True
    if kind == "stop":
        return record.rows > 0
    return any(one.limit is not None and KIND[one.topic] == kind for one in record.signals)
