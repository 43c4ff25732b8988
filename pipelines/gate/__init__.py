"""The gate: candidate and champion on the same rows, and whether the candidate may go on."""

from pipelines.gate.judge import judge
from pipelines.gate.signals import Signals

__all__ = ["Signals", "judge"]
