"""The gate: candidate and champion on the same rows, and whether the candidate may go on."""

from pipelines.gate.judge import judge
from pipelines.gate.signals import Signals
from pipelines.gate.step import GateSpec, run

__all__ = ["GateSpec", "Signals", "judge", "run"]
