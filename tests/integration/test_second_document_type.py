"""Another type of document with other fields is a folder with a model.yaml, and no code."""

import ast
import re
from pathlib import Path
from typing import get_args

import pyarrow as pa
import pyarrow.compute as pc
import pytest
import yaml
from factories.home import publish

from pipelines import evaluation, specs, training
from pipelines.contracts import names
from pipelines.contracts.spec import FieldKind, ModelSpec
from pipelines.evaluation import EvaluationSpec
from pipelines.ingestion.formats import batches
from pipelines.ingestion.record import Limits
from pipelines.lake.lake import Lake
from pipelines.samples.receipts import generate
from pipelines.settings import PROJECT_ROOT, Settings
from pipelines.training import TrainSpec
from spark_jobs.tables import published_schema

MODEL_FILES = sorted(specs.MODELS.glob("*/model.yaml"))
MODEL = """
name: invoices
description: What an invoice asks for
owner: accounts-team
dataset: receipts
task: extraction
estimator: extraction
features: pipelines.extraction.features:compute
features_schema: pipelines.extraction.features:schema
fields:
  supplier: {kind: name}
  invoice_number: {kind: code}
  invoice_date: {kind: date}
  amount_due: {kind: money}
split: {group_by: supplier, unseen_group_share: 0.2, seen_group_share: 0.15}
"""
DOCUMENTS = 240
SEED = 7
FLOORS = {
    "overall": 0.75, "supplier": 0.7, "invoice_number": 0.85, "invoice_date": 0.85,
    "amount_due": 0.5,
}  # fmt: skip
"""Exact F1. Seeds 1, 7 and 11 gave overall .96 .85 .95, supplier .95 .85 .89, invoice_number
1.00 .97 1.00, invoice_date .97 .95 .98, amount_due .92 .64 .92: the currency of an amount is
typed or left out by whoever types it, and the typists of seed 7 do not agree."""
FLOOR_BY_VALUE = 0.85
"""Overall F1 by value. The same seeds gave .977 .975 .974."""


@pytest.fixture
def invoices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModelSpec:
    """The spec of a models folder that holds one model.yaml and nothing else."""
    folder = tmp_path / "models" / "invoices"
    folder.mkdir(parents=True)
    (folder / "model.yaml").write_text(MODEL, encoding="utf-8")
    monkeypatch.setattr(specs, "MODELS", folder.parent)
    assert specs.model_names() == ["invoices"]
    return specs.model("invoices")


@pytest.mark.slow
def test_second_document_type_is_learned_when_a_model_yaml_and_labels_are_added(
    tmp_path: Path, invoices: ModelSpec
) -> None:
    settings = Settings(home=tmp_path / "home")
    features = publish(settings, invoices, labelled_invoices(tmp_path, settings))

    lake = Lake.open(settings)
    deps = {"lake": lake, "settings": settings}
    trained = training.run(TrainSpec(model=invoices, features=features), **deps)
    scored = evaluation.run(EvaluationSpec(model=invoices, training=trained), **deps)

    assert scored.rows == trained.rows_test >= 40
    f1 = {name: interval[0] for name, interval in scored.headline.items()}
    assert f1.keys() == FLOORS.keys()
    below = {name: figure for name, figure in f1.items() if figure < FLOORS[name]}
    assert not below, f"F1 below its floor: {below}, of {f1}"
    assert scored.metrics["micro_f1_value"] >= FLOOR_BY_VALUE


def test_extractor_names_no_field_of_any_model(invoices: ModelSpec) -> None:
    """In strings, which is where code would tell one field from another: `total`, `COMPANY`."""
    declared = [ModelSpec.model_validate(yaml.safe_load(path.read_text())) for path in MODEL_FILES]
    # A field may be called like its kind, and kinds are what the extractor knows.
    fields = {name for spec in [*declared, invoices] for name in spec.fields}
    fields -= set(get_args(FieldKind))
    assert {"company", "total", "supplier", "amount_due"} <= fields

    sources = sorted((PROJECT_ROOT / "pipelines" / "extraction").rglob("*.py"))
    found = {path.name: words & fields for path in sources if (words := words_of(path)) & fields}

    assert sources and not found, f"field names in the extractor: {found}"


def words_of(path: Path) -> set[str]:
    """Words in small letters of all strings of a module but its docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    # A string that stands as a statement is a docstring.
    prose = {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    strings = [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in prose
    ]
    return {word for text in strings for word in re.findall(r"[a-z_]+", text.lower())}


def labelled_invoices(folder: Path, settings: Settings) -> pa.Table:
    """A file of invoices whose own four fields people have typed, as a published table."""
    file = generate(DOCUMENTS, SEED, folder / "invoices.jsonl", kind="invoices").path
    dataset = specs.dataset("receipts")
    landed = pa.Table.from_batches(batches(dataset, file, None, Limits.of(settings)))
    assert pc.all(pc.is_null(landed[names.RULE])).as_py(), "every line can be read"
    rows = landed.append_column(names.DAY, pa.array(["2026-01-05"] * len(landed)))
    return rows.select(published_schema(specs.resolve(dataset.schema_)()).names)
