"""What the platform says of itself: attempts on record, traces, structured logs, metrics."""
