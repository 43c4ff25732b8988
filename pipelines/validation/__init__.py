"""Great Expectations suites to verdicts, counts and a page: the one room that names it."""
