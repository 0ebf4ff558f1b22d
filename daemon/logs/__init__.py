"""The station's logs: `setup` once, then `logger`; no line carries a whole number or any text of a message."""

from __future__ import annotations

from daemon.logs.chain import bind, logger, setup
from daemon.logs.redaction import person

__all__ = ["bind", "logger", "person", "setup"]
