"""Puts the lines of every library through one chain, whose last step takes out numbers and texts of people."""

from __future__ import annotations

import contextlib
import json
import logging
import sys
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from types import TracebackType

import structlog
from structlog.contextvars import bind_contextvars, merge_contextvars
from structlog.processors import ExceptionRenderer, StackInfoRenderer, format_exc_info
from structlog.stdlib import LoggerFactory, ProcessorFormatter, add_log_level, add_logger_name
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import EventDict, FilteringBoundLogger, Processor, WrappedLogger

from daemon.logs import redaction

# Their own lines tell nothing that ours do not, and gsmmodem's at DEBUG hold PINs and PDUs.
_QUIET = ("gsmmodem", "apscheduler", "asyncio")


def setup(level: str, key: bytes, as_json: bool | None = None) -> None:
    """Send all logs to standard error, and uncaught exceptions too. It may be called again.

    `level` is a name such as "info". `key` makes the tags of people: secret, and the same for the life of a station.
    `as_json` None: a JSON document a line, except on a terminal. Raises ValueError for an unknown level.
    """
    redaction.set_key(key)
    terminal = sys.stderr.isatty()
    last = _last_steps(as_json=not terminal if as_json is None else as_json, colours=terminal)
    handler = _Handler()
    handler.setFormatter(
        ProcessorFormatter(foreign_pre_chain=_FIRST, processors=[ProcessorFormatter.remove_processors_meta, *last])
    )
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
        processors=[*_FIRST, _unrendered],
        logger_factory=_OwnLines(last),
        wrapper_class=structlog.make_filtering_bound_logger(root.level),
        cache_logger_on_first_use=True,
    )


def logger(name: str) -> FilteringBoundLogger:
    """A logger: `log.info("taken", batch=name, rows=120)`. One event in a few fixed words, and values by keys."""
    bound: FilteringBoundLogger = structlog.get_logger(name)
    return bound


def bind(**values: object) -> None:
    """Add values to every later line of this thread. A new thread begins with none."""
    bind_contextvars(**values)


def _timestamp(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    record = event.get("_record")
    at = time.time() if record is None else record.created
    event["timestamp"] = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds")
    return event


def _unrendered(_logger: WrappedLogger, _method: str, event: EventDict) -> tuple[tuple[EventDict], dict[str, object]]:
    return (event,), {}


_FIRST: list[Processor] = [merge_contextvars, add_logger_name, add_log_level, StackInfoRenderer(), _timestamp]
_TO_JSON = json.JSONEncoder(ensure_ascii=False)


def _last_steps(*, as_json: bool, colours: bool) -> list[Processor]:
    if as_json:
        # show_locals would print the values of variables: PINs, numbers, texts.
        exceptions: Processor = ExceptionRenderer(ExceptionDictTransformer(show_locals=False))
        return [exceptions, redaction.redact, lambda _logger, _method, event: _TO_JSON.encode(event)]
    plain = structlog.dev.plain_traceback
    lines = structlog.dev.ConsoleRenderer(colors=colours, exception_formatter=plain, pad_event_to=0)
    return [format_exc_info, redaction.redact, lines]


def _write(line: str) -> None:
    with _writing:
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()


_writing = threading.Lock()


def _not_written(name: str, fault: Exception) -> None:
    """A log line never stops the work, and its values are nobody's to read: only the fault is named."""
    with contextlib.suppress(OSError, ValueError):  # standard error itself is gone
        _write(f"a log line of {name} could not be written: {type(fault).__name__}")


class _OwnLines:
    """Our own lines go round the standard library, whose records and handlers cost more than all the rest."""

    def __init__(self, steps: Sequence[Processor]) -> None:
        self._steps = steps
        self._standard = LoggerFactory(ignore_frame_names=[__name__])  # it knows the module that asks

    def __call__(self, *args: object) -> _Lines:
        return _Lines(self._standard(*args).name, self._steps)


class _Lines:
    """What a logger of structlog hands its lines to."""

    def __init__(self, name: str, steps: Sequence[Processor]) -> None:
        self.name = name
        self._steps = steps

    def info(self, event: EventDict) -> None:
        """Write a line, whatever its level."""
        line: object = event
        try:
            for step in self._steps:
                line = step(self, event["level"], line)  # type: ignore[arg-type]
            _write(str(line))
        except Exception as fault:  # noqa: BLE001 - see _not_written
            _not_written(self.name, fault)

    debug = warning = error = critical = info


class _Handler(logging.Handler):
    """For the lines of libraries. The stock handler answers a line that it cannot format by printing its values."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            _write(self.format(record))
        except Exception as fault:  # noqa: BLE001 - see _not_written
            _not_written(record.name, fault)


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    logger("outpost").critical("uncaught exception", exc_info=(kind, error, trace))


def _uncaught_in_thread(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is not None:
        _uncaught(args.exc_type, args.exc_value, args.exc_traceback)
