"""The demo's last screen: what went in, what came out, and where to look."""

from collections import Counter
from typing import Any

from rich.console import Console
from rich.table import Table

from pipelines.cli.demo.corrected import Corrected
from pipelines.cli.demo.drifted import Drifted
from pipelines.cli.demo.stage import MODEL, Training
from pipelines.cli.demo.story import PLANT, Story
from pipelines.settings import Settings

_CAUSES = 3
"""Of an incident that are shown; all are on the timeline."""


def show(story: Story, settings: Settings, console: Console) -> None:
    """Prints the screen."""
    from pipelines.cli.services import show_access

    console.rule("result", align="left")
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    _add_documents(table, story.published)
    _add_training(table, story.training)
    _add_decisions(table, story)
    console.print(table, highlight=False)
    console.print()
    evaluated = story.training.results["evaluate"]
    name = f"{MODEL} {story.training.results['register']['version']}"
    console.print(
        f"{name}: F1 by exact match on {evaluated['rows']} documents never trained on",
        highlight=False,
    )
    console.print(_scores(evaluated), highlight=False)
    console.print()
    if story.corrected and story.corrected.scores:
        _show_corrected(story.corrected, console)
    if story.drifted:
        _show_drifted(story.drifted, console)
    console.print(f"  run      {story.training.url}", highlight=False, soft_wrap=True)
    if story.drifted:
        url = story.training.url.partition("/dags/")[0]
        console.print(f"  timeline {url}/millrace/monitor/{MODEL}", highlight=False, soft_wrap=True)
    show_access(settings, console)


def _add_documents(table: Table, published: list[dict[str, Any]]) -> None:
    reasons = sum((Counter(one["quarantine_reasons"]) for one in published), Counter[str]())
    days = sum(len(one["days"]) for one in published)
    table.add_row("documents in", str(sum(one["rows_in"] for one in published)))
    table.add_row("published", f"{sum(one['rows_published'] for one in published)} in {days} days")
    table.add_row("quarantined", str(sum(one["rows_quarantined"] for one in published)))
    for reason, count in sorted(reasons.items()):
        table.add_row("", f"{count} × {reason.replace('_', ' ')}")


def _add_training(table: Table, training: Training) -> None:
    results = training.results
    table.add_row("features", _features(results["features"]))
    table.add_row(
        "training",
        f"{results['train']['seconds']:.0f} s on {results['train']['rows_train']} documents",
    )
    table.add_row(
        "model version",
        f"{MODEL} {results['register']['version']}, alias {results['register']['alias']}"
        + (", registered before" if results["register"]["reused"] else ""),
    )


def _add_decisions(table: Table, story: Story) -> None:
    """In the order in which it happened."""
    bad = story.refused.results["register"]["version"]
    for one in story.decided[:1]:
        table.add_row(*_promoted(one))
    table.add_row("refused", f"{MODEL} {bad}, trained with {PLANT.replace('_', ' ')}")
    if story.corrected:
        table.add_row("corrected", _corrected(story.corrected))
    for one in story.decided[1:]:
        table.add_row(*_promoted(one))
    if story.rolled_back:
        table.add_row(
            "rolled back",
            f"to {MODEL} {story.rolled_back['champion']} by {story.rolled_back['person']}, "
            f"{story.rollback_seconds:.1f} s from the word on",
        )
    for one in story.scored:
        table.add_row("scored", _scored(one))
    table.add_row("ledger", f"{story.ledger_rows} rows verified: each follows the one before")


def _promoted(one: dict[str, Any]) -> tuple[str, str]:
    return "promoted", f"{MODEL} {one['version']} by {one['person']}; the gate: {one['gate']}"


def _corrected(found: Corrected) -> str:
    said = f"{found.documents} answers of reviewers"
    if found.waits:
        return f"{said}; no training: {found.waits}"
    crossed = f"{said}; {found.fields} corrected fields crossed the threshold"
    if found.rejected:
        crossed += ";\nthe gate rejected what came of them; the labels wait for the next training"
    return crossed


def _show_corrected(found: Corrected, console: Console) -> None:
    documents = found.scores[0].documents
    console.print(f"F1 on {documents} documents that nobody reviewed", highlight=False)
    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in ("version", "F1", "95 % interval"):
        table.add_column(column, justify="left" if column == "version" else "right")
    for one in found.scores:
        table.add_row(
            f"{MODEL} {one.version}", f"{one.value:.3f}", f"{one.low:.3f} to {one.high:.3f}"
        )
    console.print(table, highlight=False)
    console.print()
    console.print("seconds since the correction that crossed the threshold", highlight=False)
    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in ("step", "from", "to"):
        table.add_column(column, justify="left" if column == "step" else "right")
    for step in found.timeline:
        table.add_row(step.name, f"{step.start:.1f}", f"{step.end:.1f}")
    console.print(table, highlight=False)
    console.print()


def _show_drifted(found: Drifted, console: Console) -> None:
    """Text of reasons and causes is no markup."""

    def say(text: str) -> None:
        console.print(text, highlight=False, markup=False)

    say("what the monitor says of two days from a worn scanner")
    for one in found.judged["windows"]:
        say(f"  {one['window']}  {one['decision']}")
    for incident in found.incidents:
        say(f"  {incident.severity}: {incident.headline}")
        for cause in incident.causes[:_CAUSES]:
            say(f"    {cause}")
        say(f"    {incident.follows}")
        say(f"    runbook: docs/runbooks/{incident.kind}.md")
    if found.request is not None:
        reasons = ", ".join(sorted({one.kind for one in found.request.reasons}))
        say(f"  retrain request {found.request.request_id} is open, because of: {reasons}")
    console.print()


def _scored(result: dict[str, Any]) -> str:
    versions = [
        f"{one['rows_scored']} documents by {result['model']} {one['version']}"
        for one in result["versions"]
    ]
    refused = sum(one["rows_refused"] for one in result["versions"])
    return ", ".join(versions) + f"; {refused} refused"


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
