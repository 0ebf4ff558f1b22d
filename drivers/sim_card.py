"""The SIM in a modem: who it is, whether it can be used, and its PIN, given once and never twice."""

from __future__ import annotations

import re

from drivers import answers
from drivers.library import CommandError, Session, error_of
from drivers.modem import ModemSilent, Pins, PortLost, SimUnavailable
from drivers.quirks import ICCID_QUERIES
from drivers.types import SimIdentity

AGAIN_SECONDS = 1.0
SLOW_TRIES = 10
ANOTHER_SIM = "{port}: another SIM is in the modem now. It is opened again."
PIN_SECONDS = 20.0
SEE_TO_IT = "If this goes on, unplug it and plug it in again, and check its speed, its cable and its power."
_STATE = re.compile(r"[A-Z0-9 /_-]*")
_WELL_FORMED_PIN = re.compile(r"\d{4,8}")
_STATE_OF_CODE = {  # 27.007 §9.2.1, 27.005 §3.2.5
    10: "NOT INSERTED", 310: "NOT INSERTED", 13: "FAILURE", 15: "FAILURE", 313: "FAILURE", 315: "FAILURE",
    11: "SIM PIN", 311: "SIM PIN", 12: "SIM PUK", 316: "SIM PUK", 14: "BUSY", 314: "BUSY", 515: "BUSY",
}
_NOT_YET_CODES = frozenset({3})  # seen for a second or two after power-on
_INCORRECT_PASSWORD = 16
_USABLE_STATES = frozenset({"READY", "SIM PIN2", "SIM PUK2"})  # the second PIN guards nothing that SMS need
_NO_USE = {
    "NOT INSERTED": "there is no SIM in this modem. Put one in.",
    "REMOVED": "the SIM was taken out of this modem. Put it in again.",
    "NOT READY": "the SIM does not get ready. Take it out, wipe its contacts and put it in again.",
    "FAILURE": "the SIM does not work in this modem (SIM failure). Try it in a telephone.",
    "BUSY": "the SIM is busy and does not say whether it wants its PIN. It is asked again.",
}


def unlock(session: Session, pins: Pins | None, imei: str) -> None:
    """One try of the PIN, and only where the SIM asks for exactly that. Raises SimUnavailable."""
    state = sim_state(session)
    if state in _USABLE_STATES:
        return
    port = session.port
    if state in _NO_USE:
        raise SimUnavailable(f"{port}: {_NO_USE[state]}", "absent")
    iccid = _iccid(session)
    which = f"the SIM {iccid}" if iccid else "the SIM"
    if state != "SIM PIN":
        raise SimUnavailable(
            f"{port}: {which} or its modem is locked and asks for {state}. Unlock it in a telephone; it is not tried "
            f"here.",
            "locked", iccid,
        )  # fmt: skip
    pin = pins.find(iccid, imei) if pins is not None else None
    if pins is None or pin is None:
        raise SimUnavailable(
            f"{port}: {which} asks for its PIN and none may be tried. "
            f"Name a pin_file for it in [sims] or [modems], or switch its PIN off.",
            "locked", iccid,
        )  # fmt: skip
    if not _WELL_FORMED_PIN.fullmatch(pin):
        raise SimUnavailable(
            f"{port}: the PIN for {which} is not four to eight digits, and was not tried. Correct its pin_file.",
            "locked", iccid,
        )  # fmt: skip
    pins.trying(iccid, imei, pin)
    right = _takes_pin(session, pin)
    if right is not None:
        pins.settled(iccid, imei, pin, right=right)
    if not right:
        said = "says that its PIN is wrong" if right is False else "did not take its PIN"
        raise SimUnavailable(
            f"{port}: {which} {said}, and it is not tried again: the third wrong one locks the SIM. "
            f"Check the PIN in a telephone, then correct its pin_file.",
            "locked", iccid,
        )  # fmt: skip


def _takes_pin(session: Session, pin: str) -> bool | None:
    """Give the PIN, once. None: nobody knows what became of it."""
    try:
        final = session.channel.ask(f'AT+CPIN="{pin}"', PIN_SECONDS, once=True)[-1]
    except ModemSilent:
        final = "OK"  # the state tells whether it was taken
    error = error_of(final)
    if error is not None:
        return False if error == ("CME", _INCORRECT_PASSWORD) else None
    for _ in range(SLOW_TRIES):
        if sim_state(session) in _USABLE_STATES:
            return True
        session.channel.wire.pause(AGAIN_SECONDS)
    return None


def sim_state(session: Session) -> str:
    """What AT+CPIN? says (27.007 §8.3). A modem that does not know the question is taken to have a usable SIM."""
    for _ in range(SLOW_TRIES):
        try:
            lines = session.ask("AT+CPIN?")
        except CommandError as error:
            if error.code in _STATE_OF_CODE:
                return _STATE_OF_CODE[error.code]
            if error.code not in _NOT_YET_CODES:
                return "READY"
        else:
            state = answers.plain_text(lines, "+CPIN").upper()
            if not _STATE.fullmatch(state):
                raise ModemSilent(f"{session.port}: the modem answers nonsense. {SEE_TO_IT}")
            if state != "NOT READY":
                return state or "READY"
        session.channel.wire.pause(AGAIN_SECONDS)
    return "NOT READY"


def check_sim(session: Session, state: str, iccid: str) -> None:
    """Raises SimUnavailable when the SIM is gone or locked now, PortLost when another one is there than `iccid`."""
    if state in _NO_USE:
        raise SimUnavailable(f"{session.port}: {_NO_USE[state]}", "absent")
    if state not in _USABLE_STATES:
        raise SimUnavailable(f"{session.port}: the SIM asks for {state} now. It is opened again.", "locked")
    if _iccid(session) not in {"", iccid}:
        raise PortLost(ANOTHER_SIM.format(port=session.port))


def read_sim(session: Session) -> SimIdentity:
    """Who the SIM is, as far as it says: numbers that it does not give are empty or None."""
    imsi = answers.serial_digits(session.try_to("AT+CIMI") or ())
    number = answers.own_number(session.try_to("AT+CNUM") or ())
    return SimIdentity(_iccid(session), imsi or None, number)


def _iccid(session: Session) -> str:
    """Empty when no command gives it."""
    for query in ICCID_QUERIES:
        if found := answers.iccid(session.try_to(query) or ()):
            return found
    return answers.iccid_of_file(session.try_to("AT+CRSM=176,12258,0,0,10") or ())
