"""Who may decide what about a version. Pure: what is refused comes back as a sentence."""

from collections.abc import Sequence
from datetime import datetime

from pipelines.contracts.decision import Answer, Decided, LedgerRow, StoredRequest
from pipelines.contracts.spec import ModelSpec


def approvers(spec: ModelSpec, admins: Sequence[str]) -> tuple[str, ...]:
    """The named users of model.yaml; where it names none, the admins of the settings."""
    return tuple(spec.approvers or admins)


def refuse_person(
    person: str, model: str, version: int, author: str, allowed: Sequence[str]
) -> str | None:
    """Why this person may not put the version live; None where they may."""
    if person not in allowed:
        return (
            f"{person} may not decide about {model}: its approvers are "
            f"{', '.join(allowed) or 'none'}. Ask one of them, or add the name under `approvers:` "
            f"in models/{model}/model.yaml."
        )
    if person == author:
        return (
            f"{person} started the training of {model} version {version}: the author never "
            f"approves it. {_ask_another(person, model, allowed)}"
        )
    return None


def _ask_another(person: str, model: str, allowed: Sequence[str]) -> str:
    others = [name for name in allowed if name != person]
    if others:
        return f"Ask {' or '.join(others)}."
    return (
        f"There is no other approver: add a name under `approvers:` in models/{model}/model.yaml."
    )


def refuse(
    answer: Answer, request: StoredRequest, author: str, allowed: Sequence[str], now: datetime
) -> str | None:
    """Why the answer to a waiting request is refused; None where it stands.

    A rejection is anybody's who may decide. A shadow answers nobody: an inconclusive verdict is
    enough for it. A promotion needs the gate's `promote`, or an `inconclusive` that the person
    overrides and says so.
    """
    name = f"{answer.model} version {answer.version}"
    if now >= request.expires_at:
        return f"{name} waited until {request.expires_at:%Y-%m-%d %H:%MZ}: it is rejected."
    if answer.choice == "reject":
        # Who made a version may take it back.
        return refuse_person(answer.person, answer.model, answer.version, "", allowed)
    refused = refuse_person(answer.person, answer.model, answer.version, author, allowed)
    if refused:
        return refused
    if request.verdict.decision == "reject":
        return (
            f"the gate rejected {name}: {' '.join(request.verdict.reasons)} Nobody can overrule "
            "that; train a better version."
        )
    if (
        answer.choice == "promote"
        and request.verdict.decision == "inconclusive"
        and not answer.override
    ):
        return (
            f"the gate's verdict on {name} is inconclusive: {' '.join(request.verdict.reasons)} "
            "It never promotes by itself; to promote it all the same say so with "
            "--override-inconclusive and why, or run it as shadow with --shadow."
        )
    return None


def unasked(model: str, version: int) -> str:
    """Says of a version that there is nothing to decide yet."""
    return (
        f"version {version} of {model} was not put to a decision: the gate has not judged it. "
        f"Run: millrace run train {model}"
    )


def settled(request: StoredRequest, decided: Decided | None) -> str:
    """Says how a request ended that no longer waits."""
    name = f"{request.model} version {request.version}"
    if decided is None:
        return f"{name} is no longer waiting: {request.note}"
    when = f"{decided.at:%Y-%m-%d %H:%MZ}"
    if decided.via == "timeout":
        return f"{name} was rejected at {when}: nobody decided in time. Train it anew."
    if decided.via == "gate":
        return (
            f"the gate rejected {name} at {when}: {decided.why} Nobody can overrule that; train "
            "a better version."
        )
    return f"{decided.person} chose {decided.choice} for {name} at {when} ({decided.why})."


def overtaken(winner: LedgerRow) -> str:
    """Tells a request that was compared with a former champion who was first."""
    return (
        f"{_who_was_first(winner)}, and this one was never compared with it. Run the gate anew: "
        f"millrace run train {winner.model}"
    )


def outrun(winner: LedgerRow) -> str:
    """Tells a rollback that was prepared against a former champion who was first."""
    return (
        f"{_who_was_first(winner)}, after this rollback was prepared. Look at it with "
        f"`millrace models {winner.model}`, and roll back anew if that is still wanted."
    )


def _who_was_first(winner: LedgerRow) -> str:
    return (
        f"{winner.person} made version {winner.to_version} the champion at "
        f"{winner.at:%Y-%m-%d %H:%M:%SZ} ({winner.kind}, ledger row {winner.sequence})"
    )
