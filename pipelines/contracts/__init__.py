"""What the rooms agree on: documents, specs, results and the names of columns and tables.

Imports nothing of ours, so that every room, and every Spark executor, can import it.
"""
