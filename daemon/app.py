"""The composition root: builds everything, opens the hardware, and runs the service until a signal ends it."""

from __future__ import annotations

import contextlib
import faulthandler
import os
import sys
import threading
import time
from collections.abc import Callable
from datetime import date, datetime
from importlib.metadata import version
from pathlib import Path

import structlog

from daemon import folders, logs
from daemon.clock import Clock
from daemon.control.actions import Actions
from daemon.control.conversations import Conversations
from daemon.control.disclosing import Disclosing
from daemon.control.erasing import Erasing
from daemon.control.handing import Handing
from daemon.control.server import ControlServer
from daemon.core.batch import Taken
from daemon.core.chain import What
from daemon.core.not_possible import NotPossible
from daemon.core.recovery import Rung
from daemon.folders import CannotStart
from daemon.intake import outgoing
from daemon.intake.folder import DropFolder
from daemon.intake.outgoing import AnswerFiles, OutgoingFolder
from daemon.intake.releases import LOOK_SECONDS, ReleasedFolder
from daemon.intake.spool import Spool
from daemon.main_loop import MainLoop, block_signals
from daemon.notify import Notifier
from daemon.pages import record
from daemon.pages.outcomes import write_problems
from daemon.pages.publisher import Publisher
from daemon.pages.reply_files import ReplyFiles
from daemon.pages.requests import RequestFiles
from daemon.services.answering import Answerer
from daemon.services.housekeeping import Housekeeping
from daemon.services.pins import PinFiles
from daemon.services.ports import Ports
from daemon.services.scheduler import new_scheduler
from daemon.services.station import Station
from daemon.settings import Settings, SettingsError, effective, load, load_words
from daemon.store import (
    Alarms,
    DatabaseUnusable,
    Health,
    Inbox,
    Lists,
    Outbox,
    Replies,
    Requests,
    Sims,
    Stops,
    Store,
    StoreFull,
    Views,
)
from daemon.store.answering import Answering
from daemon.store.audit import Audit
from daemon.store.decisions import Decisions, Released
from daemon.store.handovers import Handovers
from daemon.store.losses import Loss
from daemon.store.pins import PinTries
from drivers import ladder
from drivers.at_modem import open_modem
from drivers.discovery import Finder
from drivers.modem import Modem
from drivers.trace import Traces
from drivers.types import ModemIdentity

SWITCH_SECONDS = 0.0001
"""How long a thread that computes, such as one that writes pages, may keep a line from going on. By default it is fifty
times as long, and again at each of the statements that a message takes."""
STOP_SECONDS = 30.0
"""How long a stop waits for the part in flight. A later answer leaves the part in doubt at the next start."""


def run(config: Path, settings: Settings, level: str = "INFO", trace: Path | None = None) -> None:
    """Run the service until SIGTERM or SIGINT. SIGHUP reads `config` again. `trace` is a folder for AT transcripts.

    Raises CannotStart; StoreFull when it cannot start yet.
    """
    block_signals()
    sys.setswitchinterval(SWITCH_SECONDS)
    faulthandler.enable()  # ended by the watchdog (SIGABRT), it shows where each thread was: code alone, no values
    os.umask(os.umask(0o777) | 0o007)  # whatever is written here is no stranger's to read
    station = settings.station
    folders.make(station.state_dir, station.runtime_dir, station.spool_dir)
    locked = folders.lock(station.state_dir)
    try:
        store = Store(station.database)
    except DatabaseUnusable as error:
        raise CannotStart(str(error)) from error
    try:
        Application(config, settings, store, level, _traces(trace)).run()
    except SettingsError as error:
        raise CannotStart(str(error)) from error
    finally:
        store.close()
        os.close(locked)


