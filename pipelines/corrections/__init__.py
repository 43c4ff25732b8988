"""What reviewers correct becomes labels and, past a threshold, one training.

`record` writes what is said, `settle` says what stands, `labels` is what a training learns from,
`threshold` decides when to train, `claim` does it in one transaction, and `training` is what the
training itself calls. `accuracy`, `agreement` and `hold` measure the model and the reviewers.
"""
