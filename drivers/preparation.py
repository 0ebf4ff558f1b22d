"""Starting a modem of unknown state: into step, SIM unlocked, PDU mode proved, storage and announcements chosen."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from drivers import answers, usb
from drivers.library import CommandError, Session
from drivers.lines import name_of
from drivers.modem import ModemDead, ModemSilent, Pins
from drivers.port import MODEM_MANAGER, why_taken
from drivers.quirks import CNMI_TARGETS, Quirks, quirks_of
from drivers.sim_card import AGAIN_SECONDS, check_sim, read_sim, sim_state, unlock
from drivers.transport import FIRST_SECONDS
from drivers.types import ModemIdentity, SimIdentity

QUESTIONS = ("AT+CMGF?", "AT+CSQ", "AT+CREG?")
"""Queries with an answer of their own, by which the channel finds back into step."""
SMS_READY_TRIES = 25
"""Some makes take this many seconds from power-on until they know SMS commands."""
CFUN_SECONDS = 15.0
_NOT_SUPPORTED_CODES = frozenset({4, 303, 100})  # and unknown: some modems say so of a command that they do not have


@dataclass(frozen=True, slots=True)
class Prepared:
    """What set-up found. `memories` are those to sweep, the one for arriving messages first."""

    modem: ModemIdentity
    sim: SimIdentity
    quirks: Quirks
    memories: tuple[str, ...]
    acknowledges: bool  # AT+CSMS=1: each direct PDU wants an AT+CNMA


def prepare(session: Session, pins: Pins | None) -> Prepared:
    """Bring the modem into the state that this driver needs. Raises PortLost, ModemSilent or SimUnavailable."""
    try:
        session.channel.come_into_step(FIRST_SECONDS)
    except ModemDead:
        raise ModemDead(_why_dead(session.port)) from None
    session.has_memory(None)
    session.try_to("ATE0")
    _find_question(session)
    session.try_to("AT+CMEE=1")
    modem = _identify(session)
    quirks = quirks_of(modem.manufacturer, modem.model)
    _try_each(session, quirks.at_start)
    _switch_radio_on(session)
    unlock(session, pins, modem.imei)
    _try_each(session, quirks.with_sim)
    _enter_pdu_mode(session, quirks)
    acknowledges = session.try_to("AT+CSMS=1") is not None
    memories = _choose_memories(session, quirks)
    _announce(session, quirks)
    session.try_to("AT+COPS=3,0")  # network names in letters
    return Prepared(modem, read_sim(session), quirks, memories, acknowledges)


def _why_dead(port: str) -> str:
    if MODEM_MANAGER in usb.holders(port) and (why := why_taken(port)):
        return why
    return (
        f"{port}: nothing answers AT at this port. It may be another port of the modem, or the modem is "
        f"starting: wait, unplug it and plug it in again, or correct [modems] ports."
    )


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


def _enter_pdu_mode(session: Session, quirks: Quirks) -> None:
    """Raises ModemSilent when the modem stays in text mode: there, an octet count would be read as a number to text."""
    refused = True
    for _ in range(SMS_READY_TRIES if quirks.slow_sms else 2):
        try:
            session.ask("AT+CMGF=0")
        except CommandError:
            session.channel.wire.pause(AGAIN_SECONDS)
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


def why_no_sms(session: Session, prepared: Prepared) -> str:
    """See `Modem.why_not`. Raises PortLost, ModemSilent, or SimUnavailable when the SIM is gone or locked now."""
    state = sim_state(session)
    if state == "BUSY":
        return "the SIM is busy"
    check_sim(session, state, prepared.sim.iccid)
    mode = next((line for line in session.try_to("AT+CMGF?") or () if name_of(line) == "+CMGF"), "")
    if re.search(r":\s*1", mode):
        return "the modem fell back into text mode"
    if prepared.memories != ("",) and session.try_to("AT+CPMS?") is None:
        return "the storage of the modem cannot be read"
    return _why_no_smsc(session)


def _why_no_smsc(session: Session) -> str:
    try:
        lines = session.ask("AT+CSCA?")
    except CommandError as error:
        if error.code is not None and error.code not in _NOT_SUPPORTED_CODES:
            return f"the modem does not give the SMSC address yet ({error.type} {error.code})"
        return ""
    if any(name_of(line) == "+CSCA" for line in lines) and not answers.smsc(lines):
        return "no SMSC address on the SIM: set it in a telephone, or ask the network for it"
    return ""


def same_sim(before: Prepared, after: Prepared) -> bool:
    """Whether a modem that started anew still holds the SIM that it held. Its own number may be another by now."""
    return replace(before.sim, own_number=None) == replace(after.sim, own_number=None)
