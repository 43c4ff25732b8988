"""Out-of-fold training: what a later stage learns from is what an unseen document would get."""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipelines.errors import BadDataError
from pipelines.estimators.lightgbm import Trees
from pipelines.extraction.parameters import Parameters
from pipelines.extraction.text import Ints

FINE, MOST_FOLDS = 400, 10
"""Small training sets are divided finer: into so many folds that all of them together are about as
many documents as `FINE`, at most `MOST_FOLDS`. With half of forty documents the earlier stages
would be much worse than with all, and the later ones would learn to distrust them."""

Matrix = npt.NDArray[np.float32]
Vector = npt.NDArray[np.float64]
"""Of any shape: probabilities are kept in double precision, features in single."""


@dataclass(frozen=True)
class Plan:
    """What all stages of one training share; arrays have one entry a document."""

    unit: Ints
    """Documents of one unit are left out together."""
    fold: Ints
    weight: Vector
    own: npt.NDArray[np.bool_]
    """Documents of the data set; the others are of the base."""
    parameters: Parameters
    seed: int

    @classmethod
    def make(
        cls, groups: Ints, own: npt.NDArray[np.bool_], parameters: Parameters, seed: int
    ) -> "Plan":
        """Plans the training of documents that belong to groups (merchants).

        A part of the groups is left out whole: their documents show the later stages what an
        unseen merchant looks like. All others are left out one by one, and show them how far
        the memory of a known merchant can be trusted.
        """
        chance = np.random.default_rng(seed)
        parts = folds(int(own.sum()), parameters)
        unit, fold = np.zeros_like(groups), np.zeros_like(groups)
        # The own ones are divided first: a base changes nothing in that.
        for documents in (own, ~own):
            unit[documents] = (
                unit.max(initial=0) + 1 + _units(groups[documents], chance, parameters)
            )
            distinct, index = np.unique(unit[documents], return_inverse=True)
            fold[documents] = (chance.permutation(len(distinct)) % parts)[index]
        weight = np.bincount(groups)[groups].astype(np.float64) ** -parameters.group_weight
        weight /= weight[own].mean()
        weight[~own] *= parameters.base_weight
        return cls(unit, fold, weight, own, parameters, seed)


def _units(groups: Ints, chance: np.random.Generator, parameters: Parameters) -> Ints:
    """Numbers of what is left out together: some of the groups, and all other documents alone."""
    numbers = np.unique(groups, return_inverse=True)[1].astype(np.int64)
    whole = chance.random(int(numbers.max(initial=-1)) + 1) < parameters.unseen_share
    alone = int(numbers.max(initial=0)) + 1 + np.arange(len(numbers))
    return np.where(whole[numbers], numbers, alone)


def folds(documents: int, parameters: Parameters) -> int:
    """Number of folds of a training of so many documents."""
    return max(parameters.folds, min(round(FINE / max(documents, 1)), MOST_FOLDS))


class Ensemble:
    """Trees of several seeds on the same rows; the prediction is their mean."""

    def __init__(self, members: list[Trees]) -> None:
        self.members = members

    def __call__(self, features: Matrix) -> Vector:
        """Mean probability; 0 for every row if there was nothing to learn from."""
        total = np.zeros(len(features))
        for member in self.members:
            total += member.predict(features)
        return total / max(len(self.members), 1)

    def known(self, features: Matrix, names: tuple[str, ...]) -> Matrix:
        """The columns that the trees were grown on, by their names: a model of an earlier version
        of the code answers as it did when measures have been added since.

        Raises BadDataError for a model of a later version, which looks at more than `names`.
        """
        if not self.members or (grown := self.members[0].names) == names:
            return features
        if missing := sorted(set(grown) - set(names)):
            raise BadDataError(
                f"the model looks at {', '.join(missing)}, which this version of the code does not "
                "measure. Answer with the version it was trained with, or train it again."
            )
        return features[:, [names.index(name) for name in grown]]

    def describe(self) -> dict[str, object]:
        """Number of models and trees, and the mean importance of the features that are used."""
        gains: dict[str, float] = {}
        for member in self.members:
            for name, gain in member.importance().items():
                gains[name] = gains.get(name, 0.0) + gain / len(self.members)
        ranked = sorted(gains.items(), key=lambda item: (-item[1], item[0]))
        return {
            "models": len(self.members),
            "trees": sum(member.booster.num_trees() for member in self.members),
            "importance": {name: round(gain, 4) for name, gain in ranked},
        }


def fit_ensemble(
    features: Matrix,
    target: npt.NDArray[np.bool_],
    weight: Vector,
    rows: npt.NDArray[np.bool_],
    names: tuple[str, ...],
    *,
    seeds: list[int],
    trees: int,
    **settings: float,
) -> Ensemble:
    """Trees for each seed on the marked rows; empty where these are all right or all wrong."""
    chosen = target[rows]
    if not chosen.any() or chosen.all():
        return Ensemble([])
    return Ensemble([
        Trees.fit(
            features[rows], chosen, weight[rows], names=names, trees=trees, seed=seed, **settings
        )
        for seed in seeds
    ])


def out_of_fold(
    fit: Callable[[npt.NDArray[np.bool_]], Ensemble],
    features: Matrix,
    learn: npt.NDArray[np.bool_],
    fold: Ints,
) -> tuple[Ensemble, Vector]:
    """The model of all rows, and for each row the prediction of one that never saw its fold.

    `fit` learns from the marked rows; `learn` marks those it may learn from, `fold` is the
    fold of each row.
    """
    parts = [fold == part for part in np.unique(fold)]
    # Trees are grown outside Python's lock, each ensemble by one thread: the number of
    # workers changes the time and nothing else.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        *members, whole = pool.map(fit, [*(learn & ~inside for inside in parts), learn])
    predicted = np.zeros(len(features))
    for inside, member in zip(parts, members, strict=True):
        predicted[inside] = member(features[inside])
    return whole, predicted
