"""Watched columns, their bins, and counts in them: what a Spark job makes of a day's rows. Pure."""
