"""The gate: candidate and champion on the same rows, and whether the candidate may go on."""
