"""The main thread while the service runs: obeys signals, feeds the watchdog of systemd, tells how the station does."""

from __future__ import annotations

import signal
from collections.abc import Callable

import structlog

from daemon.notify import Notifier
from daemon.pages.headline import headline
from daemon.pulse import Pulse
from daemon.store import Views

TELL_SECONDS = 60.0
"""How often systemd hears how it goes, where it has no watchdog that wants to hear it more often. Three times in it."""
_SIGNALS = {signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGALRM}


def block_signals() -> None:
    """Before any thread is started, so that the main loop alone takes them."""
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)


class MainLoop:
    """`reload` reads the configuration again."""

    def __init__(self, notifier: Notifier, pulse: Pulse, views: Views, reload: Callable[[], None]) -> None:
        self._notifier, self._pulse, self._views, self._reload = notifier, pulse, views, reload
        self._missed: list[str] = []
        self._log = structlog.get_logger()

    def run(self) -> None:
        """Until a signal ends the service. Between signals, systemd hears that it lives and how it goes."""
        self._notifier.ready(self._headline())
        self._log.info("ready")
        # Not sigtimedwait: stopped by SIGSTOP for longer than its time, it gives a signal that nobody sent.
        period = (self._notifier.watchdog_seconds or TELL_SECONDS) / 3
        signal.setitimer(signal.ITIMER_REAL, period, period)
        while True:
            heard = signal.sigwaitinfo(_SIGNALS)
            if heard.si_signo == signal.SIGALRM:
                self._show_life()
            elif heard.si_signo == signal.SIGHUP:
                self._notifier.reloading()
                self._reload()
                self._notifier.ready(self._headline())
            else:
                name = signal.Signals(heard.si_signo).name
                self._log.info("told to end", signal=name, by_process=heard.si_pid, by_uid=heard.si_uid)
                return

    def _show_life(self) -> None:
        """Feed the watchdog of systemd, unless a thread is silent: then it ends the service, and starts it again."""
        missed = self._pulse.missed()
        if missed and missed != self._missed:
            self._log.critical("threads hang: the watchdog is not fed any more", threads=missed)
        self._missed = missed
        self._notifier.status(f"hangs: {', '.join(missed)}" if missed else self._headline())
        if not missed:
            self._notifier.watchdog()

    def _headline(self) -> str:
        try:
            return headline(self._views)
        except Exception as error:  # noqa: BLE001 - a line for people is not worth the service's life
            self._log.warning("no word of the station's state", reason=type(error).__name__)
            return "the database cannot be read"
