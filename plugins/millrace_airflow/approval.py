"""A named person decides about a judged version, in Airflow's own page for required actions."""

from datetime import timedelta
from typing import Any

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import Context, Param
from airflow.sdk.exceptions import AirflowSkipException

PROMOTE = "Promote"
OVERRIDE = "Promote although inconclusive"
SHADOW = "Run as shadow"
REJECT = "Reject"

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

CHOICES = {PROMOTE: "promote", OVERRIDE: "promote", SHADOW: "shadow", REJECT: "reject"}


class DecisionOperator(HITLOperator):
    """Shows what the gate saw of a version and waits for the word of an approver.

    The author of the version is not asked. Nobody's word in time is a rejection. Skips where
    the version waits for no decision any more, because it was decided on the command line.
    """

    def __init__(self, *, model: str, approvers: list[str], hours: float, **kwargs: Any) -> None:
        super().__init__(
            subject=f"A new version of {model}",
            options=list(CHOICES),
            defaults=REJECT,
            response_timeout=timedelta(hours=hours),
            assigned_users=[{"id": name, "name": name} for name in approvers],
            execution_timeout=None,
            **kwargs,
        )
        self.model = model

    def execute(self, context: Context) -> None:
        from millrace_airflow.steps import judged_version
        from pipelines import settings
        from pipelines.governance.presentation import waiting, words

        request = waiting(self.model, judged_version(self.model, context), settings.load())
        if request is None:
            raise AirflowSkipException("the version waits for no decision any more")
        self.subject, self.body = words(request, settings.load())
        self.assigned_users = [
            user for user in self.assigned_users or [] if user["id"] != request.author
        ]
        super().execute(context)
