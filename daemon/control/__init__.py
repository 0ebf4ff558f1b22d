"""The UNIX socket through which people act on the running service. JSON lines: a request, an answer."""
