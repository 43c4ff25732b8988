"""How many labels the extractor needs: our selection of what to ask against random documents.

python -m benchmarks.learning [--seeds 10] [--data FOLDER] [--keep FILE] [--default-parameters]

Real receipts (train.jsonl of the SROIE layout, ../shared/data/sroie beside the checkout). For each
seed 30 % of the documents are tested and the others are the pool. Both ways begin with the same
random documents, all fields labelled; then the model of the round answers the pool, more is
labelled, and it is trained anew. What people typed is the reviewer's word. All of it is done once
without and once with a base of invented receipts. Writes docs/learning.md and docs/learning.png.
Seeds in the file of --keep are not measured again.
"""

import argparse
import json
import time
from collections.abc import Callable
from copy import copy
from dataclasses import asdict
from itertools import compress, product
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from rich.console import Console

from benchmarks.extraction_cv import DATA, read, score
from benchmarks.learning_curve import LABELS, START, Point, Seed
from benchmarks.learning_page import draw, page
from pipelines import specs
from pipelines.contracts.spec import ModelSpec
from pipelines.extraction.estimator import FieldExtractor, FittedExtractor
from pipelines.extraction.features import compute
from pipelines.reviewing.likeness import Looks
from pipelines.reviewing.select import choose
from pipelines.settings import PROJECT_ROOT

PAGE, PICTURE = PROJECT_ROOT / "docs" / "learning.md", PROJECT_ROOT / "docs" / "learning.png"
TESTED = 0.3
QUICK: dict[str, float | int | str | bool] = {"folds": 2, "word_models": 1}
"""Parameters with which a training takes a third of the time."""
BASE: dict[str, float | int | str | bool] = {"base": "models.receipts.base:documents"}

Known = NDArray[np.bool_]
"""Which fields of which documents are labelled: shape (documents, fields)."""


class Receipts:
    """The documents with their features, which no label changes."""

    def __init__(self, path: Path, spec: ModelSpec) -> None:
        self.spec = spec
        self.names = list(spec.fields)
        """The fields in the order of the columns of `Known`."""
        rows = read(path)
        self.features = compute(rows, spec)
        self.truth = [dict(fields) for fields in rows["fields"].to_pylist()]
        self.texts = [
            "\n".join(line["text"] for page in pages for line in page["lines"])
            for pages in rows["pages"].to_pylist()
        ]

    def fit(self, known: Known, seed: int) -> FittedExtractor:
        """Learns from the labelled fields alone; the others are masked."""
        rows = np.flatnonzero(known.any(axis=1))
        labels = [
            [(name, self.truth[row].get(name)) for name in compress(self.names, known[row])]
            for row in rows
        ]
        table = self.features.take(rows)
        place = table.schema.get_field_index("fields")
        field = table.schema.field(place)
        table = table.set_column(place, field, pa.array(labels, field.type))
        return FieldExtractor().fit(table, self.spec, seed=seed, progress=lambda _: None)

    def measure(self, model: FittedExtractor, known: Known, tested: NDArray[np.intp]) -> Point:
        """Scores of the tested documents."""
        truth = [self.truth[row] for row in tested]
        found = score(self.spec, self._answers(model, tested), truth)["micro"]
        return Point(int(known.sum()), int(known.any(axis=1).sum()), found["f1"], found["f1_value"])

    def doubt(self, model: FittedExtractor, rows: NDArray[np.intp]) -> NDArray[np.float64]:
        """Probability that each answer is wrong: shape (rows, fields)."""
        answers = self._answers(model, rows)
        return 1 - np.array([[field["confidence"] for field in one] for one in answers])

    def _answers(self, model: FittedExtractor, rows: NDArray[np.intp]) -> list[Any]:
        answers: list[Any] = model.predict(self.features.take(rows))["fields"].to_pylist()
        return answers


Label = Callable[[Receipts, FittedExtractor, NDArray[np.intp], Known, int], None]
"""Labels so many more fields of the pool, given the model of the round."""


