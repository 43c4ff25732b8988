"""The operations database: decisions, ledger, reviews, corrections, retrain requests.

The one room that names SQLAlchemy.
"""

REVISION = "0006"
"""Newest migration, here so that reading it imports nothing; a test compares it with the folder."""
