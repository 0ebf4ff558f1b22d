"""Brings one claimed file into the queue, or into rejected/ with its reasons."""

from __future__ import annotations

import errno
import os
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Protocol

import structlog

from daemon.core.batch import NewBatch, NewMessage, Problem, RejectedRow, Taken, TakenBefore
from daemon.intake.opening import OpenFile, opened
from daemon.intake.readers import kind_of
from daemon.intake.readers.items import Item, Unreadable, shortened
from daemon.intake.rows import Rules, Sifted, batch_name, sift
from daemon.intake.sandbox import read_items
from daemon.intake.spool import Claim, Spool, name_fault, safe_name
from daemon.settings import Approval, Settings
from daemon.store import StoreFull


class Queue(Protocol):
    """Where batches go."""

    def enqueue(
        self, batch: NewBatch, messages: Sequence[NewMessage], rejected: Sequence[RejectedRow]
    ) -> Taken | TakenBefore:
        """Take the whole batch in one transaction, or name the batch that its content came as.

        Raises StoreFull.
        """
        ...


class Stopping(Exception):
    """The service stops: the file stays claimed."""


class Again(Exception):
    """The file cannot be taken now, and may be later: it stays claimed."""


class NoRoom(Exception):
    """The machine lacks disk or memory for any file: this one stays claimed."""

    _CODES = frozenset({
        errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.ENOMEM, errno.EAGAIN, errno.EMFILE, errno.ENFILE,
    })  # fmt: skip

    @classmethod
    def is_it(cls, error: Exception) -> bool:
        return isinstance(error, StoreFull) or (isinstance(error, OSError) and error.errno in cls._CODES)


class Taker:
    """Takes claimed files, one at a time."""

    def __init__(
        self,
        spool: Spool,
        queue: Queue,
        settings: Callable[[], Settings],
        clock: Callable[[], float],
        on_taken: Callable[[Taken], None],
        stopping: Callable[[], bool],
    ) -> None:
        self._log = structlog.get_logger("intake")
        self._spool = spool
        self._queue = queue
        self._settings = settings
        self._clock = clock
        self._on_taken = on_taken
        self._stopping = stopping

    def take(self, claim: Claim) -> None:
        """Bring a file to where it belongs. Raises Stopping, Again and NoRoom, and then it is still claimed."""
        try:
            self._take(claim)
        except (Stopping, Again):
            raise
        except Exception as error:
            if NoRoom.is_it(error):
                raise NoRoom(str(error)) from error
            if not os.path.lexists(claim.path):
                self._log.warning("claimed file is gone", file=safe_name(claim.name), error=type(error).__name__)
            elif isinstance(error, OSError):
                raise Again(str(error)) from error
            else:
                self._bug(claim, error)

    def cannot_move(self, name: str, error: OSError) -> None:
        """Say why a file stays in incoming/."""
        reason = f"the file cannot be taken out of incoming/ ({error.strerror}): remove it, and drop a copy of your own"
        self._log.warning("file cannot be moved", file=safe_name(name), reason=reason)
        try:
            self._spool.explain(name, [_of_file(Unreadable(reason))])
        except OSError as trouble:
            self._log.warning("reasons cannot be written", file=safe_name(name), error=trouble.strerror)

    def _take(self, claim: Claim) -> None:
        if fault := name_fault(claim.name):
            self._reject(claim, [_of_file(Unreadable(fault))])
            return
        with opened(claim.path) as file:
            kind = kind_of(claim.name)
            if isinstance(file, Unreadable):
                self._reject(claim, [_of_file(file)])
            else:
                self._read(claim, file, kind)

    def _read(self, claim: Claim, file: OpenFile, kind: str) -> None:
        settings, now = self._settings(), self._clock()
        with closing(read_items(file.descriptor, kind)) as items:
            sifted = sift(self._until_stop(items), Rules.of(settings), now)
        if self._stopping():
            raise Stopping
        if file.changed():
            raise Again("somebody still writes into it")
        if isinstance(sifted, Unreadable):
            self._reject(claim, [_of_file(sifted)])
        elif not sifted.messages:
            self._reject(claim, sifted.problems)
        else:
            batch = NewBatch(
                name=batch_name(claim.name),
                source=claim.name,
                sha256=sifted.sha256,
                owner=file.owner,
                dropped_at=now,
                released=settings.sending.approval is Approval.NONE,
            )
            self._enqueue(claim, batch, sifted)

    def _until_stop(self, items: Iterable[Item]) -> Iterator[Item]:
        for item in items:
            if self._stopping():
                raise Stopping
            yield item

    def _enqueue(self, claim: Claim, batch: NewBatch, sifted: Sifted) -> None:
        tried_before, claim.attempted = claim.attempted, True
        taken = self._queue.enqueue(batch, sifted.messages, sifted.rejected)
        match taken:
            case Taken():
                self._on_taken(taken)
                self._log.info(
                    "file taken", file=claim.name, batch=taken.name, rows=len(sifted.messages) + len(sifted.rejected),
                    rejected=len(sifted.rejected), duplicates=sifted.duplicates, notes=len(sifted.notes),
                )  # fmt: skip
                self._spool.accept(claim, sifted.problems)
            case TakenBefore(name) if tried_before:
                self._log.info("file was in the queue already", file=claim.name, batch=name)
                self._spool.accept(claim, sifted.problems)
            case TakenBefore(name):
                claim.attempted = False
                reason = f"the same content was taken before, as batch {name}: nobody is texted twice"
                self._reject(claim, [_of_file(Unreadable(reason))])

    def _reject(self, claim: Claim, problems: Sequence[Problem]) -> None:
        path = self._spool.reject(claim, problems)
        self._log.warning("file rejected", file=path.name, reason=problems[0].reason, problems=len(problems))

    def _bug(self, claim: Claim, error: Exception) -> None:
        """A fault of ours must not stop the service, nor lose the file."""
        self._log.error(
            "internal error", file=safe_name(claim.name), error=type(error).__name__, traceback=frames_of(error)
        )
        reason = f"internal error ({type(error).__name__}): report it with what the service's log says of it"
        try:
            self._reject(claim, [_of_file(Unreadable(reason))])
        except OSError as trouble:
            raise Again(f"the file cannot be moved to rejected/: {trouble.strerror}") from trouble


def _of_file(fault: Unreadable) -> Problem:
    return Problem(0, fault.line, fault.column, shortened(fault.value), fault.reason)


def frames_of(error: Exception) -> list[str]:
    """Where an error comes from, without its text and the values in it: these may be what is in a file."""
    frames = traceback.extract_tb(error.__traceback__)
    return [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]
