"""A named person is asked, in Airflow's own page for required actions."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import Context, Param
from airflow.sdk.exceptions import AirflowSkipException

PROMOTE = "Promote"
OVERRIDE = "Promote although inconclusive"
SHADOW = "Run as shadow"
REJECT = "Reject"
ROLL_BACK = "Roll back"
STAY = "Leave the champion as it is"

CHOICES = {PROMOTE: "promote", OVERRIDE: "promote", SHADOW: "shadow", REJECT: "reject"}

PREPARED = "prepared"
"""What a pre-flight saw, beside the answer of the task that asked."""

ROLLBACK_HOURS = 2.0
"""How long a rollback waits for its word: what the pre-flight saw must still be so."""

_SOONEST = timedelta(seconds=1)


FORM = {
    # The empty default leaves the buttons grey until something is written.
    "why": Param(
        "",
        type="string",
        title="Why",
        description="Your reason, as it will stand on the ledger.",
    )
}
"""What the approver fills in beside the choice; Airflow takes it as a task's own parameters."""


@dataclass(frozen=True)
class Question:
    """What an approver is asked about one version."""

    subject: str
    body: str
    author: str
    """Who made the version: never asked."""
    until: datetime
    """From then on the safe answer counts as given."""
    why: str = ""
    """A reason that is there already; the approver may write another."""


class ApproverOperator(HITLOperator):
    """Asks the approvers of a model, except the author of the version; waits for one of them."""

    def __init__(
        self,
        *,
        model: str,
        approvers: Sequence[str],
        options: Sequence[str],
        safe: str,
        **more: Any,
    ) -> None:
        super().__init__(
            subject=f"A decision about {model}",
            options=list(options),
            defaults=safe,
            assigned_users=[{"id": name, "name": name} for name in approvers],
            execution_timeout=None,
            **more,
        )
        self.model = model

    @abstractmethod
    def question(self, context: Context) -> Question:
        """What to ask now; raises AirflowSkipException where there is nothing to ask."""

    def execute(self, context: Context) -> None:
        from pipelines.errors import RefusedError

        asked = self.question(context)
        self.subject, self.body = asked.subject, asked.body
        approvers = self.assigned_users or []
        self.assigned_users = [user for user in approvers if user["id"] != asked.author]
        if not self.assigned_users:  # Airflow would take that for everybody
            raise RefusedError(
                f"nobody may decide: {asked.author} made the version and is the only approver of "
                f"{self.model}. Add another name under `approvers:` in "
                f"models/{self.model}/model.yaml."
            )
        self.params["why"] = asked.why
        self.response_timeout = max(asked.until - datetime.now(UTC), _SOONEST)
        super().execute(context)


class DecisionOperator(ApproverOperator):
    """Shows what the gate saw of a version. Nobody's word in time is a rejection.

    Skips where the version waits for no decision any more, because it was decided on the
    command line.
    """

    def __init__(self, *, hours: float, **more: Any) -> None:
        # Until a run knows when its request expires.
        longest = timedelta(hours=hours)
        super().__init__(options=list(CHOICES), safe=REJECT, response_timeout=longest, **more)

    def question(self, context: Context) -> Question:
        from millrace_airflow.judged import judged_version
        from pipelines import settings
        from pipelines.contracts.decision import VERSION
        from pipelines.errors import RefusedError
        from pipelines.governance.decide import waiting
        from pipelines.governance.presentation import words
        from pipelines.opsdb.database import OpsDb

        current, version = settings.load(), judged_version(self.model, context)
        # So that a decision on the command line finds what waits for it.
        context["ti"].xcom_push(key=VERSION, value=version)
        try:
            with OpsDb.open(current).read() as session:
                request = waiting(session, self.model, version)
        except RefusedError as settled:
            raise AirflowSkipException(str(settled)) from settled
        subject, body = words(request, current)
        return Question(subject, body, request.author, request.expires_at)


class RollbackOperator(ApproverOperator):
    """Looks whether an earlier champion could answer again, and asks.

    Without a word nothing changes. Both are one task: going back must take seconds, of which each
    task costs more than one. What was seen is kept under `PREPARED` for the task that carries the
    word out.
    """

    def __init__(self, **more: Any) -> None:
        longest = timedelta(hours=ROLLBACK_HOURS)
        super().__init__(options=[ROLL_BACK, STAY], safe=STAY, response_timeout=longest, **more)

    def question(self, context: Context) -> Question:
        from millrace_airflow.author import who_started
        from millrace_airflow.decisions import preflight
        from pipelines import settings
        from pipelines.governance.presentation import rollback_words

        prepared = preflight(self.model, context["params"]["version"])
        context["ti"].xcom_push(key=PREPARED, value=prepared.to_xcom())
        why, wisher = context["params"]["why"], who_started(context)
        subject, body = rollback_words(prepared, wisher, why, settings.load())
        until = datetime.now(UTC) + timedelta(hours=ROLLBACK_HOURS)
        return Question(subject, body, prepared.author, until, why)
