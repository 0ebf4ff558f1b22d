"""Puts the lines of every library through one chain, whose last step takes out numbers and texts of people."""

from __future__ import annotations

import contextlib
import logging
import sys
import threading
from datetime import UTC, datetime
from types import TracebackType

import structlog
from structlog.contextvars import bind_contextvars, merge_contextvars
from structlog.processors import ExceptionRenderer, JSONRenderer, StackInfoRenderer, format_exc_info
from structlog.stdlib import BoundLogger, ProcessorFormatter, add_log_level, add_logger_name
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import EventDict, Processor, WrappedLogger

from daemon.logs import redaction

# Their own lines tell nothing that ours do not, and gsmmodem's at DEBUG hold PINs and PDUs.
_QUIET = ("gsmmodem", "apscheduler", "asyncio")


def setup(level: str, key: bytes, json: bool | None = None) -> None:
    """Send all logs to standard error, and uncaught exceptions too. It may be called again.

    `level` is a name such as "info". `key` makes the tags of people: secret, and the same for the life of a station.
    `json` None: a JSON document a line, except on a terminal. Raises ValueError for an unknown level.
    """
    redaction.set_key(key)
    terminal = sys.stderr.isatty()
    handler = _Handler()
    handler.setFormatter(_formatter(as_json=not terminal if json is None else json, colours=terminal))
    root = logging.getLogger()
    root.setLevel(level.upper())
    for old in [old for old in root.handlers if isinstance(old, _Handler)]:
        root.removeHandler(old)
    root.addHandler(handler)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)
    sys.excepthook = _uncaught
    threading.excepthook = _uncaught_in_thread
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_BOTH,
            ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=BoundLogger,
        cache_logger_on_first_use=True,
    )


def logger(name: str) -> BoundLogger:
    """A logger: `log.info("taken", batch=name, rows=120)`. One event in a few fixed words, and values by keys."""
    return structlog.stdlib.get_logger(name)


def bind(**values: object) -> None:
    """Add values to every later line of this thread. A new thread begins with none."""
    bind_contextvars(**values)


_BOTH: list[Processor] = [merge_contextvars, add_logger_name, add_log_level, StackInfoRenderer()]


def _formatter(*, as_json: bool, colours: bool) -> ProcessorFormatter:
    # show_locals would print the values of variables: PINs, numbers, texts.
    exceptions = ExceptionRenderer(ExceptionDictTransformer(show_locals=False)) if as_json else format_exc_info
    renderer: Processor = JSONRenderer(ensure_ascii=False) if as_json else structlog.dev.ConsoleRenderer(
        colors=colours, exception_formatter=structlog.dev.plain_traceback, pad_event_to=0)
    return ProcessorFormatter(
        foreign_pre_chain=_BOTH,
        processors=[_timestamp, ProcessorFormatter.remove_processors_meta, exceptions, redaction.redact, renderer],
    )


def _timestamp(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    event["timestamp"] = datetime.fromtimestamp(event["_record"].created, UTC).isoformat(timespec="milliseconds")
    return event


class _Handler(logging.Handler):
    """The stock handler answers a line that it cannot format by printing its values; this one names the fault only."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            sys.stderr.write(self.format(record) + "\n")
            sys.stderr.flush()
        except Exception as fault:  # noqa: BLE001 - a log line never stops the work
            with contextlib.suppress(OSError, ValueError):  # standard error itself is gone
                sys.stderr.write(f"a log line of {record.name} could not be written: {type(fault).__name__}\n")


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    logger("outpost").critical("uncaught exception", exc_info=(kind, error, trace))


def _uncaught_in_thread(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is not None:
        _uncaught(args.exc_type, args.exc_value, args.exc_traceback)
