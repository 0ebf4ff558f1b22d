"""What the service does: one line a SIM, its sender and receiver, and the scheduler's ticks."""
