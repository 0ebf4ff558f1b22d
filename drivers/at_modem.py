"""A real modem: the `Modem` protocol over AT commands, with python-gsmmodem-new above our own transport."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence

from drivers import answers, ussd
from drivers.library import CommandError, Session
from drivers.lines import Event, News
from drivers.modem import ModemSilent, Pins, PortLost, SimUnavailable, nothing_else
from drivers.preparation import Prepared, prepare, same_sim, why_no_sms
from drivers.sim_card import ANOTHER_SIM
from drivers.storage import Storage
from drivers.submitting import Submitter
from drivers.trace import Trace
from drivers.transport import Channel
from drivers.types import Inbound, ModemIdentity, Outcome, Registered, Registration, SimIdentity, Slot, SubmitPdu
from drivers.unasked import Unasked

USSD_SECONDS = 30.0
USSD_END_SECONDS = 1.0
"""After an announced end of a USSD session some networks' words still follow."""
_REGISTERED = frozenset({Registered.HOME, Registered.ROAMING})


def open_modem(
    port: str,
    *,
    on_news: Callable[[], None],
    answer_seconds: float = 60.0,
    pins: Pins | None = None,
    trace: Trace | None = None,
    baudrate: int = 115200,
) -> AtModem:
    """Take a port, put the modem at it right, and prove that it works in PDU mode.

    `on_news` is called from the reading thread and must be quick. `answer_seconds` is how long the network may take
    over one part. `pins` are asked only when a SIM wants its PIN; what they give is tried once. Raises PortLost,
    ModemSilent or SimUnavailable, and has then given the port back.
    """
    modem = AtModem(port, baudrate, on_news, answer_seconds, pins, trace)
    try:
        modem.open()
    except BaseException:
        modem.close()
        raise
    return modem


