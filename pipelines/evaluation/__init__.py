"""Evaluation: predictions against labels, with intervals, slices, calibration and a report."""

from pipelines.evaluation.step import EvaluationSpec, run

__all__ = ["EvaluationSpec", "run"]
