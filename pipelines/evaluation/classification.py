"""Evaluation of the task `classification`: probabilities against a target that is true or false."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BaseModel

from pipelines import specs
from pipelines.contracts import names
from pipelines.contracts.names import TEST_PARTS
from pipelines.contracts.spec import ModelSpec
from pipelines.errors import BadDataError
from pipelines.evaluation.calibration import Bin, quantile_bins
from pipelines.evaluation.figures import Table, between, figure
from pipelines.evaluation.ranking import Flags, Floats, Ints, Ranking, TopCards
from pipelines.evaluation.scores import LEVEL, RESAMPLES, Interval
from pipelines.evaluation.slices import ALL
from pipelines.tasks.classification import target

OVERALL = "overall"
AUROC = "auroc"
SHOWN = 10
_SEED = 7


@dataclass(frozen=True)
class Cases:
    """Rows whose target is known, in the order of their keys, with what was predicted."""

    keys: list[str]
    score: Floats
    label: Flags
    cluster: Ints
    """Number of the row's group, which is what the bootstrap draws."""
    clusters: tuple[str, ...]
    day: Ints
    at: list[datetime]
    slices: dict[str, Flags]

    def ranking(self, rows: Flags) -> Ranking:
        return Ranking.of(
            self.score[rows], self.label[rows], self.cluster[rows], len(self.clusters)
        )

    def top_cards(self, per_day: int) -> TopCards:
        return TopCards.of(
            self.score, self.label, self.cluster, self.day, len(self.clusters), per_day
        )


class Slice(BaseModel, frozen=True):
    """Scores of some of the rows; None where they hold no true or no false one."""

    rows: int
    true: int
    average_precision: float | None
    average_precision_interval: Interval | None
    """Percentile bootstrap over groups, 95 %, here and below."""
    auroc: float | None
    auroc_interval: Interval | None


class Case(BaseModel, frozen=True):
    """One row that is worth a look."""

    key: str
    group: str
    at: datetime
    probability: float


class Evaluation(BaseModel, frozen=True):
    """All that is measured of one set of predictions; rows of unknown target do not count."""

    unit: ClassVar[str] = "rows"

    rows: int
    groups: int
    per_day: int
    """Groups that can be looked at in a day."""
    slices: dict[str, Slice]
    """`all` first."""
    precision_at_top: float
    precision_at_top_interval: Interval
    precision_by_day: list[float]
    ece: float
    """Expected calibration error: mean distance of probability and share true over the bins."""
    bins: list[Bin]
    false_alarms: list[Case]
    missed: list[Case]

    @property
    def count(self) -> int:
        """Rows that count."""
        return self.rows

    @property
    def whole(self) -> Slice:
        return self.slices[ALL]

    def metrics(self) -> dict[str, float]:
        """Every figure by a flat name, `slice/metric`, without `all`."""
        flat: dict[str, float | None] = {
            "rows": self.rows,
            "groups": self.groups,
            "ece": self.ece,
            self.top: self.precision_at_top,
            f"{self.top}_low": self.precision_at_top_interval[0],
            f"{self.top}_high": self.precision_at_top_interval[1],
        }
        for name, part in self.slices.items():
            prefix = "" if name == ALL else f"{name}/"
            flat |= {f"{prefix}rows": part.rows, f"{prefix}true": part.true}
            for metric in ("average_precision", "auroc"):
                flat[f"{prefix}{metric}"] = getattr(part, metric)
                ends = getattr(part, f"{metric}_interval")
                if ends:
                    flat |= {f"{prefix}{metric}_low": ends[0], f"{prefix}{metric}_high": ends[1]}
        return {name: float(value) for name, value in flat.items() if value is not None}

    @property
    def top(self) -> str:
        """Name of the precision among the top groups of a day."""
        return f"precision_at_{self.per_day}"

    def figures(self) -> dict[str, float]:
        """The few figures that decide."""
        wanted = ("average_precision", AUROC, "ece", self.top)
        return {
            name: value
            for name, value in self.metrics().items()
            if name.rsplit("/", 1)[-1] in wanted
        }

    def headline(self) -> dict[str, list[float]]:
        """Average precision under `overall`, AUROC and precision at the top, with intervals."""
        whole = self.whole
        found: dict[str, tuple[float | None, Interval | None]] = {
            OVERALL: (whole.average_precision, whole.average_precision_interval),
            AUROC: (whole.auroc, whole.auroc_interval),
            self.top: (self.precision_at_top, self.precision_at_top_interval),
        }
        return {name: [one, *ends] for name, (one, ends) in found.items() if one and ends}

    def summary(self) -> dict[str, Any]:
        """What `millrace evaluate --json` prints; figures without a meaning are null."""
        return {
            "groups": self.groups,
            "true": self.whole.true,
            **self.whole.model_dump(mode="json", exclude={"rows", "true"}),
            self.top: self.precision_at_top,
            f"{self.top}_interval": self.precision_at_top_interval,
            "ece": self.ece,
            "slices": {
                name: part.model_dump(mode="json")
                for name, part in self.slices.items()
                if name != ALL
            },
        }

    def table(self) -> Table:
        """The same for people."""
        rows = [
            [
                name,
                str(part.rows),
                str(part.true),
                figure(part.average_precision),
                between(part.average_precision_interval),
                figure(part.auroc),
                between(part.auroc_interval),
            ]
            for name, part in self.slices.items()
        ]
        head = ["rows", "count", "true", "average precision", "95 %", "AUROC", "95 %"]
        title = (
            f"average precision {figure(self.whole.average_precision)}, precision at the top "
            f"{self.per_day} a day {figure(self.precision_at_top)} "
            f"({between(self.precision_at_top_interval)})"
        )
        return Table(title, head, rows)