class AtModem:
    """See `drivers.modem.Modem` for the contract of each method."""

    def __init__(
        self,
        port: str,
        baudrate: int,
        on_news: Callable[[], None],
        answer_seconds: float,
        pins: Pins | None,
        trace: Trace | None,
    ) -> None:
        self.port = port
        self._on_news = on_news
        self._answer_seconds = answer_seconds
        self._pins = pins
        self._trace = trace
        self._unasked = Unasked()
        self._session = Session(Channel(port, baudrate, self._stray, self._gone, trace))
        self._submitter = Submitter(self._session.channel, answer_seconds, on_news)
        self._storage = Storage(self._session, ("",))
        self._prepared: Prepared | None = None
        self._can_hold_link = True
        self._holds_link = False

    def open(self) -> None:
        """Used by `open_modem`."""
        self._session.connect()
        prepared = prepare(self._session, self._pins)
        self._use(prepared)

    def identify(self) -> tuple[ModemIdentity, SimIdentity]:
        prepared = self._ready()
        if not prepared.sim.iccid and not prepared.sim.imsi:
            raise SimUnavailable(
                f"{self.port}: the SIM gives neither its ICCID nor its IMSI. Take it out and put it in again.",
                "absent",
            )
        return prepared.modem, prepared.sim

    def submit(
        self, pdu: SubmitPdu, at_prompt: Callable[[], None], meanwhile: Callable[[], float] = nothing_else
    ) -> Outcome:
        self._ready()
        return self._submitter.submit(pdu, at_prompt, meanwhile)

    def hold_link(self, more: bool) -> None:
        self._ready()
        if not self._can_hold_link or more == self._holds_link:
            return
        self._holds_link = more
        for value in (2, 1) if more else (0,):  # 2: kept open for all; 1: until a pause (27.005 §3.5.6)
            with contextlib.suppress(CommandError):
                self._session.ask(f"AT+CMMS={value}")
                return
        self._can_hold_link = False

    def late_answers(self) -> Sequence[tuple[SubmitPdu, Outcome]]:
        return self._submitter.late_answers()

    def take_direct(self) -> Sequence[Inbound]:
        return self._unasked.direct()

    def acknowledge(self, inbound: Inbound) -> None:
        prepared = self._ready()
        if self._unasked.forget(inbound) and prepared.acknowledges:
            with contextlib.suppress(CommandError):  # CMS 340: none is awaited
                self._session.ask(prepared.quirks.acknowledge)

    def hinted(self) -> Sequence[Slot]:
        return self._unasked.hints()

    def read(self, slot: Slot) -> Inbound | None:
        self._ready()
        return self._storage.read(slot)

    def list_stored(self) -> Sequence[Inbound]:
        self._ready()
        return self._storage.list_stored()

    def delete(self, slot: Slot) -> bool:
        self._ready()
        return self._storage.delete(slot)

    def signal(self) -> int | None:
        self._ready()
        try:
            rssi = int(self._session.signalStrength)
        except (CommandError, ValueError):
            return None
        return -113 + 2 * rssi if 0 <= rssi <= 31 else None  # 99, and the library's -1: not known

    def registration(self) -> Registration:
        self._ready()
        best = Registered.UNKNOWN
        for query in ("AT+CREG?", "AT+CGREG?", "AT+CEREG?"):
            found = answers.registered(self._session.try_to(query) or ())
            if found in _REGISTERED:
                operator = self._session.try_to("AT+COPS?", 10.0) or ()
                return Registration(found, answers.network_name(operator), answers.bearer(operator))
            if found is not None and best is Registered.UNKNOWN:
                best = found
        return Registration(best)

    def prepared(self) -> Prepared:
        """What set-up found."""
        return self._ready()

    def why_not(self) -> str:
        return why_no_sms(self._session, self._ready())

    def rooms(self) -> dict[str, tuple[int, int]]:
        self._ready()
        return dict(self._storage.rooms) or answers.rooms(self._session.try_to("AT+CPMS?") or ())

    def smsc(self) -> str:
        self._ready()
        try:
            return self._session.smsc or ""
        except CommandError:
            return ""

    def ussd(self, code: str) -> str:
        prepared = self._ready()
        while self._unasked.ussd(None):
            continue  # an answer to nobody
        asked = ussd.packed(code) if prepared.quirks.packed_ussd else code
        try:
            lines = self._session.ask(f'AT+CUSD=1,"{asked}",15', USSD_SECONDS)
        except CommandError as error:
            raise ModemSilent(
                f"{self.port}: the modem or network refused the USSD code ({error.type} {error.code}). Check the code."
            ) from None
        for line in lines:
            self._unasked.take((line,))
        return self._ussd_text()

    def close(self) -> None:
        self._session.close()

    def _ussd_text(self) -> str:
        deadline = time.monotonic() + USSD_SECONDS
        text: str | None = None
        while True:
            answer = self._unasked.ussd(deadline)
            if answer is not None and not answer.ends:
                return answer.text
            if answer is not None:
                text = answer.text or text or ""
                deadline = min(deadline, time.monotonic() + USSD_END_SECONDS)
            elif not self._session.channel.wire.alive:
                raise self._session.channel.wire.lost()
            elif time.monotonic() >= deadline:
                break
        if text is None:
            raise ModemSilent(f"{self.port}: the network gave no USSD answer in {USSD_SECONDS:g} seconds. Try later.")
        return text

    def _ready(self) -> Prepared:
        """The modem as prepared, and prepared anew when it has started anew by itself: all settings are then lost."""
        channel = self._session.channel
        if self._prepared is None or not channel.wire.alive:
            raise channel.wire.lost()
        if self._unasked.restarted:
            before, after = self._prepared, prepare(self._session, self._pins)
            if not same_sim(before, after):
                raise PortLost(ANOTHER_SIM.format(port=self.port))
            self._use(after)
        return self._prepared

    def _use(self, prepared: Prepared) -> None:
        self._prepared = prepared
        self._holds_link = False
        self._unasked.restarted = False
        self._storage = Storage(self._session, prepared.memories)
        self._submitter.manufacturer = prepared.modem.manufacturer

    def _stray(self, event: Event) -> None:
        if isinstance(event, News) and self._unasked.take(event.lines):
            self._on_news()
        else:
            self._submitter.stray(event)

    def _gone(self) -> None:
        self._unasked.end()
        self._on_news()
