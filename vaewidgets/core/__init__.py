"""Training and inference: the only room that knows torch."""
