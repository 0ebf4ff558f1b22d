"""What every line shares: settings, clock, stores, and the ways to tell others that something changed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from daemon.clock import Clock
from daemon.core.recovery import Rung
from daemon.core.spans import HOUR
from daemon.pulse import Pulse
from daemon.services.baton import Baton
from daemon.services.sharing import Sharing
from daemon.settings import Settings
from daemon.store import Alarms, Health, Inbox, Lists, Outbox, Replies, Sims, Stops
from daemon.store.audit import Audit
from daemon.store.people import Policy
from drivers.alphabet import part_count
from drivers.modem import Modem
from drivers.types import ModemIdentity

WORK_SECONDS = 60.0
"""What a piece of work may take besides the network's answers."""


@dataclass(slots=True)
class Station:
    """Built once by the application. `settings` is replaced whole when the configuration is read again."""

    settings: Settings
    clock: Clock
    outbox: Outbox
    inbox: Inbox
    replies: Replies
    health: Health
    lists: Lists
    sims: Sims
    stops: Stops
    alarms: Alarms
    audit: Audit
    open_modem: Callable[[str, Callable[[], None]], Modem]
    rouse: Callable[[Rung, str, ModemIdentity], bool]
    """Use one of the stronger means on the silent modem at a port, of whom this is known; whether it could be used."""
    changed: Callable[[int | None], None]
    """Called after a commit that people may want to see: with a batch's id, or None for the station as a whole."""
    ring_lines: Callable[[], None]
    """Wake every line: there may be something to send, or a setting has changed."""
    look: Callable[[], None]
    """Have every line see how its modem does."""
    sharing: Sharing = field(default_factory=Sharing)
    baton: Baton = field(default_factory=Baton)
    pulse: Pulse = field(default_factory=Pulse)
    """What the watchdog of systemd is fed by."""
    stopping: threading.Event = field(default_factory=threading.Event)
    _seats: dict[str, str] = field(default_factory=dict)
    _seats_lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def work_seconds(self) -> float:
        """How long a line may be at one piece of work, such as a part or a sweep, before its thread counts as hung."""
        return 2 * self.settings.modems.answer_seconds + WORK_SECONDS

    def obey(self, settings: Settings) -> None:
        """Go by this configuration from now on. May raise StoreFull."""
        sending = settings.sending
        replies = settings.replies
        self.lists.obey(
            Policy(
                settings.station.country, sending.repeat_days,
                sending.optout_confirmation, _parts(sending.optout_confirmation),
                replies.acknowledgement, _parts(replies.acknowledgement), replies.reply_grace * HOUR,
            )
        )  # fmt: skip
        self.settings = settings

    def take_seat(self, iccid: str, port: str) -> str | None:
        """Note that this SIM sits at this port; another port where it sits already, or None when the seat is taken."""
        with self._seats_lock:
            holder = self._seats.setdefault(iccid, port)
            return None if holder == port else holder

    def leave_seat(self, iccid: str, port: str) -> None:
        """The SIM no longer sits at this port."""
        with self._seats_lock:
            if self._seats.get(iccid) == port:
                del self._seats[iccid]

    def seats(self) -> int:
        """How many SIMs sit in modems now."""
        with self._seats_lock:
            return len(self._seats)


def _parts(text: str) -> int:
    return part_count(text) if text else 0
