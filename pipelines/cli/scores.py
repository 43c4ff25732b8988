"""Scores and versions as one object for programs, and as tables for people."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from rich.console import Console

from pipelines.cli.output import print_table
from pipelines.evaluation.figures import between

if TYPE_CHECKING:
    from pipelines.evaluation.table import Evaluation
    from pipelines.registry import ModelVersion

OVERALL = "overall"


def as_object(
    found: "Evaluation", version: "ModelVersion", *, refused: int, trained_on: int
) -> dict[str, Any]:
    """What `millrace evaluate --json` prints; figures without a meaning are null."""
    return {
        "model": version.model,
        "version": version.version,
        found.unit: found.count,
        f"{found.unit}_trained_on": trained_on,
        f"{found.unit}_refused": refused,
        **found.summary(),
    }


def show(found: "Evaluation", version: "ModelVersion", *, trained_on: int) -> None:
    """Scores of one version on one file."""
    table = found.table()
    title = (
        f"{version.model} version {version.version} on {found.count} labelled {found.unit}: "
        f"{table.title}"
    )
    print_table(title, table.head, table.rows)
    if trained_on:
        Console(stderr=True).print(
            f"{trained_on} of these {found.unit} were trained on: new ones score lower.",
            highlight=False,
        )


def show_versions(
    versions: "Sequence[ModelVersion]", decisions: Mapping[tuple[str, int], str]
) -> None:
    """Versions with aliases, scores on their test rows, data, code, time and what was decided."""
    head = ["model", "version", "aliases", "scores on test rows (95 %)", "trained on", "when"]
    rows = [
        [*_version(one), decisions.get((one.model, one.version), "not judged")] for one in versions
    ]
    print_table("Registered versions", [*head, "decision"], rows)


def _version(one: "ModelVersion") -> list[str]:
    tags = one.tags
    headline: dict[str, list[float]] = json.loads(tags.get("headline", "{}"))
    overall = headline.pop(OVERALL, None)
    scores = [f"{OVERALL} {overall[0]:.3f} ({between(overall[1:])})"] if overall else []
    scores += [f"{name} {score[0]:.3f}" for name, score in headline.items()]
    dirty = " with changes" if tags.get("code_dirty") == "true" else ""
    made_of = [
        f"{tags.get('rows_train', '?')} rows of {tags.get('dataset', '?')}",
        f"snapshot {tags.get('input_snapshot_id', '?')}",
        f"code {tags.get('code_revision', '?')[:8]}{dirty}",
    ]
    when = datetime.fromtimestamp(one.created_ms / 1000, UTC)
    return [
        one.model,
        str(one.version),
        "\n".join(one.aliases) or "–",
        "\n".join(scores) or "–",
        "\n".join(made_of),
        f"{when:%Y-%m-%d %H:%M}Z",
    ]
