"""The margins of card_fraud's gate: what they let fail, and what they let pass."""

from datetime import UTC, datetime, timedelta
from functools import cache

import numpy as np
import pyarrow as pa
import pytest

from pipelines import specs
from pipelines.contracts import names
from pipelines.contracts.spec import GatePolicy
from pipelines.evaluation.comparison import comparable
from pipelines.gate.gather import set_signals
from pipelines.gate.rules import SCORE_RULES
from pipelines.gate.signals import Signals

pytestmark = pytest.mark.slow

SPEC = specs.model("card_fraud")
TOP = f"precision_at_{SPEC.review_per_day}"
DAYS, FRAUDS = 10, 0.02
"""Share of frauds among the purchases, of which each card makes one a day."""


def purchases(cards: int) -> pa.Table:
    draw = np.random.default_rng(cards)
    count = cards * DAYS
    start = datetime(2026, 1, 5, 12, tzinfo=UTC)
    return pa.table({
        "transaction_id": [f"{row:06d}" for row in range(count)],
        "customer_id": [f"c{row % cards:05d}" for row in range(count)],
        "at": [start + timedelta(days=row // cards) for row in range(count)],
        "amount": draw.uniform(1, 300, count),
        "fraud": draw.random(count) < FRAUDS,
        names.PART: [names.SEEN_GROUP] * count,
    })


def answers(rows: pa.Table, missed: float, seed: int) -> pa.Table:
    """A model that sees each fraud but for a share, the hardest ones, which look like all else."""
    fraud = rows["fraud"].to_numpy()
    hardness, common = np.random.default_rng(5).random((2, len(fraud)))
    own = np.random.default_rng([seed, 6]).random(len(fraud))
    chance = np.where(fraud & (hardness >= missed), 0.6, 0.0) + 0.36 * common + 0.04 * own
    return pa.table({"transaction_id": rows["transaction_id"], names.PROBABILITY: chance})


@cache
def signals_of(cards: int, missed: float) -> Signals:
    """The scores of a candidate, against a champion that misses a fifth."""
    rows = purchases(cards)
    both = [answers(rows, missed, seed=1), answers(rows, 0.2, seed=2)]
    golden = set_signals(comparable(SPEC.task), rows, both, SPEC)
    return Signals(first=False, checks=[], golden=golden, recent=golden)


def outcome(cards: int, missed: float, policy: GatePolicy) -> str:
    """What the gate finds of the precision at the top."""
    signals = signals_of(cards, missed)
    found = {one.name: one for one in SCORE_RULES["golden fields"](signals, policy)}
    return found[f"golden/all/{TOP}"].outcome


@pytest.mark.parametrize(("missed", "wanted"), [(0.2, "passed"), (0.5, "failed")])
def test_precision_at_the_top_can_fail_and_can_pass_by_the_margin_of_model_yaml(missed, wanted):
    assert outcome(500, missed, SPEC.gate) == wanted


def test_precision_at_the_top_would_never_fail_by_the_default_margin():
    silent = SPEC.gate.model_copy(update={"field_margins": {}})
    assert outcome(500, 0.5, silent) != "failed"


def test_precision_at_the_top_blocks_nobody_when_every_card_is_looked_at():
    assert outcome(90, 1.0, SPEC.gate) == "passed"