def evaluate(
    rows: pa.Table,
    predictions: pa.Table,
    spec: ModelSpec,
    parts: Mapping[str, str] | None = None,
) -> Evaluation:
    """Scores probabilities against the target; pure. BadDataError where nothing can be scored."""
    found = cases(rows, predictions, spec, parts or {})
    weights = np.concatenate([np.ones((1, len(found.clusters))), _draws(len(found.clusters))])
    top = found.top_cards(spec.review_per_day)
    at_top = top.scores(weights)[:, 0]
    bins = quantile_bins(found.score, found.label)
    ece = sum(one.answers * abs(one.confidence - one.right) for one in bins) / len(found.keys)
    return Evaluation(
        rows=len(found.keys),
        groups=len(found.clusters),
        per_day=spec.review_per_day,
        slices={name: _slice(found, mask, weights) for name, mask in found.slices.items()},
        precision_at_top=float(at_top[0]),
        precision_at_top_interval=_interval(at_top[1:]) or (0.0, 1.0),
        precision_by_day=[float(one) for one in top.by_day(weights[:1])[0]],
        ece=float(ece),
        bins=bins,
        false_alarms=_shown(found, ~found.label, -found.score),
        missed=_shown(found, found.label, found.score),
    )


def importance(described: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """Share of the gain of each column; a model of this task has one stage."""
    return {"trees": dict(described.get("importance", {}))}


def cases(
    rows: pa.Table, predictions: pa.Table, spec: ModelSpec, parts: Mapping[str, str]
) -> Cases:
    """The rows of known target that have a prediction, in the order of their keys.

    Raises BadDataError where there is none, where a row is predicted twice, or where a
    probability is none.
    """
    key = specs.key(spec)
    known = rows.filter(pc.is_valid(rows[target(spec)])).sort_by(key)
    place = pc.index_in(known[key], value_set=predictions[key].combine_chunks())
    known, place = known.filter(pc.is_valid(place)), place.drop_null()
    if not known.num_rows or pc.count_distinct(predictions[key]).as_py() < len(predictions):
        raise BadDataError(
            f"{known.num_rows} of {rows.num_rows} rows carry a {target(spec)!r} and one of the "
            f"{predictions.num_rows} predictions: expected some, each predicted once. Give rows "
            f"whose {target(spec)!r} is known."
        )
    score = predictions[names.PROBABILITY].take(place).to_numpy().astype(np.float64)
    if not np.isfinite(score).all():
        raise BadDataError(
            f"{int((~np.isfinite(score)).sum())} predictions have no finite probability; they "
            "cannot be ranked. Train the model again."
        )
    keys = known[key].to_pylist()
    groups = pc.dictionary_encode(
        known[spec.split.group_by].cast(pa.string()).combine_chunks().fill_null("")
    )
    times = known[str(spec.split.time)]
    return Cases(
        keys=keys,
        score=score,
        label=known[target(spec)].to_numpy().astype(bool),
        cluster=groups.indices.to_numpy().astype(np.int64),
        clusters=tuple(groups.dictionary.to_pylist()),
        day=pc.days_between(pa.scalar(datetime(1970, 1, 1)), _naive(times)).to_numpy(),  # noqa: DTZ001
        at=times.to_pylist(),
        slices=_slices(known, keys, spec, parts),
    )


def _naive(times: pa.ChunkedArray) -> pa.ChunkedArray:
    return times.cast(pa.timestamp("us", tz="UTC")).cast(pa.timestamp("us"))


def _slices(
    rows: pa.Table, keys: list[str], spec: ModelSpec, parts: Mapping[str, str]
) -> dict[str, Flags]:
    """Mask over the rows for each slice that has any; `all` comes first."""
    part = np.array([parts.get(key, "") for key in keys], dtype=object)
    found: dict[str, Flags] = {ALL: np.ones(len(keys), dtype=bool)}
    found |= {name: np.asarray(part == name, dtype=bool) for name in TEST_PARTS}
    for name, one in spec.slices.items():
        value = rows[one.column].cast(pa.float64()).to_numpy()
        low = -np.inf if one.at_least is None else one.at_least
        high = np.inf if one.below is None else one.below
        found[name] = (value >= low) & (value < high)
    return {name: mask for name, mask in found.items() if mask.any()}


def _draws(clusters: int) -> Floats:
    """How often each group is drawn: whole groups, since the errors of one go together."""
    random = np.random.default_rng(_SEED)
    drawn = random.multinomial(clusters, np.full(clusters, 1 / clusters), size=RESAMPLES)
    return drawn.astype(np.float64)


def _slice(found: Cases, mask: Flags, weights: Floats) -> Slice:
    scores = found.ranking(mask).scores(weights)
    intervals = [_interval(scores[1:, column]) for column in range(2)]
    average, auroc = (None if np.isnan(one) else float(one) for one in scores[0])
    return Slice(
        rows=int(mask.sum()),
        true=int(found.label[mask].sum()),
        average_precision=average,
        average_precision_interval=intervals[0] if average is not None else None,
        auroc=auroc,
        auroc_interval=intervals[1] if auroc is not None else None,
    )


def _interval(draws: Floats) -> Interval | None:
    """Percentile interval (Efron and Tibshirani 1993, chapter 13) of the draws with a score."""
    kept = draws[np.isfinite(draws)]
    if not len(kept):
        return None
    tail = 100 * (1 - LEVEL) / 2
    low, high = np.percentile(kept, [tail, 100 - tail])
    return float(low), float(high)


def _shown(found: Cases, mask: Flags, order: Floats) -> list[Case]:
    rows = np.flatnonzero(mask)
    ranked = rows[np.argsort(order[rows], kind="stable")][:SHOWN]
    return [
        Case(
            key=found.keys[row],
            group=found.clusters[found.cluster[row]],
            at=found.at[row],
            probability=float(found.score[row]),
        )
        for row in ranked
    ]
