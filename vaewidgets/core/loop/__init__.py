"""The training loop, which knows no model: feeding, schedules, progress, snapshots, threads."""
