"""The operations database: decisions and the ledger. The one room that names SQLAlchemy."""

REVISION = "0001"
"""Newest migration, here so that reading it imports nothing; a test compares it with the folder."""
