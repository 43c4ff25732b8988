"""Scoring: predictions of documents by a registered model, in bounded batches."""

from pipelines.scoring.batch import BATCH_ROWS, Scored, predict, predict_file

__all__ = ["BATCH_ROWS", "Scored", "predict", "predict_file"]
