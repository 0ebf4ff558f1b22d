"""Hardware: modems, their ports and their protocols. Knows nothing of queues, files or people."""
