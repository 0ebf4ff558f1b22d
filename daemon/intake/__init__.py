"""Takes the files that people drop: watches, claims, reads them in a sandbox, and queues their rows."""
