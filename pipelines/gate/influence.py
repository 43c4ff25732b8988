"""Whether one reviewer's corrections make the model worse: trained with them and without.

Agreement finds who differs from others. Who makes the same mistake as others, or works where
nobody looks twice, is found by what a model learns from him: leave-one-out over reviewers (Cook
1977, Technometrics 19), scored on the golden set, which no reviewer can change. The interval of the
difference is the gate's paired bootstrap.
"""

import logging
import time
from collections.abc import Container, Iterable
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from pipelines import estimators, specs
from pipelines.contracts import names
from pipelines.contracts.correction import Standing
from pipelines.contracts.decision import PLATFORM
from pipelines.contracts.learning import Labels, labels_table
from pipelines.contracts.result import FeaturesResult
from pipelines.contracts.spec import ModelSpec
from pipelines.corrections import hold, labels, state
from pipelines.corrections.settle import Item
from pipelines.errors import BadDataError, NotFoundError
from pipelines.estimators.artefact import Artefact
from pipelines.evaluation.comparison import comparable
from pipelines.evaluation.scores import OVERALL
from pipelines.evaluation.slices import ALL
from pipelines.gate.gather import set_signals
from pipelines.gate.score import answer
from pipelines.lake.features import computed, feature_key
from pipelines.lake.golden import golden_keys, golden_table
from pipelines.lake.lake import Lake
from pipelines.lake.overlay import Overlay
from pipelines.opsdb import corrections, standings
from pipelines.opsdb.database import OpsDb
from pipelines.training.step import TrainSpec, labelled_rows

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Influence:
    """What leaving out one reviewer's corrections does to the overall score."""

    reviewer: str
    fields: int
    """Labels that the training loses without him."""
    gain: float
    """Overall golden score without him, less that with him."""
    surely: float
    """Lower end of its interval, one-sided at the gate's `gain_level`."""

    @property
    def harmful(self) -> bool:
        """Whether the model is surely better without him."""
        return self.surely > 0


def measure(spec: ModelSpec, *, lake: Lake, db: OpsDb) -> list[Influence]:
    """Each reviewer with labels enough to be judged by (`review.hold_items`), the worst first.

    Trains once with all and once without each; without whom there is too little to train on is
    left out. Raises NotFoundError before there are features, a
    golden set, or a reviewer to measure.
    """
    key = specs.key(spec)
    golden, features = golden_keys(lake, spec.name, key), _features(lake, spec)
    with db.read() as session:
        until = corrections.last(session, spec.name)
        whole = labels.build(session, spec, golden=golden, until=until)
        spoke = _reviewers(state.read(session, spec, until=until).items.values(), golden)
        held = standings.held(session, spec.name)
        others = {
            name: labels.build(session, spec, golden=golden, until=until, without=[name])
            for name in sorted(spoke - held)
        }
    lost = {name: _known(whole) - _known(one) for name, one in others.items()}
    judged = [name for name, count in lost.items() if count >= spec.review.hold_items]
    if not golden or not judged:
        raise NotFoundError(
            f"{spec.name} has {len(golden)} golden rows and {len(judged)} reviewers of whom "
            f"{spec.review.hold_items} labels are learnt; at least one of each is needed."
        )
    rows = lake.read(golden_table(spec.name)).sort_by(key)
    trained = _train(spec, features, whole.table(key), lake)
    found = []
    for name in judged:
        try:
            without = _train(spec, features, others[name].table(key), lake)
        except BadDataError:
            log.warning("without %s there is too little to train %s on", name, spec.name)
            continue
        gain, surely = _gain(without, trained, rows, spec)
        found.append(Influence(name, lost[name], gain, surely))
    return sorted(found, key=lambda one: (-one.surely, one.reviewer))


def hold_back(
    found: Iterable[Influence], spec: ModelSpec, *, db: OpsDb, now: datetime
) -> list[Standing]:
    """Holds the harmful ones back; the new rows are what a supervisor is to be told."""
    with db.write() as session:
        corrections.lock(session, spec.name)
        held = standings.held(session, spec.name)
        return [
            hold.hold(
                session, spec.name, one.reviewer,
                f"the model is better without: by {one.gain:.1%} of the golden score, surely by "
                f"more than {one.surely:.1%}, for {one.fields} labels",
                PLATFORM, now,
            )
            for one in found
            if one.harmful and one.reviewer not in held
        ]  # fmt: skip


def _features(lake: Lake, spec: ModelSpec) -> FeaturesResult:
    """Features of the newest published snapshot that has any."""
    for snapshot in lake.history(names.published_table(spec.dataset)):
        key = feature_key(spec, snapshot.snapshot_id)
        found = computed(lake, spec.name, key)
        if found is not None:
            return FeaturesResult(
                model=spec.name,
                table=names.features_table(spec.name),
                feature_key=key,
                reused=True,
                **found.model_dump(),
            )
    raise NotFoundError(
        f"{spec.name} has no features of any published snapshot. Train it first: "
        f"millrace run train {spec.name}"
    )


def _reviewers(items: Iterable[Item], golden: Container[str]) -> set[str]:
    return {
        one.reviewer for item in items if item.document_id not in golden for one in item.opinions
    }


def _known(found: labels.Labels) -> int:
    return sum(
        one != labels.MASKED for fields in found.documents.values() for one in fields.values()
    )


def _train(spec: ModelSpec, features: FeaturesResult, given: pa.Table, lake: Lake) -> Artefact:
    """The model of these labels, in memory: nothing of it is kept."""
    # The lake's own table of labels stays as it is.
    named = Labels(snapshot_id=0, key="", until=0, batches=[], documents=len(given), labels=0)
    rows = labelled_rows(
        TrainSpec(model=spec, features=features, labels=named),
        Overlay(lake, {labels_table(spec.name): given}),
    )
    train = rows.filter(pc.equal(rows[names.PART], names.TRAIN)).drop_columns([names.PART])
    fitted = estimators.estimator(spec.estimator).fit(
        train, spec, seed=spec.seed, progress=lambda _: None
    )
    return Artefact(spec, fitted)


def _gain(
    without: Artefact, trained: Artefact, rows: pa.Table, spec: ModelSpec
) -> tuple[float, float]:
    answers = answer([without, trained], rows, time.process_time, None)
    both = [one.predictions for one in answers]
    found = set_signals(comparable(spec.task), rows, both, spec)
    overall = [
        one for one in (found.compared if found else []) if (one.slice, one.field) == (ALL, OVERALL)
    ]
    if not overall or overall[0].difference is None or overall[0].gain_low is None:
        raise NotFoundError(f"the golden set of {spec.name} holds nothing that can be scored.")
    return overall[0].difference, overall[0].gain_low
