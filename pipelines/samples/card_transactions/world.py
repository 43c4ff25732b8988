"""Customers, the terminals near them, and what they buy where and when."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

DAY = 86_400
_SIDE = 100.0
"""Side of the map, in kilometres."""
_TERMINALS_PER_CUSTOMER = 2
_MOST_NEAR = 12
_BLOCK = 256
_WEEKDAY = np.array([0.92, 0.9, 0.95, 1.0, 1.15, 1.25, 0.83])
"""Volume from Monday to Sunday."""
_PAY_DAY, _MONTH = 0.15, 30.4
"""How much more is bought after the pay-day, fading over the month of so many days."""


@dataclass(frozen=True)
class Purchases:
    """Purchases in the order of their time."""

    second: Ints
    """Since the first day's midnight."""
    customer: Ints
    terminal: Ints
    amount: Floats
    """Whole cents."""

    def take(self, rows: Ints) -> "Purchases":
        return Purchases(
            self.second[rows], self.customer[rows], self.terminal[rows], self.amount[rows]
        )


@dataclass(frozen=True)
class World:
    """Customers by what they are like."""

    mean_amount: Floats
    """What a customer pays on average."""
    rate: Floats
    """How often, relative to the others."""
    near: Ints
    """Customers × the terminals they go to, the nearest first."""
    terminals: int

    @classmethod
    def make(cls, customers: int, random: np.random.Generator) -> "World":
        """So many customers and twice as many terminals on a square."""
        terminals = _TERMINALS_PER_CUSTOMER * customers
        homes = random.uniform(0, _SIDE, (customers, 2))
        shops = random.uniform(0, _SIDE, (terminals, 2))
        return cls(
            mean_amount=random.uniform(5, 100, customers),
            rate=random.uniform(0.05, 4, customers),
            near=_nearest(homes, shops, min(_MOST_NEAR, terminals)),
            terminals=terminals,
        )

    def purchases(
        self, count: float, days: int, weekday: int, random: np.random.Generator
    ) -> Purchases:
        """About `count` purchases of `days`, of which the first is a `weekday` from Monday = 0."""
        number = np.arange(days)
        season = _WEEKDAY[(weekday + number) % 7] * (1 + _PAY_DAY * np.exp(-(number % _MONTH) / 7))
        expected = self.rate[:, None] * season[None, :]
        made = random.poisson(expected * count / expected.sum())
        customer = np.repeat(np.arange(len(self.rate)), made.sum(axis=1))
        day = np.repeat(np.tile(number, len(self.rate)), made.ravel())
        total = len(customer)
        # Most is bought around noon; what falls outside the day is spread over it.
        second = np.round(random.normal(DAY / 2, DAY / 4.3, total)).astype(np.int64)
        outside = (second < 0) | (second >= DAY)
        second[outside] = random.integers(0, DAY, int(outside.sum()))
        mean = self.mean_amount[customer]
        amount = random.normal(mean, mean / 2)
        negative = amount <= 0
        amount[negative] = random.uniform(0, 2 * mean[negative])
        terminal = self.near[customer, random.integers(0, self.near.shape[1], total)]
        found = Purchases(day * DAY + second, customer, terminal, np.round(amount * 100))
        return found.take(np.lexsort((terminal, customer, found.second)))


def _nearest(homes: Floats, shops: Floats, count: int) -> Ints:
    """The nearest shops of each home, in blocks: all distances at once would be too many."""
    parts = []
    for start in range(0, len(homes), _BLOCK):
        distance = np.linalg.norm(homes[start : start + _BLOCK, None, :] - shops, axis=2)
        parts.append(np.argsort(distance, axis=1, kind="stable")[:, :count])
    return np.concatenate(parts)
