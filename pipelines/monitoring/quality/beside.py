"""Estimates beside what was measured later, so that they can be judged. Pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from pipelines.contracts.quality import Figure
from pipelines.monitoring.quality import estimate
from pipelines.monitoring.quality.drop import LEAST_DAYS, POOL_DAYS, together
from pipelines.monitoring.quality.measurement import of_days


@dataclass(frozen=True)
class Beside:
    """Estimates beside what was measured, of one metric."""

    pairs: tuple[tuple[Figure, Figure], ...]
    """Estimate and measured figure of the days that have both, by day."""
    reference: tuple[tuple[Figure, Figure], ...]

    @classmethod
    def of(cls, figures: Sequence[Figure], metric: str, reference: Collection[str]) -> "Beside":
        """By labels; by the audit sample on days without."""
        measured = {one.day: one for one in of_days(figures, "audit", metric)}
        measured |= {one.day: one for one in of_days(figures, "labels", metric)}
        pairs = tuple(
            (one, measured[one.day])
            for one in of_days(figures, "estimate", metric)
            if one.day in measured
        )
        return cls(pairs, tuple(pair for pair in pairs if pair[0].day in reference))

    def corrected(self, value: float) -> float:
        """An estimate less the error of the reference; as it is without one."""
        if len(self.reference) < LEAST_DAYS:
            return value
        confident = together([one for one, _ in self.reference]).value
        measured = together([one for _, one in self.reference]).value
        return estimate.corrected(value, confident, measured)

    def error(self) -> float | None:
        """Mean distance of estimate and measured figure over the newest POOL_DAYS pairs."""
        newest = self.pairs[-POOL_DAYS:]
        weight = sum(measured.weight for _, measured in newest)
        if not weight:
            return None
        off = [
            measured.weight * abs(self.corrected(one.value) - measured.value)
            for one, measured in newest
        ]
        return sum(off) / weight
