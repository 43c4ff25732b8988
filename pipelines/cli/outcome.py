"""The demo's last screen: what went in, what came out, and where to look."""

from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from pipelines.settings import Settings


@dataclass
class Outcome:
    """Results of the demo's tasks as they stand in Airflow."""

    landed: dict[str, Any]
    published: dict[str, Any]
    training: dict[str, dict[str, Any]]
    """By task of the train DAG."""
    run_url: str


def show(outcome: Outcome, settings: Settings, console: Console) -> None:
    """Prints the screen."""
    from pipelines.cli.services import show_access

    console.rule("result", align="left")
    published, training = outcome.published, outcome.training
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    table.add_row("documents in", str(published["rows_in"]))
    table.add_row("published", f"{published['rows_published']} in {len(published['days'])} days")
    table.add_row("quarantined", str(published["rows_quarantined"]))
    for reason, count in sorted(published["quarantine_reasons"].items()):
        table.add_row("", f"{count} × {reason.replace('_', ' ')}")
    table.add_row("features", _features(training["features"]))
    table.add_row(
        "training",
        f"{training['train']['seconds']:.0f} s on {training['train']['rows_train']} documents",
    )
    table.add_row(
        "model version",
        f"{training['register']['model']} {training['register']['version']}, "
        f"alias {training['register']['alias']}"
        + (", registered before" if training["register"]["reused"] else ""),
    )
    table.add_row("gate", _gate(training["gate"], training["register"]))
    console.print(table, highlight=False)
    console.print()
    rows = training["evaluate"]["rows"]
    console.print(f"F1 by exact match on {rows} documents never trained on", highlight=False)
    console.print(_scores(training["evaluate"]), highlight=False)
    console.print()
    console.print(f"  run      {outcome.run_url}", highlight=False, soft_wrap=True)
    show_access(settings, console)


def _gate(gate: dict[str, Any] | None, registered: dict[str, Any]) -> str:
    name = f"{registered['model']} {registered['version']}"
    if gate is None:
        return "the version is the champion already"
    return (
        f"{gate['verdict']['decision']}; waits for a person, in Airflow or by\n"
        f"millrace approve {name} --as ben --why …"
    )


def _features(features: dict[str, Any]) -> str:
    how = ", found done" if features["reused"] else ""
    return f"{features['rows']} rows, key {features['feature_key'][:12]}{how}"


def _scores(evaluated: dict[str, Any]) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in ("field", "F1", "95 % interval"):
        table.add_column(column, justify="left" if column == "field" else "right")
    for name, (value, low, high) in evaluated["headline"].items():
        table.add_row(name, f"{value:.3f}", f"{low:.3f} to {high:.3f}")
    return table
