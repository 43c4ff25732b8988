"""`millrace corrections`: what reviewers said, in and out, and how far the next training is."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from pipelines.cli.output import print_table, written_whole
from pipelines.errors import BadDataError, MisconfiguredError

if TYPE_CHECKING:
    from pipelines.contracts.spec import ModelSpec
    from pipelines.corrections.importing import Imported
    from pipelines.corrections.status import Status

commands = typer.Typer(
    name="corrections", help="Corrections: import, export, and the threshold.", no_args_is_help=True
)
Model = Annotated[str, typer.Argument(help="Name of a model, e.g. receipts.")]


def register(app: typer.Typer) -> None:
    """Adds `corrections` with its commands."""
    app.add_typer(commands)


@commands.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="JSON array, or one JSON object a line.")],
    format_: Annotated[str, typer.Option("--format", help="millrace or labelstudio.")] = "millrace",
    model: Annotated[
        str | None, typer.Option(help="Default: what the rows name, or the only extractor.")
    ] = None,
    reviewer: Annotated[
        str, typer.Option(help="Who said it, where a row does not tell.")
    ] = "import",
) -> None:
    """Takes in corrections; the same file twice adds nothing.

    Bad rows are refused with their reason, the good ones are taken. The layout of both formats is
    in docs/corrections.md.

    Example: [bold]millrace corrections import fixed.json[/bold]
    """
    from pipelines import settings
    from pipelines.corrections import files, importing
    from pipelines.opsdb.database import OpsDb

    current = settings.load()
    rows = files.read(file, format_, current.max_file_bytes)
    spec = _model(model, rows)
    documents = _published(spec)
    done = importing.take_in_all(
        OpsDb.open(current),
        spec,
        rows,
        reviewer=reviewer,
        documents=documents,
        now=datetime.now(UTC),
    )
    _show_import(done)
    if documents is None:
        typer.echo(f"no {spec.dataset} are published yet: the document ids were not checked")
    if done.refused and not done.added + done.known:
        raise BadDataError(f"no row of {file} could be taken. Mend what is named above.")


@commands.command()
def export(
    model: Model,
    output: Annotated[Path, typer.Option("--output", help="File to write.")],
) -> None:
    """Writes every correction that stands, one JSON object a line, as `import` takes it.

    Example: [bold]millrace corrections export receipts --output said.jsonl[/bold]
    """
    import json

    from pipelines import settings, specs
    from pipelines.corrections import files
    from pipelines.corrections.settle import opinions
    from pipelines.opsdb import corrections
    from pipelines.opsdb.database import OpsDb

    spec = specs.model(model)
    with OpsDb.open(settings.load()).read() as session:
        said = opinions(corrections.rows(session, spec.name))
    stands = sorted((one for some in said.values() for one in some), key=lambda x: x.correction_id)
    with written_whole(output) as file:
        for one in stands:
            file.write(json.dumps(files.row(one), ensure_ascii=False) + "\n")
    typer.echo(f"{len(stands)} corrections of {model} written to {output}")


@commands.command()
def status(model: Model) -> None:
    """How many corrections count, what was claimed, and what is missing until a training starts.

    Example: [bold]millrace corrections status receipts[/bold]
    """
    from pipelines import settings, specs
    from pipelines.corrections import status as stands
    from pipelines.opsdb.database import OpsDb
    from pipelines.retraining.policy import in_force

    current = settings.load()
    spec = in_force(specs.model(model), current)
    golden = _golden(spec)
    with OpsDb.open(current).read() as session:
        found = stands.read(session, spec, golden, datetime.now(UTC))
    print_table(f"Corrections of {model}", ["what", "figure"], _figures(found))
    if found.batches:
        rows = [
            [str(one.batch_id), f"{one.claimed_at:%Y-%m-%d %H:%M}Z", str(one.counted),
             str(one.rows), str(one.request_id)]
            for one in reversed(found.batches)
        ]  # fmt: skip
        print_table("Batches", ["batch", "claimed", "counted", "rows", "request"], rows)


@commands.command()
def release(
    request: Annotated[int, typer.Argument(help="Number of the retrain request that runs.")],
    why: Annotated[str, typer.Option(help="Why its training will never end.")],
) -> None:
    """Takes a request back from a training that is gone for good: it waits to be trained again.

    Example: [bold]millrace corrections release 4 --why "the machine was lost"[/bold]
    """
    from pipelines import settings
    from pipelines.corrections import training
    from pipelines.opsdb import requests
    from pipelines.opsdb.database import OpsDb

    with OpsDb.open(settings.load()).write() as session:
        held = requests.get(session, request)
        found = training.release(session, held.model, request, why, datetime.now(UTC))
    typer.echo(f"request {found.request_id} of {found.model} is {found.state}")


def _model(name: str | None, rows: Sequence[Any]) -> "ModelSpec":
    from pipelines import specs

    if name is None:
        told = {row["model"] for row in rows if not isinstance(row, str) and row.get("model")}
        known = [one for one in specs.model_names() if specs.model(one).task == "extraction"]
        names = sorted(map(str, told)) or known
        if len(names) != 1:
            raise MisconfiguredError(
                f"the file is of {', '.join(names) or 'no model'}: say which one to take in with "
                "--model NAME."
            )
        name = names[0]
    return specs.model(name)


def _published(spec: "ModelSpec") -> set[str] | None:
    """Keys of all published documents; None before the first, where none can be checked."""
    from pipelines import settings, specs
    from pipelines.contracts import names
    from pipelines.lake.lake import Lake

    lake, table = Lake.open(settings.load()), names.published_table(spec.dataset)
    if lake.current_snapshot(table) is None:
        return None
    key = specs.key(spec)
    return set(lake.read(table, columns=[key])[key].to_pylist())


def _golden(spec: "ModelSpec") -> set[str]:
    from pipelines import settings, specs
    from pipelines.lake.golden import golden_keys
    from pipelines.lake.lake import Lake

    return golden_keys(Lake.open(settings.load()), spec.name, specs.key(spec))


def _show_import(done: "Imported") -> None:
    console = Console(soft_wrap=True)
    console.print(
        f"{done.added} added, {done.known} known before, {done.refused} refused", highlight=False
    )
    for reason in done.reasons:
        console.print(f"  {escape(reason)}", highlight=False)
    if done.refused > len(done.reasons):
        console.print(f"  and {done.refused - len(done.reasons)} more", highlight=False)


def _figures(found: "Status") -> list[list[str]]:
    policy, claimed = found.policy, sum(one.counted for one in found.batches)
    quiet = policy.quiet
    missing = found.verdict.missing
    batches = "batch" if len(found.batches) == 1 else "batches"
    rows = [
        ["counted", f"{found.counted} corrected fields that no batch has"],
        ["threshold", f"{policy.threshold}; {missing} missing"],
        ["not settled", f"{found.unsettled} fields wait for another reviewer"],
        ["claimed", f"{claimed} in {len(found.batches)} {batches}"],
        ["decision", f"{found.verdict.decision}: {' '.join(found.verdict.reasons)}"],
        ["open request", _request(found.waiting)],
        ["in training", _request(found.running)],
        [
            "cool-down",
            f"until {found.cools_until:%Y-%m-%d %H:%M}Z" if found.cools_until else "over",
        ],
        ["quiet hours", f"{quiet.start:%H:%M}-{quiet.end:%H:%M} {quiet.zone}" if quiet else "none"],
        [
            "cost of 7 days",
            f"{found.spent:g} of {policy.weekly_cost:g}, a training {policy.training_cost:g}",
        ],
    ]
    for field, rate in found.audit.items():
        low, high = rate.interval()
        rows.append([
            f"audit {field}",
            f"{rate.share:.1%} right ({low:.1%} to {high:.1%}) of {rate.documents} documents",
        ])
    rows += [["held back", f"{one.reviewer}: {one.why}"] for one in found.held]
    if found.proposals:
        rows.append(["golden set", f"{found.proposals} proposals wait for a person"])
    return rows


def _request(found: Any) -> str:
    if found is None:
        return "none"
    kinds = ", ".join(sorted({one.kind for one in found.reasons}))
    return f"{found.request_id} ({kinds})" + (f", run {found.run_id}" if found.run_id else "")
