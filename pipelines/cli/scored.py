"""What a scoring run left behind, in words: rows by version and role, and what was refused."""

from rich.console import Console

from pipelines.cli.output import counted
from pipelines.settings import Settings


def say_scored(model: str, settings: Settings) -> None:
    """Says what is scored of a model and by whom; the newest run's own share comes first."""
    from pipelines.contracts import names
    from pipelines.lake import predictions
    from pipelines.lake.lake import Lake

    lake = Lake.open(settings)
    made, states = predictions.last_run(lake, model), predictions.states(lake, model)
    console = Console(soft_wrap=True)
    if made is None:
        return
    console.print(
        f"newest scoring of {model}, on snapshot {made.input_snapshot_id}: "
        f"{counted(sum(made.added.values()), 'prediction')} made, "
        f"{sum(made.removed.values())} removed",
        highlight=False,
    )
    for rule, rows in sorted(made.refused.items()):
        console.print(
            f"  {rows} × {rule.replace('_', ' ')}, see {names.refused_table(model)}",
            highlight=False,
        )
    shown = set(predictions.shown(states).items())
    for version, role in sorted({(version, state.role) for (version, _), state in states.items()}):
        mine = [
            (state, (day, version) in shown)
            for (one, day), state in states.items()
            if (one, state.role) == (version, role) and state.rows_in
        ]
        rows_in, refused = (sum(s.rows_in for s, _ in mine), sum(s.refused for s, _ in mine))
        days = sum(seen for _, seen in mine)
        of = f"{counted(rows_in, 'row')} of {counted(len(mine), 'day')}"
        console.print(
            f"  version {version}, {role}: {of} = {rows_in - refused} scored + {refused} refused; "
            + (f"shown for {counted(days, 'day')}" if days else "not shown"),
            highlight=False,
        )
