"""Three kinds of fraud, by the numbers that the handbook gives them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.samples.card_transactions.world import DAY, Floats, Ints, Purchases, World

LARGE_AMOUNT, TERMINAL, CARD = 1, 2, 3
_LARGE_CENTS = 22_000
_TERMINAL_DAYS, _CARD_DAYS = 28, 14
_TERMINALS_A_DAY, _CARDS_A_DAY = 2 / 10_000, 3 / 5_000
"""Share of all that is compromised anew on a day."""
_FEWEST_A_DAY = 0.15
"""Also a small world has one in a week."""
_ABUSED_SHARE, _ABUSED_TIMES = 1 / 3, 5
"""Of the purchases of a stolen card one in three is the thief's, of five times the amount."""


@dataclass(frozen=True)
class Frauds:
    """Which terminals and cards are compromised on which day."""

    terminals: NDArray[np.bool_]
    """Days × terminals."""
    cards: NDArray[np.bool_]

    @classmethod
    def make(cls, world: World, days: int, random: np.random.Generator) -> "Frauds":
        """New ones on every day, each for some weeks."""
        return cls(
            _compromised(world.terminals, days, _TERMINALS_A_DAY, _TERMINAL_DAYS, random),
            _compromised(len(world.rate), days, _CARDS_A_DAY, _CARD_DAYS, random),
        )

    def mark(self, bought: Purchases, random: np.random.Generator) -> tuple[Ints, Floats]:
        """Kind of fraud of each purchase (0 for none), and its amount, which a thief raises."""
        day = bought.second // DAY
        kind = np.where(bought.amount > _LARGE_CENTS, LARGE_AMOUNT, 0)
        kind[self.terminals[day, bought.terminal]] = TERMINAL
        abused = self.cards[day, bought.customer] & (random.random(len(day)) < _ABUSED_SHARE)
        kind[abused] = CARD
        return kind, np.where(abused, _ABUSED_TIMES, 1) * bought.amount / 100


def _compromised(
    count: int, days: int, share: float, last: int, random: np.random.Generator
) -> NDArray[np.bool_]:
    found = np.zeros((days, count), dtype=bool)
    for day, new in enumerate(random.poisson(max(share * count, _FEWEST_A_DAY), days)):
        found[day : day + last, random.integers(0, count, new)] = True
    return found
