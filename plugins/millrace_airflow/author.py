"""Who started a run."""

from typing import Any


def who_started(context: Any) -> str:
    """A named person, or the platform itself where data or a schedule did."""
    from pipelines.contracts.decision import PLATFORM
    from pipelines.services.access import OPERATOR

    run = context["dag_run"]
    if run.run_type != "manual":
        return PLATFORM
    # What runs in the caller's own process was started on the command line.
    person: str | None = run.triggering_user_name
    return OPERATOR if person in {None, "dag_test"} else str(person)
