"""Generated samples: what the demo and the tests run on where there is no data of one's own."""
