"""Runs a job of spark_jobs/ where the settings say: a warm local server, or spark-submit.

The job file, its arguments and its result are the same in both; only the engine differs.
"""

import hashlib
import importlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from airflow.sdk import Asset, BaseOperator, Context
from airflow.sdk.exceptions import AirflowSkipException

if TYPE_CHECKING:
    from airflow.providers.apache.spark.hooks.spark_submit import SparkSubmitHook

CONNECTION = "spark_local"
"""Airflow connection of spark-submit, made from the settings (pipelines.services.environment)."""


def job_token(context: Context) -> str:
    """Names one task of one run, the same in every try: a retry finds its live job by it."""
    ti = context["ti"]
    identity = "\n".join([ti.dag_id, ti.run_id, ti.task_id, str(ti.map_index)])
    return hashlib.sha256(identity.encode()).hexdigest()[:32]


class SparkJobOperator(BaseOperator):
    """Runs `spark_jobs/<job>.py` with `arguments` and returns the JSON that it wrote.

    :param job: module name below spark_jobs.
    :param arguments: command line of the job (templated); `--token` and `--result` are added.
    :param publishes: asset whose event carries the result.

    A job that refuses its input ends the task with the job's own error, whichever engine ran
    it, so that the retry policy can tell bad data from a passing fault.
    """

    template_fields: Sequence[str] = ("arguments",)
    ui_color = "#fde8d0"

    def __init__(
        self, *, job: str, arguments: list[str], publishes: Asset | None = None, **kwargs: Any
    ) -> None:
        super().__init__(outlets=[publishes] if publishes else [], **kwargs)
        self.job = job
        self.arguments = arguments
        self.publishes = publishes
        self._hook: SparkSubmitHook | None = None

    def execute(self, context: Context) -> dict[str, Any]:
        from pipelines import settings

        current = settings.load()
        token = job_token(context)
        # A twin of this attempt writes its own file: neither reads or removes the other's.
        result = current.runs / "jobs" / f"{token}.{os.getpid()}.json"
        command = [*self.arguments, "--token", token, "--result", str(result)]
        try:
            if current.spark_remote:
                importlib.import_module(f"spark_jobs.{self.job}").main(command)
            else:
                self._submit(command, result, context)
            outcome: dict[str, Any] = json.loads(result.read_text(encoding="utf-8"))
        finally:
            result.unlink(missing_ok=True)
        if self.publishes:
            self._announce(self.publishes, outcome, context)
        return outcome

    def _announce(self, asset: Asset, outcome: dict[str, Any], context: Context) -> None:
        if not outcome["changed"]:
            # A task that ends well announces its asset: nobody is to be woken for nothing.
            context["ti"].xcom_push(key="return_value", value=outcome)
            raise AirflowSkipException("nothing is new: what is there was made of exactly this")
        context["outlet_events"][asset].extra.update(outcome)

    def on_kill(self) -> None:
        """Ends the job with the task: its own process, or what it runs on the server."""
        if self._hook is not None:
            self._hook.on_kill()
        elif os.environ.get("MILLRACE_SPARK_REMOTE"):
            from pyspark.sql import SparkSession

            session = SparkSession.getActiveSession()
            if session is not None:
                session.interruptAll()

    def _submit(self, command: list[str], result: Path, context: Context) -> None:
        # Imported here: the provider would cost each parse of the folder.
        from airflow.providers.apache.spark.hooks.spark_submit import SparkSubmitHook

        from pipelines import errors, settings

        self._hook = SparkSubmitHook(
            conn_id=CONNECTION,
            name=f"millrace-{self.job}",
            application_args=command,
            conf=_lineage_parent(context)
            | importlib.import_module("spark_jobs.session").conf(settings.load()),
        )
        try:
            self._hook.submit(str(settings.PROJECT_ROOT / "spark_jobs" / f"{self.job}.py"))
        except Exception as failure:
            refusal = errors.read_report(result)
            if refusal is not None:
                raise refusal from failure
            raise


def _lineage_parent(context: Context) -> dict[str, str]:
    """Properties by which OpenLineage's listener in Spark, where there is one, names this task as
    the parent of its events; nothing where lineage is off."""
    from pipelines import settings

    if settings.load().lineage == "off":
        return {}
    from airflow.providers.openlineage.utils.spark import (
        inject_parent_job_information_into_spark_properties,
    )

    found: dict[str, str] = inject_parent_job_information_into_spark_properties({}, context)
    return found
