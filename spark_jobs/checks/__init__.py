"""Flat columns that the suites look at, and the rules of a suite as conditions on rows."""
