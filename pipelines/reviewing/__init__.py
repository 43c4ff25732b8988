"""Which documents people are asked to review: the costly doubts, and a sample drawn by chance."""
