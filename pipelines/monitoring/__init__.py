"""What comes in, what a model answers and how right it is, watched window by window."""
