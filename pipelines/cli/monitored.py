"""What `millrace monitor` says of calibrations, models and incidents."""

from typing import TYPE_CHECKING

import typer

from pipelines.cli.output import counted, print_table

if TYPE_CHECKING:
    from pipelines.contracts.monitoring import Calibration, Incident, Limit
    from pipelines.monitoring.timeline import Standing


def say_calibration(found: "Calibration") -> None:
    """Its days, how often it errs, and the smallest shift that it would see."""
    # Named by its days, for people; stored under its content.
    typer.echo(
        f"reference of {found.model}: {counted(len(found.days), 'day')}, {found.days[0]} to "
        f"{found.days[-1]} ({found.reference})"
    )
    policy = found.policy
    typer.echo(
        f"expected false alarms: {found.false_alarms_per_month:.2f} a month, "
        f"{policy.false_alarms_per_month:g} are wanted at most"
    )
    if found.false_alarms_per_month > policy.false_alarms_per_month:
        typer.echo(
            f"  {len(found.days)} days are too short a past to promise less; "
            f"{policy.reference_days} are asked for"
        )
    typer.echo(
        f"an alarm needs {policy.alarm_windows} of {counted(policy.of_windows, 'window')} of "
        f"{counted(policy.window_days, 'day')}; found within two windows, 95 times of 100:"
    )
    kinds = {bins.name: bins.kind for bins in found.binning.columns}
    rows = [[one.name, *_smallest(one, kinds.get(one.name, "volume"))] for one in found.limits]
    print_table("Smallest shift that is found", ["column", "shift", "more missing"], rows)
    if lost := sorted(kinds.keys() - {one.name for one in found.limits}):
        typer.echo(f"without a limit, for their past is too short: {', '.join(lost)}")


def _smallest(one: "Limit", kind: str) -> list[str]:
    shift, missing = one.smallest_shift, one.past.get("smallest_missing")
    if kind == "volume":
        what = "lost" if one.name.endswith("/rows") else "refused"
        return ["none that was tried" if shift is None else f"{shift:.1%} of the rows {what}", ""]
    if shift is None:
        said = "none that was tried"
    elif kind == "category":
        said = f"{shift:.1%} of the rows change their value"
    else:
        said = f"{shift:.2f} of its spread"
    return [said, "none that was tried" if missing is None else f"{missing:.1%} of the rows"]


def row_of(one: "Standing") -> list[str]:
    """Of a model: name, verdict, since, window, moved, open alerts, scoring."""
    name, window = one.spec.name, one.window
    alerts = ", ".join(sorted(incident.kind for incident in one.incidents)) or "none"
    scoring = "paused" if one.paused else "on"
    if window is None:
        return [name, "not judged yet", "", "", "", alerts, scoring]
    verdict = window.verdict
    severity = f" ({verdict.severity})" if verdict.severity else ""
    said = f"{verdict.decision}{severity}"
    return [name, said, one.since or "", window.window, one.moved, alerts, scoring]


def say_more(one: "Standing") -> None:
    """Why, what is open, and what to do, of a model that is not simply quiet."""
    from pipelines.monitoring.response import breaker

    name = one.spec.name
    if one.window is None:
        typer.echo(
            f"{name}: to judge it, publish rows (millrace ingest {one.spec.dataset} FILE…), then "
            f"millrace monitor calibrate {name}"
        )
    elif one.window.verdict.decision != "quiet":
        for reason in one.window.verdict.reasons:
            typer.echo(f"{name}: {reason}")
    for incident in one.incidents:
        say_incident(incident)
    if one.paused:
        typer.echo(breaker.held_since(one.paused))


def say_incident(one: "Incident") -> None:
    """What moved, why it may be, what follows, and the runbook."""
    state = (
        f"open, last seen on {one.last}"
        if one.closed_at is None
        else f"over since {one.closed_at:%Y-%m-%d %H:%M}Z"
    )
    typer.echo(f"incident {one.incident_id} ({one.kind}, {one.severity}, {state}): {one.headline}")
    for line in (*one.causes, *([one.follows] if one.follows else [])):
        typer.echo(f"  {line}")
    typer.echo(f"  runbook: docs/runbooks/{one.kind}.md")
