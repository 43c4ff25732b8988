"""Scores and versions as one object for programs, and as tables for people."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from pipelines.evaluation.extraction import Evaluation
    from pipelines.registry import ModelVersion

OVERALL = "overall"


def as_object(
    found: "Evaluation", version: "ModelVersion", *, refused: int, trained_on: int
) -> dict[str, Any]:
    """What `millrace evaluate --json` prints; figures without a meaning are null."""
    overall = found.overall
    return {
        "model": version.model,
        "version": version.version,
        "documents": found.documents,
        "documents_trained_on": trained_on,
        "documents_refused": refused,
        "micro_precision": overall.precision,
        "micro_recall": overall.recall,
        "micro_f1": overall.f1,
        "micro_f1_interval": overall.f1_interval,
        "micro_f1_value": overall.f1_value,
        "micro_f1_value_interval": overall.f1_value_interval,
        "auroc": found.calibration[OVERALL].auroc,
        "fields": {
            name: {
                "precision": one.precision,
                "recall": one.recall,
                "f1": one.f1,
                "f1_interval": one.f1_interval,
                "f1_value": one.f1_value,
                "auroc": found.calibration[name].auroc,
                "ece": found.calibration[name].ece,
                "labels": one.labelled,
            }
            for name, one in found.fields.items()
        },
    }


def show(summary: dict[str, Any]) -> None:
    """Scores of one version on one file."""
    title = (
        f"{summary['model']} version {summary['version']} on {summary['documents']} labelled "
        f"documents: micro F1 {_figure(summary['micro_f1'])} exact, "
        f"{_figure(summary['micro_f1_value'])} by value"
    )
    rows = [
        [
            name,
            str(one["labels"]),
            *(_figure(one[key]) for key in ("precision", "recall", "f1")),
            _interval(one["f1_interval"]),
            *(_figure(one[key]) for key in ("f1_value", "auroc")),
        ]
        for name, one in summary["fields"].items()
    ]
    micro = [
        "micro",
        str(sum(one["labels"] for one in summary["fields"].values())),
        *(_figure(summary[key]) for key in ("micro_precision", "micro_recall", "micro_f1")),
        _interval(summary["micro_f1_interval"]),
        *(_figure(summary[key]) for key in ("micro_f1_value", "auroc")),
    ]
    head = ["field", "labels", "precision", "recall", "F1", "95 %", "F1 by value", "AUROC"]
    _print(title, head, [*rows, micro])
    if summary["documents_trained_on"]:
        Console(stderr=True).print(
            f"{summary['documents_trained_on']} of these documents were trained on: "
            "the scores of new ones are lower.",
            highlight=False,
        )


def show_versions(versions: "Sequence[ModelVersion]") -> None:
    """Versions with aliases, scores on their test rows, data, code and time."""
    head = ["model", "version", "aliases", "F1 on test rows (95 %)", "trained on", "when"]
    _print("Registered versions", head, [_version(one) for one in versions])


def _version(one: "ModelVersion") -> list[str]:
    tags = one.tags
    headline: dict[str, list[float]] = json.loads(tags.get("headline", "{}"))
    overall = headline.pop(OVERALL, None)
    scores = [f"micro {overall[0]:.3f} ({_interval(overall[1:])})"] if overall else []
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


def _print(title: str, head: list[str], rows: list[list[str]]) -> None:
    """A table on a terminal; lines with tabs elsewhere, for other programs."""
    console = Console()
    if not console.is_terminal:
        for row in [head, *rows]:
            # Not through rich, which writes tabs as spaces.
            typer.echo("\t".join(cell.replace("\n", ", ") for cell in row))
        return
    table = Table(title=title, title_justify="left", title_style="bold")
    for name in head:
        table.add_column(name)
    for row in rows:
        table.add_row(*row)
    console.print(table)


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _interval(ends: Sequence[float] | None) -> str:
    return "–" if ends is None else f"{ends[0]:.3f} to {ends[1]:.3f}"
