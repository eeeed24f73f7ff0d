"""Model files: what is written, what is read back, and a training that keeps itself."""
