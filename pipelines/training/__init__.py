"""Training: features at a pinned snapshot to a fitted model on disk and its test predictions."""

from pipelines.training.step import TrainSpec, run

__all__ = ["TrainSpec", "run"]
