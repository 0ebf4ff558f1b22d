"""The drop folder: sees what people put into it, and brings each file into the queue or back with its reasons."""

from __future__ import annotations

import math
import os
import select
import threading
import time
import weakref
from collections.abc import Callable
from pathlib import Path

import structlog
from inotify_simple import INotify, flags

from daemon.core.batch import Reading, Taken
from daemon.intake.opening import writers_of
from daemon.intake.sandbox import WALL_SECONDS
from daemon.intake.spool import Claim, Spool, WriteProblems
from daemon.intake.stillness import Stillness
from daemon.intake.taking import Again, NoRoom, Queue, Stopping, Taker, frames_of
from daemon.pulse import Pulse
from daemon.settings import Settings

SWEEP_SECONDS = 30.0
NO_ROOM = "no file is taken before there is room; free some space on the disk"
NO_MACHINE = "no file is taken before disk and memory can be used again; the error says what fails"
MOST_PAUSE_SECONDS = 60.0
TURN_SECONDS = WALL_SECONDS + 300.0
"""How long one file may take, from its claim to its rows in the queue, before the thread counts as hung."""

_WATCHED = (
    flags.CREATE | flags.MODIFY | flags.CLOSE_WRITE | flags.MOVED_TO | flags.MOVED_FROM | flags.DELETE
    | flags.DELETE_SELF | flags.MOVE_SELF | flags.ATTRIB | flags.ONLYDIR
)  # fmt: skip
_GONE = flags.CLOSE_WRITE | flags.MOVED_FROM | flags.DELETE


