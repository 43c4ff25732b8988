"""Shows a run while it goes: live on a terminal, one line a change elsewhere."""

import time
from collections.abc import Iterable
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.table import Table

_MARKS = {
    "running": "[cyan]running[/cyan]",
    "success": "[green]success[/green]",
    "skipped": "[dim]skipped[/dim]",
    "failed": "[red]failed[/red]",
    "upstream_failed": "[red]not run[/red]",
    "up_for_retry": "[yellow]failed, will be tried again[/yellow]",
}
_SHOWN = set(_MARKS) | {"awaiting_input", "deferred"}


class RunView:
    """Task states of one run with their seconds."""

    def __init__(self, dag_id: str, console: Console) -> None:
        self.dag_id = dag_id
        self.states: dict[str, str] = {}
        self.errors: dict[str, str] = {}
        self.reasons: dict[str, str] = {}
        """Why tasks skipped themselves."""
        self.outcome = ""
        self.run_id = ""
        self._console = console
        self._started: dict[str, float] = {}
        self._seconds: dict[str, float] = {}

    def consume(self, events: Iterable[dict[str, Any]]) -> bool:
        """Shows every event to the end; whether the run ended well."""
        if self._console.is_terminal:
            with Live(
                get_renderable=self._table,
                console=self._console,
                refresh_per_second=8,
            ):
                for event in events:
                    self._take(event)
        else:
            for event in events:
                self._take(event)
                self._line(event)
        return self.outcome == "success"

    def _take(self, event: dict[str, Any]) -> None:
        now = time.monotonic()
        if "task" not in event:
            self.outcome = event["state"]
            self.run_id = event.get("run_id", "")
            if event.get("error"):
                self.errors[self.dag_id] = event["error"]
            return
        task, state = event["task"], event["state"]
        self.states[task] = state
        if state == "running":
            self._started[task] = now
        elif event.get("seconds") is not None:
            self._seconds[task] = event["seconds"]
        elif task in self._started:
            self._seconds[task] = now - self._started[task]
        if event.get("error"):
            self.errors[task] = event["error"]
        if event.get("reason"):
            self.reasons[task] = event["reason"]

    def _line(self, event: dict[str, Any]) -> None:
        if "task" in event and event["state"] in _SHOWN:
            seconds = self._seconds.get(event["task"])
            took = f"  {seconds:.1f} s" if seconds and event["state"] != "running" else ""
            self._console.print(
                f"{self.dag_id}  {event['task']}  {event['state']}{took}", highlight=False
            )

    def _table(self) -> Table:
        table = Table(title=self.dag_id, title_justify="left", show_header=False, box=None)
        for task, state in self.states.items():
            seconds = self._seconds.get(task)
            if state == "running":
                seconds = time.monotonic() - self._started[task]
            table.add_row(
                f"  {task}", _MARKS.get(state, state), f"{seconds:6.1f} s" if seconds else ""
            )
        return table
