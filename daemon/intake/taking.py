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

from daemon.core.batch import NewBatch, NewMessage, Problem, Reading, RejectedRow, Taken, TakenBefore
from daemon.intake.bundle import Bundle, of_file, opened_bundle
from daemon.intake.readers.items import Item, Row, Unreadable
from daemon.intake.rows import Rules, Sifted, batch_name, sift
from daemon.intake.sandbox import read_items
from daemon.intake.spool import Claim, Spool, safe_name
from daemon.settings import Approval, Settings
from daemon.store import StoreFull

PROGRESS_ROWS = 5000
"""How often the reading of a long file is told of."""
MAKE_MOVABLE = (
    "let its group write in it (chmod g+w), and what is in it be read (chmod -R g+rX); or make a new folder in "
    "incoming/ after `umask 002` and copy the files into that"
)
FORGOTTEN = (
    "the service was killed while it took this, and the disk lost the newest entries of the database: people may have "
    "been texted by it. Drop it again only if they may be texted twice"
)
HOW_AGAIN = "If it must be, drop it in a folder whose batch.toml says again = true and a reason"


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
    """The machine lacks disk or memory for any file: this one stays claimed. `full`: it is room on a disk."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.full = getattr(error, "errno", None) in {errno.ENOSPC, errno.EDQUOT} or getattr(error, "full", False)

    _CODES = frozenset({
        errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.ENOMEM, errno.EAGAIN, errno.EMFILE, errno.ENFILE,
    })  # fmt: skip

    @classmethod
    def is_it(cls, error: Exception) -> bool:
        """Whether this error speaks of the machine and not of the file."""
        return isinstance(error, StoreFull) or (isinstance(error, OSError) and error.errno in cls._CODES)


class Taker:
    """Takes claimed files, one at a time. `reading` is the one that is being read, None between two."""

    def __init__(
        self,
        spool: Spool,
        queue: Queue,
        settings: Callable[[], Settings],
        clock: Callable[[], float],
        on_taken: Callable[[Taken], None],
        on_progress: Callable[[], None],
        stopping: Callable[[], bool],
    ) -> None:
        self._log = structlog.get_logger("intake")
        self._spool = spool
        self._queue = queue
        self._settings = settings
        self._clock = clock
        self._on_taken = on_taken
        self._on_progress = on_progress
        self._stopping = stopping
        self.reading: Reading | None = None

    def take(self, claim: Claim) -> None:
        """Bring a file to where it belongs. Raises Stopping, Again and NoRoom, and then it is still claimed."""
        try:
            self._take(claim)
        except (Stopping, Again):
            raise
        except Exception as error:
            if NoRoom.is_it(error):
                raise NoRoom(error) from error
            if not os.path.lexists(claim.path):
                self._log.warning("claimed file is gone", file=safe_name(claim.name), error=type(error).__name__)
            elif isinstance(error, OSError | MemoryError):
                raise Again(str(error) or "memory is short") from error
            else:
                self._bug(claim, error)
        finally:
            if self.reading:
                self.reading = None
                self._on_progress()

    def cannot_move(self, name: str, error: OSError) -> None:
        """Say why a file stays in incoming/."""
        if (self._spool.incoming / name).is_dir():
            reason = f"the service may not move this folder ({error.strerror}): {MAKE_MOVABLE}"
        else:
            reason = f"it cannot be taken out of incoming/ ({error.strerror}): remove it, and drop a copy of your own"
        self._log.warning("file cannot be moved", file=safe_name(name), reason=reason)
        try:
            self._spool.explain(name, [of_file(Unreadable(reason))])
        except OSError as trouble:
            self._log.warning("reasons cannot be written", file=safe_name(name), error=trouble.strerror)

    def _take(self, claim: Claim) -> None:
        if claim.forgotten:
            self._reject(claim, [of_file(Unreadable(FORGOTTEN))])
            return
        settings, now = self._settings(), self._clock()
        with opened_bundle(claim.path, settings, now) as bundle:
            if isinstance(bundle, list):
                self._reject(claim, bundle)
            elif bundle.being_written():
                raise Again("somebody still has it open for writing")
            else:
                self._read(claim, bundle, settings, now)

    def _read(self, claim: Claim, bundle: Bundle, settings: Settings, now: float) -> None:
        rules = Rules.of(settings, bundle.order, bundle.template)
        with closing(read_items(bundle.file.descriptor, bundle.kind, columns=bundle.order.columns)) as items:
            sifted = sift(self._until_stop(claim.name, items), rules, now)
        if self._stopping():
            raise Stopping
        if bundle.changed():
            raise Again("somebody still writes into it")
        if isinstance(sifted, Unreadable):
            self._reject(claim, [of_file(sifted)])
        elif not sifted.messages:
            self._reject(claim, sifted.problems)
        else:
            batch = NewBatch(
                name=batch_name(claim.name),
                source=claim.name,
                sha256=bundle.content(sifted.sha256),
                owner=bundle.file.owner,
                dropped_at=now,
                released=settings.sending.approval is Approval.NONE,
                sim=bundle.order.sim,
                again=bundle.order.again,
                token=bundle.token,
                wording=bundle.wording.text if bundle.wording else "",
                notes=notes_of(bundle, sifted),
            )
            self._enqueue(claim, batch, sifted)

    def _until_stop(self, name: str, items: Iterable[Item]) -> Iterator[Item]:
        rows = 0
        for item in items:
            if self._stopping():
                raise Stopping
            if isinstance(item, Row):
                rows += 1
                if rows % PROGRESS_ROWS == 0:
                    self.reading = Reading(name, rows)
                    self._on_progress()
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
                reason = f"the same content was taken before, as batch {name}: nobody is texted twice. {HOW_AGAIN}"
                self._reject(claim, [of_file(Unreadable(reason))])

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
            self._reject(claim, [of_file(Unreadable(reason))])
        except OSError as trouble:
            raise Again(f"the file cannot be moved to rejected/: {trouble.strerror}") from trouble


def notes_of(bundle: Bundle, sifted: Sifted) -> tuple[str, ...]:
    """What a person should know who lets this go: where the text comes from, what was found, what was chosen."""
    notes = [*(bundle.wording.notes if bundle.wording else ()), *sifted.notes]
    if bundle.order.again:
        notes.append(f"the same content again, because: {bundle.order.again}")
    if bundle.order.sim:
        notes.append(f"only SIM {bundle.order.sim} sends it")
    return tuple(notes)


def frames_of(error: Exception) -> list[str]:
    """Where an error comes from, without its text and the values in it: these may be what is in a file."""
    frames = traceback.extract_tb(error.__traceback__)
    return [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]
