"""`make bench`: figures as ratios, each against a baseline of the same run."""
