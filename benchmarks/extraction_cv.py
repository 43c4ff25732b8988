"""Cross-validation of the extractor on real receipts: one table of scores and costs.

python benchmarks/extraction_cv.py [--by document|merchant] [--folds 5] [--data FOLDER]

Reads train.jsonl of the SROIE layout from ../shared/data/sroie beside the checkout. Seconds
are CPU seconds of one process.
"""

import argparse
import json
import statistics
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
from rich.console import Console
from rich.table import Table
from sklearn.metrics import roc_auc_score

from pipelines import specs
from pipelines.contracts.spec import ModelSpec
from pipelines.extraction.estimator import FieldExtractor
from pipelines.extraction.features import compute
from pipelines.extraction.normalise import by_value, strict
from pipelines.extraction.values import letters_and_digits

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "sroie"


def read(path: Path) -> pa.Table:
    """Documents of the SROIE layout as a published table has them."""
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    pages = [
        [{
            "width": float(row["image_size"]["width"]),
            "height": float(row["image_size"]["height"]),
            "lines": [
                {"text": text, "box": [float(edge) for edge in box]}
                for text, box in zip(row["words"], row["bboxes"], strict=True)
            ],
        }]
        for row in rows
    ]  # fmt: skip
    fields = [[(name, value or None) for name, value in row["entities"].items()] for row in rows]
    return pa.table({
        "document_id": [row["key"] for row in rows],
        "pages": pages,
        "fields": pa.array(fields, pa.map_(pa.string(), pa.string())),
    })


def folds_of(documents: pa.Table, by: str, folds: int, seed: int) -> np.ndarray:
    """A fold for each document: random, or the same for all documents of a merchant."""
    if by == "document":
        return np.random.default_rng(seed).permutation(documents.num_rows) % folds
    labels = [dict(row) for row in documents["fields"].to_pylist()]
    names = [letters_and_digits(row.get("company") or "") for row in labels]
    merchants, sizes = np.unique(names, return_counts=True)
    order = np.random.default_rng(seed).permutation(len(merchants))
    fold = {}
    load = np.zeros(folds, dtype=int)
    # Large merchants first, each into the emptiest fold: folds of one size.
    for at in sorted(order, key=lambda at: -sizes[at]):
        fold[merchants[at]] = int(np.argmin(load))
        load[fold[merchants[at]]] += sizes[at]
    return np.array([fold[name] for name in names])


def score(spec: ModelSpec, answers: list, labels: list) -> dict[str, dict[str, float]]:
    """F1 by exact match and by value, and the AUROC of the confidence, by field and overall."""
    counts = {name: {"hit": 0, "value": 0, "given": 0, "wanted": 0} for name in spec.fields}
    sure: dict[str, list[tuple[float, bool]]] = {name: [] for name in spec.fields}
    for row, label in zip(answers, labels, strict=True):
        for answer in row:
            name, value, wanted = answer["name"], answer["value"], label.get(answer["name"])
            right = (strict(value) if value else None) == (strict(wanted) if wanted else None)
            sure[name].append((answer["confidence"], right))
            count = counts[name]
            count["given"] += value is not None
            count["wanted"] += bool(wanted)
            if value and wanted:
                kind = spec.fields[name].kind
                count["hit"] += right
                count["value"] += by_value(value, kind) == by_value(wanted, kind)
    counts["micro"] = {
        key: sum(count[key] for count in counts.values()) for key in counts[next(iter(counts))]
    }
    scores = {}
    for name, count in counts.items():
        total = (count["given"] + count["wanted"]) / 2
        scores[name] = {"f1": count["hit"] / total, "f1_value": count["value"] / total}
        pairs = sure.get(name, [pair for pairs in sure.values() for pair in pairs])
        hits = [pair[1] for pair in pairs]
        scores[name]["auroc"] = (
            float(roc_auc_score(hits, [pair[0] for pair in pairs]))
            if 0 < sum(hits) < len(hits)
            else float("nan")
        )
        scores[name]["brier"] = statistics.fmean((sure - hit) ** 2 for sure, hit in pairs)
    return scores


def main() -> None:
    """Runs the folds and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--by", choices=["document", "merchant"], default="document")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--errors", type=Path, help="write every wrong answer here")
    parser.add_argument("--set", action="append", default=[], help="NAME=VALUE of a parameter")
    given = parser.parse_args()
    path = given.data / "train.jsonl"
    if not path.is_file():
        raise SystemExit(f"there is no {path}; give the folder of the receipts with --data.")
    spec = specs.model("receipts")
    changed = {pair.split("=")[0]: float(pair.split("=")[1]) for pair in given.set}
    spec = spec.model_copy(update={"parameters": spec.parameters | changed})
    documents = read(path)
    begun = time.process_time()
    features = compute(documents, spec)
    features_ms = (time.process_time() - begun) * 1000 / documents.num_rows
    fold = folds_of(documents, given.by, given.folds, given.seed)
    answers: list = [None] * documents.num_rows
    fit_seconds, predict_seconds, wall = [], 0.0, []
    for part in range(given.folds):
        train, test = np.flatnonzero(fold != part), np.flatnonzero(fold == part)
        begun, clock = time.process_time(), time.monotonic()
        fitted = FieldExtractor().fit(
            features.take(train), spec, seed=given.seed, progress=lambda _: None
        )
        fit_seconds.append(time.process_time() - begun)
        wall.append(time.monotonic() - clock)
        rows = features.take(test)
        begun = time.process_time()
        predicted = fitted.predict(rows)
        predict_seconds += time.process_time() - begun
        for row, fields in zip(test, predicted["fields"].to_pylist(), strict=True):
            answers[row] = fields
    labels = [dict(row) for row in documents["fields"].to_pylist()]
    table = Table("field", "F1 exact", "F1 by value", "AUROC", "Brier")
    for name, scores in score(spec, answers, labels).items():
        table.add_row(name, *(f"{value:.3f}" for value in scores.values()))
    console = Console()
    console.print(f"{documents.num_rows} documents, {given.folds} folds by {given.by}")
    console.print(table)
    console.print(
        f"training {statistics.fmean(fit_seconds):.0f} CPU-s, {statistics.fmean(wall):.0f} s; "
        f"a document: features {features_ms:.2f} CPU-ms, "
        f"prediction {predict_seconds * 1000 / documents.num_rows:.2f} CPU-ms"
    )
    if given.errors:
        ids = documents["document_id"].to_pylist()
        with given.errors.open("w", encoding="utf-8") as file:
            for key, row, label in zip(ids, answers, labels, strict=True):
                for answer in row:
                    wanted = label.get(answer["name"])
                    if strict(answer["value"] or "") != strict(wanted or ""):
                        wrong = [key, answer["name"], answer["confidence"], answer["value"], wanted]
                        file.write(json.dumps(wrong, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
