"""Features of the receipts model: those of the generic document-field extractor."""

from pipelines.extraction.features import compute, schema

__all__ = ["compute", "schema"]