def selected(
    data: Receipts, model: FittedExtractor, pool: NDArray[np.intp], known: Known, more: int
) -> None:
    """As `pipelines.reviewing.step` chooses; a document that was asked is not asked again."""
    asked = known[pool].any(axis=1)
    free = pool[~asked]
    looks = Looks.of([data.texts[row] for row in (*free, *pool[asked])])
    weight = np.array([data.spec.review.cost(name) for name in data.names])
    chosen = choose(data.doubt(model, free), weight, looks, documents=more, labels=more)
    for one in chosen:
        known[free[one.row], list(one.fields)] = True


def random(
    data: Receipts, model: FittedExtractor, pool: NDArray[np.intp], known: Known, more: int
) -> None:
    """The next documents of the pool, which is in random order, with all their fields."""
    del model
    free = pool[~known[pool].any(axis=1)]
    known[free[: more // len(data.names)]] = True


LABELLERS: dict[str, Label] = {"selected": selected, "random": random}


def of_seed(data: Receipts, seed: int) -> Seed:
    """Both curves and the model of all labels."""
    begun = time.process_time()
    order = np.random.default_rng(seed).permutation(len(data.texts))
    tested, pool = np.split(order, [round(TESTED * len(order))])
    everything = np.zeros((len(order), len(data.names)), dtype=np.bool_)
    everything[pool] = True
    full = data.measure(data.fit(everything, seed), everything, tested)
    start = np.zeros_like(everything)
    start[pool[:START]] = True
    first = data.fit(start, seed)
    curves: dict[str, list[Point]] = {}
    for way, label in LABELLERS.items():
        known, model = start.copy(), first
        points = [data.measure(model, known, tested)]
        for wanted in LABELS[1:]:
            label(data, model, pool, known, wanted - int(known.sum()))
            model = data.fit(known, seed)
            points.append(data.measure(model, known, tested))
        curves[way] = points
    base = bool(data.spec.parameters.get("base"))
    return Seed(seed, full, curves, time.process_time() - begun, base)


def load(path: Path | None) -> list[Seed]:
    """Seeds that were measured before."""
    if path is None or not path.is_file():
        return []
    found = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [
        Seed(
            one["seed"],
            Point(**one["full"]),
            {way: [Point(**point) for point in points] for way, points in one["curves"].items()},
            one["seconds"],
            one["base"],
        )
        for one in found
    ]


def main() -> None:
    """Measures the seeds that are missing and writes the page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--keep", type=Path, help="file of what was measured, one seed a line")
    parser.add_argument(
        "--default-parameters", action="store_true", help="those of model.yaml: thrice the time"
    )
    given = parser.parse_args()
    path = given.data / "train.jsonl"
    if not path.is_file():
        raise SystemExit(f"there is no {path}; give the folder of the receipts with --data.")
    spec = specs.model("receipts")
    text = "Trained with the parameters of the model."
    if not given.default_parameters:
        spec = spec.model_copy(update={"parameters": spec.parameters | QUICK})
        said = ", ".join(f"{name} {value}" for name, value in QUICK.items())
        text = f"Trained with {said}, which takes a third of the time of the model's own."
    console, seeds = Console(), load(given.keep)
    data = Receipts(path, spec)
    begun = copy(data)  # a base changes the trainings, and not the features of the receipts
    begun.spec = spec.model_copy(update={"parameters": spec.parameters | BASE})
    measured = {(one.seed, one.base) for one in seeds}
    for seed, base in product(range(given.seeds), (False, True)):
        if (seed, base) in measured:
            continue
        seeds.append(of_seed(begun if base else data, seed))
        if given.keep:
            with given.keep.open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(seeds[-1])) + "\n")
        how = "with" if base else "without"
        said = f"seed {seed} {how} a base: {seeds[-1].seconds:.0f} CPU-s"
        console.print(said, style="dim", highlight=False)
    seeds.sort(key=lambda one: one.seed)
    PAGE.write_text(page(seeds, text), encoding="utf-8")
    draw(seeds, PICTURE)
    console.print(f"written to {PAGE.relative_to(PROJECT_ROOT)}", highlight=False)


if __name__ == "__main__":
    main()
