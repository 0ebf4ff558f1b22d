"""Starting a modem of unknown state: into step, SIM unlocked, PDU mode proved, storage and announcements chosen."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

from drivers import answers
from drivers.library import CommandError, Session, error_of
from drivers.lines import name_of
from drivers.modem import ModemSilent, PortLost, SimUnavailable
from drivers.quirks import CNMI_TARGETS, ICCID_QUERIES, Quirks, quirks_of
from drivers.transport import FIRST_SECONDS
from drivers.types import ModemIdentity, SimIdentity

AskPin = Callable[[str], str | None]

QUESTIONS = ("AT+CMGF?", "AT+CSQ", "AT+CREG?")
"""Queries with an answer of their own, by which the channel finds back into step."""
SLOW_TRIES = 10
CFUN_SECONDS = 15.0
PIN_SECONDS = 20.0
_WELL_FORMED_PIN = re.compile(r"\d{4,8}")
_NO_SIM_CODES = frozenset({10, 13, 310, 313})  # not inserted, failure (27.007 §9.2.1, 27.005 §3.2.5)
_LOCKED_CODES = {11: "SIM PIN", 12: "SIM PUK", 311: "SIM PIN", 316: "SIM PUK"}
_NOT_YET_CODES = frozenset({3})  # seen for a second or two after power-on
_USABLE_STATES = frozenset({"READY", "SIM PIN2", "SIM PUK2"})
_ABSENT_STATES = frozenset({"NOT INSERTED", "REMOVED", "NOT READY"})


@dataclass(frozen=True, slots=True)
class Prepared:
    """What set-up found. `memories` are those to sweep, the one for arriving messages first."""

    modem: ModemIdentity
    sim: SimIdentity
    quirks: Quirks
    memories: tuple[str, ...]
    acknowledges: bool  # AT+CSMS=1: each direct PDU wants an AT+CNMA


def prepare(session: Session, ask_pin: AskPin | None) -> Prepared:
    """Bring the modem into the state that this driver needs. Raises PortLost, ModemSilent or SimUnavailable."""
    try:
        session.channel.come_into_step(FIRST_SECONDS)
    except ModemSilent:
        raise PortLost(
            f"{session.port}: nothing answers AT at this port. It may be another port of the modem, or the modem is "
            f"starting: wait, unplug it and plug it in again, or correct [modems] ports."
        ) from None
    session.has_memory(None)
    session.try_to("ATE0")
    _find_question(session)
    session.try_to("AT+CMEE=1")
    modem = _identify(session)
    quirks = quirks_of(modem.manufacturer, modem.model)
    _try_each(session, quirks.at_start)
    _switch_radio_on(session)
    _unlock(session, ask_pin)
    _try_each(session, quirks.with_sim)
    _enter_pdu_mode(session, quirks)
    acknowledges = session.try_to("AT+CSMS=1") is not None
    memories = _choose_memories(session, quirks)
    _announce(session, quirks)
    session.try_to("AT+COPS=3,0")  # network names in letters
    return Prepared(modem, _read_sim(session), quirks, memories, acknowledges)


def _try_each(session: Session, commands: Iterable[str]) -> None:
    for command in commands:
        session.try_to(command)


def _find_question(session: Session) -> None:
    session.channel.question = ""
    for question in QUESTIONS:
        name = question[2:].rstrip("?")
        if any(name_of(line) == name for line in session.try_to(question) or ()):
            session.channel.question = question
            return


def _identify(session: Session) -> ModemIdentity:
    def said(name: str) -> str:
        return answers.plain_text(session.try_to(f"AT{name}") or (), name)

    imei = answers.serial_digits(session.try_to("AT+CGSN") or ())
    return ModemIdentity(imei, said("+CGMI"), said("+CGMM"), said("+CGMR"))


def _switch_radio_on(session: Session) -> None:
    for line in session.try_to("AT+CFUN?") or ():
        if re.match(r"\+CFUN\s*:\s*[04]\b", line):  # off, or flight mode (27.007 §8.2)
            session.try_to("AT+CFUN=1", CFUN_SECONDS)


def _unlock(session: Session, ask_pin: AskPin | None) -> None:
    """One try of the PIN, and only where the SIM asks for exactly that. Raises SimUnavailable."""
    state = _sim_state(session)
    if state in _USABLE_STATES:
        return
    port = session.port
    if state in _ABSENT_STATES:
        raise SimUnavailable(f"{port}: there is no usable SIM in this modem ({state.lower()}). Put one in.", "absent")
    if state != "SIM PIN":
        raise SimUnavailable(
            f"{port}: the SIM or modem is locked and asks for {state}. Unlock it in a telephone; it is not tried here.",
            "locked",
        )
    iccid = _iccid(session)
    pin = ask_pin(iccid) if ask_pin is not None else None
    which = f"the SIM {iccid}" if iccid else "the SIM"
    if pin is None:
        raise SimUnavailable(
            f"{port}: {which} asks for its PIN and none may be tried. "
            f"Name a pin_file for it in [sims], or switch its PIN off.",
            "locked",
        )
    if not _WELL_FORMED_PIN.fullmatch(pin):
        raise SimUnavailable(
            f"{port}: the PIN for {which} is not four to eight digits, and was not tried. Correct it.", "locked"
        )
    _give_pin(session, pin, which)


def _give_pin(session: Session, pin: str, which: str) -> None:
    try:
        final = session.channel.ask(f'AT+CPIN="{pin}"', PIN_SECONDS, once=True)[-1]
    except ModemSilent:
        final = "OK"  # the state tells whether it was taken
    if error_of(final) is None:
        for _ in range(SLOW_TRIES):
            if _sim_state(session) in _USABLE_STATES:
                return
            session.channel.wire.pause(1.0)
    raise SimUnavailable(
        f"{session.port}: {which} did not take its PIN, and it is not tried again: the third wrong one locks the SIM. "
        f"Check the PIN in a telephone.",
        "locked",
    )


def _sim_state(session: Session) -> str:
    """What AT+CPIN? says (27.007 §8.3). A modem that does not know the question is taken to have a usable SIM."""
    for _ in range(SLOW_TRIES):
        try:
            lines = session.ask("AT+CPIN?")
        except CommandError as error:
            if error.code in _NO_SIM_CODES:
                return "NOT INSERTED"
            if error.code in _LOCKED_CODES:
                return _LOCKED_CODES[error.code]
            if error.code not in _NOT_YET_CODES:
                return "READY"
        else:
            state = answers.plain_text(lines, "+CPIN").upper()
            if state != "NOT READY":
                return state or "READY"
        session.channel.wire.pause(1.0)
    return "NOT READY"


def _enter_pdu_mode(session: Session, quirks: Quirks) -> None:
    """Raises ModemSilent when the modem stays in text mode: there, an octet count would be read as a number to text."""
    refused = True
    for _ in range(SLOW_TRIES if quirks.slow_sms else 2):
        try:
            session.ask("AT+CMGF=0")
        except CommandError:
            session.channel.wire.pause(1.0)
        else:
            refused = False
            break
    mode = next((line for line in session.try_to("AT+CMGF?") or () if name_of(line) == "+CMGF"), None)
    if (refused and mode is None) or (mode is not None and not re.search(r":\s*0", mode)):
        raise ModemSilent(
            f"{session.port}: the modem cannot be put into PDU mode, and nothing is sent without it. "
            f"Unplug it and plug it in again; if this goes on, it is not fit for this service."
        )
    if mode is not None:
        session.channel.question = "AT+CMGF?"


def _choose_memories(session: Session, quirks: Quirks) -> tuple[str, ...]:
    """Choose where arriving messages go, and say which memories to sweep; ("",) where there is no choice."""
    offered = answers.memories(session.try_to("AT+CPMS=?") or ())
    readable = offered[0] if offered else []
    arriving = offered[2] if len(offered) > 2 and offered[2] else readable
    for memory in quirks.memories:
        if memory in readable and memory in arriving and _select(session, memory):
            others = [other for other in ("SM", "ME", "SR") if other in readable and other != memory]
            return memory, *others
    return ("",)


def _select(session: Session, memory: str) -> bool:
    """AT+CPMS takes three memories, with some makes two or one (27.005 §3.2.2)."""
    for count in (3, 2, 1):
        if session.try_to("AT+CPMS=" + ",".join([f'"{memory}"'] * count)) is not None:
            session.has_memory(memory)
            return True
    return False


def _announce(session: Session, quirks: Quirks) -> None:
    """Ask for URCs, with reports inside them where the modem can (27.005 §3.4.1). The sweep finds all without, too."""
    offered = list(filter(None, map(answers.values_offered, session.try_to("AT+CNMI=?") or ())))
    wanted = [(mode, *target) for target in CNMI_TARGETS[:2] for mode in quirks.cnmi_modes]
    wanted += [(mode, *CNMI_TARGETS[2]) for mode in quirks.cnmi_modes]
    able = [setting for setting in wanted if not offered or _allowed(setting, offered[0])]
    for setting in able or wanted:
        if session.try_to("AT+CNMI=" + ",".join(map(str, setting))) is not None:
            return


def _allowed(setting: tuple[int, ...], offered: list[set[int]]) -> bool:
    return all(value in values for value, values in zip(setting, offered, strict=False) if values)


def _read_sim(session: Session) -> SimIdentity:
    imsi = answers.serial_digits(session.try_to("AT+CIMI") or ())
    number = answers.own_number(session.try_to("AT+CNUM") or ())
    return SimIdentity(_iccid(session), imsi or None, number)


def _iccid(session: Session) -> str:
    """Empty when no command gives it."""
    for query in ICCID_QUERIES:
        if found := answers.iccid(session.try_to(query) or ()):
            return found
    return answers.iccid_of_file(session.try_to("AT+CRSM=176,12258,0,0,10") or ())


def same_sim(before: Prepared, after: Prepared) -> bool:
    """Whether a modem that started anew still holds the SIM that it held. Its own number may be another by now."""
    return replace(before.sim, own_number=None) == replace(after.sim, own_number=None)