class Application:
    """One running service over an open store."""

    def __init__(
        self, config: Path, settings: Settings, store: Store, level: str, traces: Traces | None = None
    ) -> None:
        logs.setup(level, key=store.secret("tag_key"))
        self._log = structlog.get_logger()
        self._config, self._traces = config, traces
        self._clock = Clock()
        loss = self._make_good(store, settings)
        forgetful = loss is not None and loss.much
        self._outbox = Outbox(store)
        views, replies = Views(store), Replies(store)
        self._reply_files = ReplyFiles(replies, Handovers(store), load_words(settings.replies.triage_dir))
        self._publisher = Publisher(
            views, self._outbox, RequestFiles(Requests(store)), self._reply_files, settings, self._clock,
            reading=lambda: self._folder.reading(),  # noqa: PLW0108 - the folder is built later
            busy=lambda: self._station.baton.held,
        )  # fmt: skip
        self._station = self._new_station(store, settings, replies)
        pin_tries, decisions = PinTries(store), Decisions(store)
        self._pins = PinFiles(self._settings, pin_tries, self._clock)
        self._ports = Ports(self._station, Finder())
        self._folder = self._drop_folder(forgetful=forgetful)
        self._intake = threading.Thread(target=self._folder.run, name="intake", daemon=True)
        self._released = ReleasedFolder(decisions, self._settings, self._clock.now, self._decided)
        given = (store, self._settings, self._clock.now, self._publisher.changed)
        self._erasing, handing = Erasing(*given), Handing(*given)
        parts = (self._erasing, Conversations(*given), handing, Disclosing(*given))
        others = {name: action for part in parts for name, action in part.actions.items()}
        answerer = Answerer(self._station, Answering(store))
        self._outgoing = self._outgoing_folders(settings.station.spool_dir, answerer, handing, forgetful=forgetful)
        actions = Actions(self._station, store, decisions, pin_tries, answerer, others)
        self._control = ControlServer(settings.station.control_socket, actions.act, (NotPossible, StoreFull))
        self._scheduler = new_scheduler()
        self._housekeeping = Housekeeping(self._station)
        self._notifier = Notifier.from_environment()
        self._main_loop = MainLoop(self._notifier, self._station.pulse, views, self._reload)

    def _new_station(self, store: Store, settings: Settings, replies: Replies) -> Station:
        return Station(
            settings=settings,
            clock=self._clock,
            outbox=self._outbox,
            inbox=Inbox(store),
            replies=replies,
            health=Health(store),
            lists=Lists(store),
            sims=Sims(store),
            stops=Stops(store),
            alarms=Alarms(store),
            audit=Audit(store),
            open_modem=self._open_modem,
            rouse=_rouse,
            changed=self._publisher.changed,
            ring_lines=self._ring_lines,
            look=self._look,
        )

    def _drop_folder(self, *, forgetful: bool) -> DropFolder:
        return DropFolder(
            queue=self._outbox,
            settings=self._settings,
            clock=self._clock.now,
            on_taken=self._taken,
            write_problems=write_problems,
            on_progress=lambda: self._publisher.changed(None),
            pulse=self._station.pulse,
            forgetful=forgetful,
        )

    def _outgoing_folders(
        self, spool: Path, answerer: Answerer, handing: Handing, *, forgetful: bool
    ) -> tuple[OutgoingFolder, ...]:
        rejects, by_file = Spool(spool, write_problems), AnswerFiles(spool / "texts", answerer.send, self._today)
        acts = {"replies": by_file.send, "handover": handing.by_note}
        return tuple(
            OutgoingFolder(rejects, spool / name / "outgoing", act, forgetful=forgetful) for name, act in acts.items()
        )

    def run(self) -> None:
        """Start every part, wait for signals, end every part."""
        settings = self._station.settings
        self._log.info("starting", station=settings.station.name, spool=str(settings.station.spool_dir))
        self._put_start_on_record()
        in_doubt = self._outbox.recover(self._clock.now(), resend_limit=settings.sending.resend_limit)
        if in_doubt:
            self._log.warning("parts in doubt after the last stop", parts=in_doubt)
        self._station.obey(settings)
        self._station.sims.begin()
        self._publisher.start()
        self._intake.start()
        self._released.look()
        self._schedule()
        self._scheduler.start()
        self._ports.start()
        self._control.start()
        try:
            self._main_loop.run()
        finally:
            self._stop()

    def _schedule(self) -> None:
        self._housekeeping.schedule(self._scheduler)
        self._scheduler.add_job(self._erasing.erase_due, "interval", hours=1, id="erase_due")
        self._scheduler.add_job(self._released.look, "interval", seconds=LOOK_SECONDS, id="released")
        self._scheduler.add_job(self._look_outgoing, "interval", seconds=outgoing.LOOK_SECONDS, id="outgoing")

    def _stop(self) -> None:
        self._log.info("stopping")
        self._notifier.stopping()
        self._control.stop()
        self._station.stopping.set()
        self._ports.stop()
        self._scheduler.shutdown(wait=True)
        self._folder.stop()
        self._intake.join(STOP_SECONDS)
        end = time.monotonic() + STOP_SECONDS
        for line in self._ports.lines():
            if not line.join(max(0.0, end - time.monotonic())):
                self._log.warning("the modem has not answered; its part will be in doubt", port=line.port)
        with contextlib.suppress(StoreFull):
            self._station.sims.begin()  # nothing is in use any more
            self._station.audit.write(self._clock.now(), What.STOP)
        self._publisher.stop()
        self._log.info("stopped")

    def _make_good(self, store: Store, settings: Settings) -> Loss | None:
        resend = bool(settings.sending.resend_limit)
        loss = record.make_good(store, settings.station.state_dir, self._clock.now(), resend=resend)
        if loss is not None:
            kept = "" if loss.lacks is None else str(record.lost_head(settings.station.state_dir, loss.lacks))
            self._log.error("the disk has lost the newest entries of the database", commits=loss.commits,
                            in_doubt=loss.in_doubt, kept_head=kept, head=loss.lacks)  # fmt: skip
        return loss

    def _put_start_on_record(self) -> None:
        settings = self._configured(self._station.settings)
        self._station.audit.write(self._clock.now(), What.START, version=version("outpost"), settings=settings)

    def _configured(self, settings: Settings) -> str:
        return self._station.audit.configured(effective(settings), self._clock.now())

    # Configuration

    def _reload(self) -> None:
        try:
            settings = load(self._config)
            words = load_words(settings.replies.triage_dir)
        except SettingsError as error:
            self._log.error("configuration not taken; the old one stays", problems=[str(p) for p in error.problems])
            return
        old = self._station.settings.station
        new = settings.station
        if (new.state_dir, new.spool_dir, new.runtime_dir) != (old.state_dir, old.spool_dir, old.runtime_dir):
            self._log.error("configuration not taken: state_dir, spool_dir and runtime_dir change only with a restart")
            return
        try:
            self._configured(settings)
        except StoreFull as error:
            self._log.error("configuration not taken; the old one stays", problems=[str(error)])
            return
        self._station.obey(settings)
        self._publisher.settings = settings
        self._ports.look()
        self._reply_files.use(words)
        self._housekeeping.schedule(self._scheduler)
        self._log.info("configuration read again")
        self._ring_lines()
        self._publisher.changed(None)

    # What the parts call

    def _settings(self) -> Settings:
        return self._station.settings

    def _open_modem(self, port: str, on_news: Callable[[], None]) -> Modem:
        return open_modem(
            port, on_news=on_news, answer_seconds=self._station.settings.modems.answer_seconds, pins=self._pins,
            trace=None if self._traces is None else self._traces.of(port),
        )  # fmt: skip

    def _today(self) -> date:
        return datetime.fromtimestamp(self._clock.now(), self._station.settings.station.zone).date()

    def _look_outgoing(self) -> None:
        for folder in self._outgoing:
            folder.look()

    def _ring_lines(self) -> None:
        self._ports.ring()

    def _look(self) -> None:
        for line in self._ports.lines():
            line.look()

    def _taken(self, taken: Taken) -> None:
        self._publisher.changed(taken.batch_id)
        self._ring_lines()

    def _decided(self, released: Released | None) -> None:
        self._publisher.changed(None if released is None else released.batch_id)
        self._ring_lines()


def _rouse(rung: Rung, port: str, modem: ModemIdentity) -> bool:
    return ladder.restart(port, modem) if rung is Rung.RESTART else ladder.replug(port)


def _traces(folder: Path | None) -> Traces | None:
    if folder is None:
        return None
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise CannotStart(f"{folder}: transcripts cannot be written there. Create the folder, writable for this user.")
    return Traces(folder)
