"""What reviewers correct becomes labels and, past a threshold, one training.

`record` writes what is said on a page and `importing` what comes in a file, `settle` says what
stands, `labels` is what a training learns from. `threshold` decides when to train, `claim` does it
in one transaction, `training` is what the training itself calls, and `desk` has all of it for a
DAG. `accuracy`, `agreement` and `hold` measure the model and the reviewers, `status` tells people,
and `verify` counts anew what must hold at any moment.
"""
