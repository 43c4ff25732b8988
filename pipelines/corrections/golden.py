"""A person's word on a proposal to correct the golden set, and what follows from it."""

from datetime import datetime

from pipelines import specs
from pipelines.contracts.correction import Proposal
from pipelines.contracts.spec import ModelSpec
from pipelines.errors import RefusedError
from pipelines.governance.rules import approvers
from pipelines.lake.golden import amend
from pipelines.lake.lake import Lake
from pipelines.opsdb import proposals
from pipelines.opsdb.database import OpsDb
from pipelines.settings import Settings


def decide(
    proposal_id: int,
    accepted: bool,
    person: str,
    why: str,
    *,
    spec: ModelSpec,
    db: OpsDb,
    lake: Lake,
    settings: Settings,
    now: datetime,
) -> Proposal:
    """Records the word; an accepted proposal makes the next version of the golden set.

    The table changes before the word is committed, and the same change twice is one: after a crash
    in between the proposal is still open, to be decided again. Raises RefusedError where the
    person may not decide about the model, proposed it, or another word is on record.
    """
    allowed = approvers(spec, settings.admins)
    if person not in allowed:
        raise RefusedError(
            f"{person} may not change what {spec.name} is measured by: its approvers are "
            f"{', '.join(allowed) or 'none'}. Ask one of them."
        )
    with db.write() as session:
        found = proposals.decide(
            session, proposal_id, "accepted" if accepted else "refused", person, why, now
        )
        if found.model != spec.name:
            raise RefusedError(f"proposal {proposal_id} is of {found.model}, not of {spec.name}.")
        if found.reviewer == person:
            raise RefusedError(f"{person} proposed it: another approver decides.")
        if accepted and found.verdict == "unreadable":
            raise RefusedError(
                "what nobody can read is no label: refuse it, or correct the field anew."
            )
        if accepted:
            key = specs.key(spec)
            amend(lake, settings, spec.name, key, found.document_id, found.field, found.after)
    return found
