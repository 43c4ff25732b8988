"""What follows from a verdict: incidents, alerts, the circuit breaker, requests for a training."""