class DropFolder:
    """Watches `incoming/` in one thread. inotify gives speed; a look every 30 s gives truth, since news can be lost."""

    def __init__(
        self,
        queue: Queue,
        settings: Callable[[], Settings],
        clock: Callable[[], float],
        on_taken: Callable[[Taken], None],
        write_problems: WriteProblems,
        *,
        on_progress: Callable[[], None] = lambda: None,
        still_seconds: float = 1.0,
        pulse: Pulse | None = None,
        forgetful: bool = False,
    ) -> None:
        """`clock` gives seconds since the epoch; `on_taken` is called in the folder's thread once a batch is committed,
        `on_progress` when `reading` says something new;
        a file is taken when it has lain still for `still_seconds`. `forgetful`: a disk has lost what the database knew
        last, perhaps of the files that an earlier run had in hand: they are rejected."""
        self._log = structlog.get_logger("intake")
        self._spool = Spool(settings().station.spool_dir, write_problems)
        self._stop = threading.Event()
        self._taker = Taker(self._spool, queue, settings, clock, on_taken, on_progress, self._stop.is_set)
        self._stillness = Stillness(still_seconds)
        self._still_seconds = still_seconds
        self._pulse = pulse or Pulse()
        self._claims: list[Claim] = []
        self._no_room_pause = 0.0  # 0: there is room
        self._no_room_until = -math.inf
        self._look_at = -math.inf
        self._rest_until = -math.inf
        self._recovered, self._forgetful = False, forgetful
        self._watched: dict[int, str] = {}  # inotify's watch: the dropped folder's name, "" for incoming/
        self._blind = True  # files may have been opened for writing that no news told of
        self._troubles: set[str] = set()
        self._inotify: INotify | None = None
        self._wake = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        weakref.finalize(self, os.close, self._wake)

    def stop(self) -> None:
        """Make `run` return soon. A file that is being read stays claimed, and is read at the next start."""
        self._stop.set()
        os.eventfd_write(self._wake, 1)

    def reading(self) -> Reading | None:
        """The file that is being read just now, and its rows so far. May be called from any thread."""
        return self._taker.reading

    def run(self) -> None:
        """Take files until `stop`. Lives on whatever a file, or the folder, does."""
        poller = select.poll()
        poller.register(self._wake, select.POLLIN)
        try:
            self._inotify = INotify(nonblocking=True)
            poller.register(self._inotify.fileno(), select.POLLIN)
        except OSError as error:
            self._say_once("inotify", "the drop folder is looked at every 30 s only", error)
        try:
            while not self._stop.is_set():
                self._pulse.alive(TURN_SECONDS)
                self._guarded_turn()
                if not self._stop.is_set():
                    wait_ms = self._wait_ms()
                    self._pulse.alive(wait_ms / 1000 + TURN_SECONDS)
                    poller.poll(wait_ms)
        finally:
            self._pulse.over()
            if self._inotify:
                self._inotify.close()

    def _guarded_turn(self) -> None:
        try:
            self._turn()
            self._rest_until = -math.inf
        except OSError as error:
            self._say_once("folder", "the drop folder cannot be used; it is tried again", error)
            self._rest()
        except Exception as error:  # noqa: BLE001 - the service lives on, whatever a drop does
            self._log.error("internal error", error=type(error).__name__, traceback=frames_of(error))
            self._rest()

    def _rest(self) -> None:
        self._rest_until = time.monotonic() + SWEEP_SECONDS
        self._look_at = -math.inf  # and then anew, since the news that led here is spent

    def _turn(self) -> None:
        """Everything that is to be done at this moment."""
        now = time.monotonic()
        if not self._recovered:
            self._spool.make()
            self._claims = self._spool.recovered(forgotten=self._forgetful)
            self._recovered = True
        if self._hear() or now >= self._look_at:
            self._look(now)
        due = self._stillness.next_at()
        if due is not None and due <= now:
            self._look(now)  # what lay still a moment ago may have moved since
        for step in (self._try_claims, self._take_still):
            if time.monotonic() >= self._no_room_until:
                step(now)

    def _hear(self) -> bool:
        """Take the news of inotify. Whether there was any."""
        heard = False
        for event in self._inotify.read(timeout=0) if self._inotify else ():
            heard = True
            if event.mask & flags.Q_OVERFLOW:
                self._stillness.writers_unknown()
                self._blind = True
                continue
            folder = self._watched.get(event.wd, "")
            name, inner = (folder, event.name) if folder else (event.name, "")
            if event.mask & flags.IGNORED:
                self._watched.pop(event.wd, None)
            elif event.mask & _GONE:
                self._stillness.closed(name, inner)
            elif event.mask & flags.MODIFY or (event.mask & flags.CREATE and self._spool.is_opened_anew(name, inner)):
                self._stillness.writing(name, inner)
        return heard

    def _look(self, now: float) -> None:
        self._spool.make()  # somebody may have taken a folder away
        self._watch(self._spool.incoming, "")
        before, drops = self._stillness.names(), self._spool.dropped()
        self._stillness.look(drops, now)
        for name in drops:
            if (self._spool.incoming / name).is_dir():
                self._watch(self._spool.incoming / name, name)
        if self._blind or not self._inotify:
            new = drops if self._blind else drops.keys() - before
            self._stillness.unwatched(name for name in new if writers_of(self._spool.incoming / name) is not False)
            self._blind = False
        self._look_at = now + SWEEP_SECONDS
        self._troubles.discard("folder")

    def _watch(self, folder: Path, name: str) -> None:
        """Ask for news of a folder: the same watch again, unless the folder is new. Raises OSError for incoming/."""
        if self._inotify:
            try:
                self._watched[self._inotify.add_watch(folder, _WATCHED)] = name
            except OSError:
                if not name:
                    raise
                self._stillness.unwatched([name])  # not ours to look into, or gone again

    def _try_claims(self, now: float) -> None:
        for claim in list(self._claims):
            if claim.due <= now and not self._try(claim, now):
                return

    def _take_still(self, now: float) -> None:
        for name in self._stillness.still(now):
            try:
                claim = self._spool.claim(name)
            except FileNotFoundError:
                continue  # taken back by whoever dropped it
            except OSError as error:
                if NoRoom.is_it(error):
                    self._no_room(NoRoom(error))
                    return
                self._stillness.leave(name)
                self._taker.cannot_move(name, error)
                continue
            self._claims.append(claim)
            if not self._try(claim, now):
                return

    def _try(self, claim: Claim, now: float) -> bool:
        """Whether other files may be tried after this one."""
        if self._stop.is_set():
            return False
        self._pulse.alive(TURN_SECONDS)
        try:
            self._taker.take(claim)
        except Stopping:
            return False
        except NoRoom as error:
            self._no_room(error)
            return False
        except Again as error:
            claim.pause = min(max(2 * claim.pause, self._still_seconds), MOST_PAUSE_SECONDS)
            claim.due = now + claim.pause
            self._say_once(f"again {claim.path}", "the file is tried again", error, file=claim.name)
            return True
        self._claims.remove(claim)
        self._troubles.discard(f"again {claim.path}")
        if self._no_room_pause:
            self._room_again()
        return True

    def _no_room(self, error: NoRoom) -> None:
        self._no_room_pause = min(max(2 * self._no_room_pause, 1.0), MOST_PAUSE_SECONDS)
        self._no_room_until = time.monotonic() + self._no_room_pause
        self._say_once("room", NO_ROOM if error.full else NO_MACHINE, error)

    def _room_again(self) -> None:
        self._no_room_pause = 0.0
        self._no_room_until = -math.inf
        self._troubles.discard("room")
        self._log.info("files are taken again")

    def _say_once(self, trouble: str, event: str, error: Exception, **more: str) -> None:
        if trouble not in self._troubles:
            self._troubles.add(trouble)
            self._log.warning(event, error=str(error), **more)

    def _wait_ms(self) -> float:
        """How long nothing needs to be done unless something happens, in milliseconds."""
        moments = [claim.due for claim in self._claims]
        still = self._stillness.next_at()
        moments += [] if still is None else [still]
        soonest = max(min(moments, default=math.inf), self._no_room_until)
        soonest = max(min(soonest, self._look_at), self._rest_until)
        return math.ceil(max(0.0, soonest - time.monotonic()) * 1000)
