"""Candidates whose truth is known, as the gate sees them: outcomes drawn document by document.

A simulation: the champion reads each field of each document right or wrong, the candidate
mends some of its errors and breaks some of its right answers. What the gate does with them
(scores, bootstrap, rules) is the real code. Trained models are in
benchmarks/trained_receipts.py and trained_cards.py, registered versions in registered.py.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pipelines.contracts.spec import GatePolicy
from pipelines.evaluation.miscalibration import Miscalibration
from pipelines.evaluation.paired import Claim, Measure, compare, ratios
from pipelines.evaluation.scores import OVERALL
from pipelines.evaluation.slices import ALL
from pipelines.gate.rules import CHECKS
from pipelines.gate.signals import Check, SetSignals, Signals

POLICY = GatePolicy()
RIGHT = np.array([0.95, 0.97, 0.88, 0.90])
"""Share of right answers of the champion, by field."""
FIELDS = ("company", "date", "address", "total")
NOISY_SHARE = 0.25
GOLDEN, RECENT = 400, 200
"""Documents of the two sets."""

Shares = float | np.ndarray
Draw = np.random.Generator


def seen(
    draw: Draw, documents: int, mend: Shares, spoil: Shares, *,
    noisy_spoil: float | None = None, first: bool = False, right: np.ndarray = RIGHT,
    noisy_share: float = NOISY_SHARE,
) -> SetSignals:  # fmt: skip
    """A set on which the candidate mends and spoils these shares of the champion's answers.

    `noisy_spoil` is the share that is spoiled in the slice of noisy documents, where nothing is
    mended. The answers of a `first` model are those of the champion.
    """
    noisy = draw.permutation(documents) < round(noisy_share * documents)
    old = draw.random((documents, len(FIELDS))) < right
    mended = draw.random(old.shape) < mend
    spoiled = draw.random(old.shape) < spoil
    if noisy_spoil is not None:
        mended[noisy] = False
        spoiled[noisy] = draw.random((int(noisy.sum()), len(FIELDS))) < noisy_spoil
    new = np.where(old, ~spoiled, mended)
    champion, candidate = measure(old, noisy), measure(old if first else new, noisy)
    found = compare(
        None if first else champion, candidate,
        level=POLICY.level, gain_level=POLICY.gain_level, resamples=1_000,
    )  # fmt: skip
    return SetSignals(n=documents, unit="documents", compared=found)


def measure(right: np.ndarray, noisy: np.ndarray) -> Measure:
    """F1 where every field is labelled and answered: the share of right answers."""
    part = np.concatenate([right, right.sum(axis=1, keepdims=True)], axis=1).astype(float)
    whole = np.ones_like(part)
    whole[:, -1] = len(FIELDS)
    slices = [part[:, -1:] * noisy[:, None], part[:, -1:] * ~noisy[:, None]]
    wholes = [whole[:, -1:] * noisy[:, None], whole[:, -1:] * ~noisy[:, None]]
    claims = [Claim(ALL, name) for name in (*FIELDS, OVERALL)]
    claims += [Claim("noisy_ocr", OVERALL), Claim("clean", OVERALL)]
    return ratios(
        [str(row) for row in range(len(right))],
        claims,
        np.concatenate([part, *slices], axis=1),
        np.concatenate([whole, *wholes], axis=1),
    )


def signals(golden: SetSignals, recent: SetSignals, *, first: bool = False) -> Signals:
    """Signals of a candidate that is fine but, maybe, for its scores."""
    return Signals(
        first=first,
        checks=checks(),
        golden=golden,
        recent=recent,
        unreadable=0,
        calibration_error=calibrated(0.04),
        latency_ms=2.0,
        champion_latency_ms=None if first else 2.0,
        size_mb=5.0,
    )


def calibrated(value: float, error: float = 0.012) -> Miscalibration:
    """A calibration error, with the standard error that 400 documents have."""
    return Miscalibration(value=value, corrected=max(0.0, value - error / 2), error=error)


def checks(failed: str | None = None) -> list[Check]:
    """All checks passed, but for one."""
    return [Check(name=name, passed=name != failed, sentence=f"{name}.") for name in CHECKS]


def better(draw: Draw, **changes: object) -> Signals:
    """Half of the errors mended on both sets, one right answer in two hundred spoiled."""
    found = signals(seen(draw, GOLDEN, 0.5, 0.005), seen(draw, RECENT, 0.5, 0.005))
    return found.model_copy(update=changes)


def resolvable(draw: Draw) -> Signals:
    """A gain of about 4.8 standard errors of the golden set: hardly more than 95 % can show.

    1 − 0.002 and 0.95 of the normal distribution lie 2.88 + 1.64 = 4.52 errors apart.
    """
    return signals(seen(draw, GOLDEN, 0.36, 0.005), seen(draw, RECENT, 0.36, 0.005))


def _changed(mend: Shares, spoil: Shares, later: tuple[Shares, Shares] | None = None) -> "Make":
    """A candidate by its shares on the golden set and, where they differ, on the recent one."""

    def make(draw: Draw) -> Signals:
        recent = later or (mend, spoil)
        return signals(seen(draw, GOLDEN, mend, spoil), seen(draw, RECENT, *recent))

    return make


def _with(**changes: object) -> "Make":
    return lambda draw: better(draw, **changes)


def _on_one_field(share: float, others: float = 0.0) -> np.ndarray:
    return np.array([others, others, share, others])


def _worse_on_a_slice(draw: Draw) -> Signals:
    golden = seen(draw, GOLDEN, 0.9, 0.0, noisy_spoil=0.1)
    return signals(golden, seen(draw, RECENT, 0.9, 0.0))


def _worse_on_few(draw: Draw) -> Signals:
    """A slice of a dozen documents, of which a third is lost."""
    golden = seen(draw, GOLDEN, 0.9, 0.0, noisy_spoil=0.35, noisy_share=0.03)
    return signals(golden, seen(draw, RECENT, 0.9, 0.0))


def _unknown_slice(draw: Draw) -> Signals:
    """Fine as far as can be seen, but a slice that model.yaml names has a dozen documents."""
    golden = seen(draw, GOLDEN, 0.9, 0.0, noisy_share=0.03)
    named = golden.model_copy(update={"named": ["noisy_ocr"]})
    return signals(named, seen(draw, RECENT, 0.9, 0.0))


def _slow_leak(draw: Draw) -> Signals:
    recent = seen(draw, 3_000, 0.0, 0.02)
    return signals(seen(draw, GOLDEN, 0.8, 0.0), recent)


def _few_rows(draw: Draw) -> Signals:
    return signals(seen(draw, 15, 0.99, 0.0, right=RIGHT - 0.4), seen(draw, 15, 0.9, 0.0))


def _first(right: Shares, later: Shares = 0.0) -> "Make":
    """A first model, whose shares of right answers lie so much below the usual ones."""

    def make(draw: Draw) -> Signals:
        sets = [
            seen(draw, documents, 0, 0, first=True, right=RIGHT - below)
            for documents, below in ((GOLDEN, right), (RECENT, later))
        ]
        return signals(*sets, first=True)

    return make


Make = Callable[[Draw], Signals]


@dataclass(frozen=True)
class Planted:
    """One kind of candidate, and whether it may pass."""

    name: str
    make: Make
    good: bool = False


PLANTED = (
    Planted("trained on shuffled labels", _changed(0.02, 0.97)),
    Planted("trained on a tenth of the data", _changed(0.1, 0.1)),
    Planted(
        "one field broken, the others better",
        _changed(_on_one_field(0.0, 0.9), _on_one_field(0.1)),
    ),
    Planted(
        "one field broken on old documents alone",
        _changed(_on_one_field(0.0, 0.9), _on_one_field(0.1), (0.8, 0.0)),
    ),
    Planted(
        "one field broken on new documents alone",
        _changed(0.9, 0.0, (_on_one_field(0.0, 0.9), _on_one_field(0.12))),
    ),
    Planted("better on average, worse on a slice", _worse_on_a_slice),
    Planted("better on average, worse on a slice of few", _worse_on_few),
    Planted("a named slice of which little is known", _unknown_slice),
    Planted("a leak that ends and leaves no harm", _changed(0.9, 0.0, (0.0, 0.0))),
    Planted("a leak that vanishes in time", _changed(0.95, 0.0, (0.0, 0.06))),
    Planted("a leak that fades, on many rows", _slow_leak),
    Planted("golden rows in training", _with(checks=checks("leak"))),
    Planted("NaN scores", _with(unreadable=17)),
    Planted("a missing column", _with(checks=checks("answers"))),
    Planted("another set of fields", _with(checks=checks("schema"))),
    Planted("a swapped artefact", _with(checks=checks("artefact"))),
    Planted("an unfinished run", _with(checks=checks("finished"))),
    Planted("no snapshot or lock recorded", _with(checks=checks("recorded"))),
    Planted("equal to the champion", _changed(0.0, 0.0)),
    Planted("other errors, as many", _changed(0.4, 0.4 * (1 - RIGHT) / RIGHT)),
    Planted("a gain of the size of noise", _changed(0.1, 0.1 * (1 - RIGHT) / RIGHT - 0.001)),
    Planted("four times slower", _with(latency_ms=8.0)),
    Planted("too large", _with(size_mb=900.0)),
    Planted("too sure of itself", _with(calibration_error=calibrated(0.3))),
    Planted("fifteen golden rows", _few_rows),
    Planted("a first model below the floor", _first(np.array([0.2, 0.2, 0.2, 0.2]))),
    Planted("a first model below the floor of late", _first(0.0, 0.2)),
    Planted("a first model without one field", _first(np.array([0.0, 0.0, 0.0, 0.6]))),
    Planted("better: half of the errors mended", better, good=True),
    Planted("better by what the sample resolves", resolvable, good=True),
    Planted("a first model above the floors", _first(0.0), good=True),
)
