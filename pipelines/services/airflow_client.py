"""Airflow's REST API as the command line needs it: sign in, trigger, follow, read a log."""

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import httpx

from pipelines.errors import NotFoundError, RefusedError, TransientError

FINISHED_RUN = {"success", "failed"}
SKIPPED = "Skipping task."
"""What Airflow logs, with the reason, when a task skips itself."""
_NOTE_LENGTH = 1000
"""Longest note that Airflow takes."""
OTHERS_PARSED_SECONDS = 15
"""Time between the first DAG that Airflow shows after a start and the last one."""
AGAIN_SECONDS = (0.5, 2.0)
"""Waits before Airflow is asked again that answered 500: on SQLite a write that found the database
locked is undone and answered so."""


class AirflowClient:
    """A signed-in session of one named user at one Airflow."""

    def __init__(self, url: str, user: str, password: str, *, timeout_seconds: float = 30) -> None:
        self.url = url
        # A proxy of the environment does not reach this machine's own loopback.
        self._http = httpx.Client(base_url=url, timeout=timeout_seconds, trust_env=False)
        token = self._call("POST", "/auth/token", json={"username": user, "password": password})
        self._http.headers["Authorization"] = f"Bearer {token['access_token']}"

    def trigger(self, dag_id: str, conf: dict[str, Any], note: str = "") -> str:
        """Starts a run by hand; its run id. NotFoundError, RefusedError on a bad parameter.

        Airflow takes parameters that the DAG does not have; they are refused here.
        """
        known = self._call("GET", f"/api/v2/dags/{dag_id}/details")["params"] or {}
        if unknown := sorted(set(conf) - set(known)):
            raise RefusedError(
                f"{dag_id} has no parameter {', '.join(unknown)}; known: "
                f"{', '.join(known) or 'none'}. Mend --param."
            )
        # Named here, so that asked twice it is one run.
        run_id = f"manual__{datetime.now(UTC).isoformat()}"
        body = {"dag_run_id": run_id, "logical_date": None, "conf": conf, "note": note or None}
        self._call("POST", f"/api/v2/dags/{dag_id}/dagRuns", json=body)
        return run_id

    def hold(self, dag_id: str, held: bool) -> None:
        """Holds a DAG back, so that nothing starts it, or lets it go; what runs goes on."""
        self._call("PATCH", f"/api/v2/dags/{dag_id}", json={"is_paused": held})

    def run(self, dag_id: str, run_id: str) -> dict[str, Any]:
        """One run as the API shows it."""
        return self._call("GET", f"/api/v2/dags/{dag_id}/dagRuns/{run_id}")

    def runs(self, dag_id: str, limit: int = 20) -> list[dict[str, Any]]:
        """The latest runs of a DAG, newest first."""
        params = {"order_by": "-run_after", "limit": limit}
        found: list[dict[str, Any]] = self._call(
            "GET", f"/api/v2/dags/{dag_id}/dagRuns", params=params
        )["dag_runs"]
        return found

    def tasks(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        """The run's task instances, in the order they started."""
        path = f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances"
        found: list[dict[str, Any]] = self._call("GET", path)["task_instances"]
        return sorted(found, key=lambda task: (task["start_date"] or "9", task["task_id"]))

    def result(self, dag_id: str, run_id: str, task_id: str, key: str = "return_value") -> Any:
        """What the task returned, or left under another key; None where there is nothing."""
        path = f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/xcomEntries"
        try:
            return self._call("GET", f"{path}/{key}", params={"deserialize": "true"})["value"]
        except NotFoundError:
            return None

    def log(self, dag_id: str, run_id: str, task_id: str, attempt: int) -> list[dict[str, Any]]:
        """Lines of one try of a task as Airflow keeps them."""
        path = f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/logs/{attempt}"
        lines: list[dict[str, Any]] = self._call("GET", path)["content"]
        return lines

    def waiting(self, dag_id: str, task_id: str) -> list[str]:
        """Ids of the runs in which the task waits for a person."""
        path = f"/api/v2/dags/{dag_id}/dagRuns/~/taskInstances"
        params = {"state": "awaiting_input", "limit": 100}
        found = self._call("GET", path, params=params)["task_instances"]
        return [one["dag_run_id"] for one in found if one["task_id"] == task_id]

    def skip(self, dag_id: str, run_id: str, task_id: str, note: str) -> None:
        """Ends a task as skipped, with a note that says why."""
        path = f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}"
        self._call("PATCH", path, json={"new_state": "skipped", "note": note[:_NOTE_LENGTH]})

    def announce(self, asset: str, extra: dict[str, Any]) -> None:
        """Adds an event of the asset, which starts what waits for it."""
        found = self._call("GET", "/api/v2/assets", params={"name_pattern": asset})["assets"]
        for one in found:
            if one["name"] == asset:
                body = {"asset_id": one["id"], "extra": extra}
                self._call("POST", "/api/v2/assets/events", json=body)

    def wait_for_dag(self, dag_id: str, timeout_seconds: float) -> None:
        """Waits until the DAG has been parsed; NotFoundError where it is not there in time.

        Once Airflow knows other DAGs, which are parsed one after the other, this one gets
        `OTHERS_PARSED_SECONDS` and not the whole of `timeout_seconds`.
        """
        deadline = time.monotonic() + timeout_seconds
        known: list[str] = []
        while dag_id not in (found := self.dags()):
            if found and not known:
                deadline = min(deadline, time.monotonic() + OTHERS_PARSED_SECONDS)
            known = found
            if time.monotonic() > deadline:
                raise NotFoundError(
                    f"there is no DAG {dag_id!r}; known: {', '.join(known) or 'none yet'}."
                )
            time.sleep(0.5)

    def dags(self) -> list[str]:
        """Ids of the DAGs that Airflow has parsed, sorted."""
        found = self._call("GET", "/api/v2/dags", params={"limit": 1000})["dags"]
        return sorted(dag["dag_id"] for dag in found)

    def run_caused_by(
        self, dag_id: str, since: datetime, timeout_seconds: float, sleep: Callable[[float], None]
    ) -> str | None:
        """Id of the first run that an asset event started after `since`; None if none came."""
        deadline = time.monotonic() + timeout_seconds
        while time.monotonic() < deadline:
            for run in reversed(self.runs(dag_id)):
                queued = datetime.fromisoformat(run["queued_at"] or run["run_after"])
                if run["run_type"] == "asset_triggered" and queued.astimezone(UTC) >= since:
                    run_id: str = run["dag_run_id"]
                    return run_id
            sleep(0.5)
        return None

    def wait_for_question(
        self,
        dag_id: str,
        run_id: str,
        task_id: str,
        timeout_seconds: float,
        sleep: Callable[[float], None],
    ) -> bool:
        """Whether the task came to wait for a person; False where it, or its run, ended instead.

        Raises TransientError where neither happened in time.
        """
        deadline = time.monotonic() + timeout_seconds
        while time.monotonic() < deadline:
            states = {task["task_id"]: task["state"] for task in self.tasks(dag_id, run_id)}
            if states.get(task_id) == "awaiting_input":
                return True
            ended = self.run(dag_id, run_id)["state"] in FINISHED_RUN
            if ended or states.get(task_id) in {"success", "failed", "skipped"}:
                return False
            sleep(0.5)
        raise TransientError(
            f"task {task_id} of {dag_id} did not come to ask anybody within "
            f"{timeout_seconds:.0f} s; see {self.url}/dags/{dag_id}/runs/{run_id}"
        )

    def answer(
        self, dag_id: str, run_id: str, task_id: str, option: str, form: dict[str, Any]
    ) -> None:
        """Gives this session's user's answer to a task that waits; RefusedError for others."""
        path = f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/-1/hitlDetails"
        self._call("PATCH", path, json={"chosen_options": [option], "params_input": form})

    def follow(
        self, dag_id: str, run_id: str, sleep: Callable[[float], None]
    ) -> Iterator[dict[str, Any]]:
        """Yields `{task, state, …}` at each change of a task, then `{state}` of the run."""
        seen: dict[str, str | None] = {}
        while True:
            state = self.run(dag_id, run_id)["state"]
            for task in self.tasks(dag_id, run_id):
                if task["state"] and seen.get(task["task_id"]) != task["state"]:
                    seen[task["task_id"]] = task["state"]
                    yield {
                        "task": task["task_id"],
                        "state": task["state"],
                        "seconds": task["duration"],
                        "try": task["try_number"],
                        "error": self._error(dag_id, run_id, task),
                        "reason": self._reason(dag_id, run_id, task),
                    }
            if state in FINISHED_RUN:
                yield {"state": state, "run_id": run_id}
                return
            sleep(0.5)

    def _error(self, dag_id: str, run_id: str, task: dict[str, Any]) -> str | None:
        """What ended a task that failed, as its log has it."""
        if task["state"] != "failed":
            return None
        for line in reversed(self.log(dag_id, run_id, task["task_id"], task["try_number"])):
            for cause in line.get("error_detail") or []:
                text: str = cause["exc_value"]
                return text
        return None

    def _reason(self, dag_id: str, run_id: str, task: dict[str, Any]) -> str | None:
        """Why a task skipped itself; None for one that never ran."""
        if task["state"] != "skipped" or not task["start_date"] or not task["try_number"]:
            return None
        for line in reversed(self.log(dag_id, run_id, task["task_id"], task["try_number"])):
            if line.get("event") == SKIPPED and "reason" in line:
                return str(line["reason"])
        return None

    def _call(self, method: str, path: str, **arguments: Any) -> dict[str, Any]:
        response = self._request(method, path, **arguments)
        for wait in AGAIN_SECONDS:
            if response.status_code != httpx.codes.INTERNAL_SERVER_ERROR:
                break
            time.sleep(wait)
            response = self._request(method, path, **arguments)
        if response.status_code == 404:
            raise NotFoundError(f"Airflow knows no {path}: {_detail(response)}")
        if response.status_code in {400, 401, 403, 409, 422}:
            raise RefusedError(f"Airflow refused {method} {path}: {_detail(response)}")
        if response.status_code >= 400:
            raise TransientError(
                f"Airflow answered {response.status_code} to {method} {path}: {_detail(response)}"
            )
        answer: dict[str, Any] = response.json()
        return answer

    def _request(self, method: str, path: str, **arguments: Any) -> httpx.Response:
        try:
            return self._http.request(method, path, **arguments)
        except httpx.HTTPError as error:
            raise TransientError(
                f"Airflow at {self.url} does not answer ({error}). "
                "See `millrace status`; start it with `millrace up`."
            ) from error


def _detail(response: httpx.Response) -> str:
    try:
        detail = response.json()["detail"]
    except (json.JSONDecodeError, KeyError, TypeError):
        return response.text[:500]
    # What follows the first paragraph is the schema that did not fit.
    return detail.partition("\n\n")[0] if isinstance(detail, str) else json.dumps(detail)
