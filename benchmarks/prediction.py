"""Prediction after OCR: CPU a document in batches against one document at a time."""

import time

from benchmarks.figures import Figure, in_turn
from benchmarks.workbench import MODEL, Workbench
from pipelines import estimators, scoring, specs
from pipelines.estimators.artefact import Artefact

LIMIT_MS = 8.0
SINGLE = 100
"""Documents that are predicted one at a time, the first of the sample."""
REPEATS = 5


def measure(bench: Workbench) -> list[Figure]:
    """The model learns the very documents: what it answers does not matter here."""
    spec = specs.model(MODEL)
    features = specs.resolve(spec.features)(bench.documents, spec)
    fitted = estimators.estimator(spec.estimator).fit(
        features, spec, seed=spec.seed, progress=lambda _: None
    )
    model = Artefact(spec, fitted)

    def milliseconds(documents: int, batch_rows: int) -> float:
        table = bench.documents.slice(0, documents)
        begun = time.process_time()
        scoring.predict(model, table, batch_rows=batch_rows)
        return (time.process_time() - begun) * 1000 / documents

    everything = int(bench.documents.num_rows)
    milliseconds(SINGLE, scoring.BATCH_ROWS)
    measured, baseline = in_turn(
        lambda: milliseconds(everything, scoring.BATCH_ROWS),
        lambda: milliseconds(SINGLE, 1),
        REPEATS,
    )
    return [
        Figure(
            name=f"prediction in batches of {scoring.BATCH_ROWS}",
            unit="CPU-ms / document",
            against="one document at a time",
            definition=f"from lines of text to fields with confidence, of {everything} documents, "
            f"in one process; against {SINGLE} of them each alone.",
            measured=measured,
            baseline=baseline,
            limit=LIMIT_MS,
        )
    ]
