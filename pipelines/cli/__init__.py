"""The command line: a person's way in, calling the same modules as the DAGs."""
