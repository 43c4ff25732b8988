"""Waits for the corrections that start a training, and claims them.

While it waits it is deferred: a trigger looks in the triggerer and no worker is held.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import BaseOperator, Context
from airflow.sdk.exceptions import AirflowSkipException

from millrace_airflow import assets

WAIT = timedelta(days=7)
"""After it a run ends without result, and the next one goes on: no run gets old unseen."""


class CorrectionSensor(BaseOperator):
    """Ends when the threshold of a model's corrections is crossed; claims a batch of them then.

    Batch and retrain request are one transaction, named after the run: the task tried again, or
    run twice at once, finds what it claimed. The asset's event wakes the training.
    """

    ui_color = "#dff0d8"

    def __init__(self, *, model: str, poll_seconds: float, **more: Any) -> None:
        super().__init__(outlets=[assets.retrain(model)], **more)
        self.model = model
        self.poll_seconds = poll_seconds

    def execute(self, context: Context) -> dict[str, Any]:
        """Claims at once where the threshold is crossed already; else defers.

        A run that a person started looks once: he is told what is missing.
        """
        claimed, reasons = self._claim(context)
        if claimed is None and context["dag_run"].run_type == "manual":
            raise AirflowSkipException(" ".join(reasons))
        return claimed or self._wait(datetime.now(UTC) + WAIT)

    def look_again(self, context: Context, event: dict[str, Any]) -> dict[str, Any]:
        """Called when the trigger saw the threshold crossed, or gave up waiting."""
        until = datetime.fromisoformat(event["until"])
        claimed, _ = self._claim(context)
        if claimed is None and datetime.now(UTC) >= until:
            raise AirflowSkipException(f"nothing crossed the threshold in {WAIT.days} days")
        return claimed or self._wait(until)

    def _wait(self, until: datetime) -> dict[str, Any]:
        from millrace_airflow.triggers import CorrectionTrigger

        trigger = CorrectionTrigger(self.model, self.poll_seconds, until.isoformat())
        self.defer(trigger=trigger, method_name=self.look_again.__name__)
        raise AssertionError("deferring does not return")

    def _claim(self, context: Context) -> tuple[dict[str, Any] | None, list[str]]:
        """What was claimed, None where the threshold is not crossed; and why."""
        from pipelines import settings
        from pipelines.corrections.desk import Desk

        ti = context["ti"]
        claimed = Desk.open(self.model, settings.load()).claim(
            f"{ti.dag_id}/{ti.run_id}", datetime.now(UTC)
        )
        for reason in claimed.verdict.reasons:
            self.log.info("%s", reason)
        for one in claimed.held:
            self.log.warning("corrections of %s do not count: %s", one.reviewer, one.why)
        if claimed.batch is None or claimed.request is None:
            return None, claimed.verdict.reasons
        result: dict[str, Any] = {
            "batch_id": claimed.batch.batch_id,
            "request_id": claimed.request.request_id,
            "corrected_fields": claimed.batch.counted,
            "corrections": claimed.batch.rows,
            "reasons": claimed.verdict.reasons,
        }
        context["outlet_events"][assets.retrain(self.model)].extra.update(result)
        return result, claimed.verdict.reasons
