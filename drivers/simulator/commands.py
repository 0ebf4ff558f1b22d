"""The general commands of a simulated modem (V.250, 3GPP 27.007): a table from name to handler."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from drivers.simulator.device import REGISTRATIONS
from drivers.simulator.errors import AtError
from drivers.simulator.sim import Sim

if TYPE_CHECKING:
    from collections.abc import Callable

    from drivers.simulator.device import Device

NOT_ALLOWED, NOT_SUPPORTED, SIM_NOT_INSERTED, BAD_PARAMETER = 3, 4, 10, 50
CHARACTER_SETS = ("GSM", "IRA", "UCS2")
UNKNOWN_STRENGTH = 99
TIME_TO_READ_OK = 0.3  # seconds between the answer to `AT+CFUN=1,1` and the loss of the port

_ARGUMENT = re.compile(r'\s*(?:"([^"]*)"|([^,]*?))\s*(,|$)')


@dataclass(frozen=True, slots=True)
class Call:
    """One command for a handler. `verb` is "run" (`AT+X`), "read" (`?`), "test" (`=?`) or "set" (`=…`)."""

    device: Device
    verb: str
    text: str

    @property
    def arguments(self) -> list[str]:
        """What stands behind the `=`, split at commas, without quotes."""
        found: list[str] = []
        position, more = 0, True
        while more:
            match = _ARGUMENT.match(self.text, position)
            if match is None:
                raise AtError("CME", BAD_PARAMETER)
            quoted, bare, comma = match.groups()
            found.append(bare if quoted is None else quoted)
            position, more = match.end(), bool(comma)
        return found

    def number(self, index: int, allowed: range, default: int | None = None) -> int:
        """One argument as a number in `allowed`. Raises AtError (CME 50)."""
        arguments = self.arguments
        text = arguments[index] if index < len(arguments) else ""
        if not text and default is not None:
            return default
        if not text.isdecimal() or int(text) not in allowed:
            raise AtError("CME", BAD_PARAMETER)
        return int(text)


def basic(device: Device, name: str, argument: str) -> list[str]:
    """A V.250 command such as `E0`, `Z`, `I` or `&F`: the lines of its answer. Raises AtError."""
    if name == "E":
        device.settings.echo = argument == "1"
    elif name in ("Z", "&F"):
        device.settings.echo, device.settings.cmee = True, 0
    elif name == "I":
        return [device.manufacturer, device.model, f"Revision: {device.firmware}", f"IMEI: {device.imei}"]
    elif name not in ("Q", "V", "X", "S", "H", "L", "M", "&C", "&D", "&S", "&W", "&K"):
        raise AtError
    return []


def _says(text: Callable[[Device], str], call: Call) -> list[str]:
    """A command that only tells something."""
    if call.verb == "test":
        return []
    if call.verb == "set":
        raise AtError("CME", NOT_SUPPORTED)
    return [text(call.device)]


def _taken(_call: Call) -> list[str]:
    """A setting that is accepted and has no effect here."""
    return []


def _cmee(call: Call) -> list[str]:
    if call.verb == "test":
        return ["+CMEE: (0-2)"]
    if call.verb == "read":
        return [f"+CMEE: {call.device.settings.cmee}"]
    call.device.settings.cmee = call.number(0, range(3), default=0)
    return []


def _cfun(call: Call) -> list[str]:
    device = call.device
    if call.verb == "test":
        return ["+CFUN: (0,1,4),(0,1)"]
    if call.verb == "read":
        return [f"+CFUN: {device.settings.functionality}"]
    level = call.number(0, range(5))
    if call.number(1, range(2), default=0):
        device.network.timers.after(TIME_TO_READ_OK, device.reboot)
        return []
    device.settings.functionality = level
    device.tell_registration()
    device.wake()
    return []


def _inserted(call: Call) -> Sim:
    if call.device.sim is None:
        raise AtError("CME", SIM_NOT_INSERTED)
    return call.device.sim


def _cpin(call: Call) -> list[str]:
    if call.verb == "test":
        return []
    sim = _inserted(call)
    if call.verb != "set":
        return [f"+CPIN: {sim.state}"]
    if sim.state == "READY":
        raise AtError("CME", NOT_ALLOWED)
    arguments = call.arguments
    if len(arguments) > 1:
        sim.enter_puk(arguments[0], arguments[1])
    else:
        sim.enter_pin(arguments[0])
    call.device.tell_registration()
    call.device.wake()
    return []


def _ccid(call: Call) -> list[str]:
    return [] if call.verb == "test" else [f"+CCID: {_inserted(call).iccid}"]


def _iccid(call: Call) -> list[str]:
    return [] if call.verb == "test" else [f"+ICCID: {_inserted(call).iccid}"]


def _cimi(call: Call) -> list[str]:
    return [] if call.verb == "test" else [call.device.need_sim("CME").settings.imsi]


def _cnum(call: Call) -> list[str]:
    if call.verb == "test":
        return []
    number = call.device.need_sim("CME").settings.number
    return [f'+CNUM: "","{number}",{145 if number.startswith("+") else 129}'] if number else []


def _registration(name: str, call: Call) -> list[str]:
    modes = call.device.settings.registration_urc
    if call.verb == "test":
        return [f"+{name}: (0-2)"]
    if call.verb == "read":
        return [f"+{name}: {modes[name]},{REGISTRATIONS[call.device.radio]}"]
    modes[name] = call.number(0, range(3), default=0)
    return []


def _csq(call: Call) -> list[str]:
    if call.verb == "test":
        return ["+CSQ: (0-31,99),(0-7,99)"]
    dbm = call.device.signal_dbm
    steps = UNKNOWN_STRENGTH if dbm is None else min(31, max(0, (dbm + 113) // 2))  # 27.007 §8.5
    return [f"+CSQ: {steps},99"]


def _cops(call: Call) -> list[str]:
    device = call.device
    names = {0: device.network.name, 1: device.network.name[:8], 2: "23410"}
    if call.verb == "test":
        return [f'+COPS: (2,"{names[0]}","{names[1]}","{names[2]}"),,(0-4),(0-2)']
    if call.verb == "read":
        if not device.reachable():
            return ["+COPS: 0"]
        style = device.settings.network_format
        return [f'+COPS: 0,{style},"{names[style]}",7']  # LTE
    if call.number(0, range(5), default=0) == 3:  # 27.007 §7.3: only set the format
        device.settings.network_format = call.number(1, range(3))
    return []


def _cscs(call: Call) -> list[str]:
    settings = call.device.settings
    if call.verb == "test":
        return ["+CSCS: (" + ",".join(f'"{name}"' for name in CHARACTER_SETS) + ")"]
    if call.verb == "read":
        return [f'+CSCS: "{settings.cscs}"']
    name = call.arguments[0].upper()
    if name not in CHARACTER_SETS:
        raise AtError("CME", BAD_PARAMETER)
    settings.cscs = name
    return []


def _cusd(call: Call) -> list[str]:
    device = call.device
    if call.verb == "test":
        return ["+CUSD: (0-2)"]
    if call.verb == "read":
        return ["+CUSD: 1"]
    code = call.arguments[1] if len(call.arguments) > 1 else ""
    if call.number(0, range(3), default=0) == 2 or not code:  # 27.007 §7.15: cancel the session
        return []
    device.need_sim("CME")
    text = device.network.ussd.get(code)
    line = "+CUSD: 4" if text is None else f'+CUSD: 0,"{text}",15'  # 4: operation not supported
    device.network.timers.after(device.network.radio_delay, partial(device.urc, line))
    return []


HANDLERS: dict[str, Callable[[Call], list[str]]] = {
    **dict.fromkeys(("+CGMI", "+GMI"), partial(_says, lambda device: device.manufacturer)),
    **dict.fromkeys(("+CGMM", "+GMM"), partial(_says, lambda device: device.model)),
    **dict.fromkeys(("+CGMR", "+GMR"), partial(_says, lambda device: device.firmware)),
    **dict.fromkeys(("+CGSN", "+GSN"), partial(_says, lambda device: device.imei)),
    "+GCAP": partial(_says, lambda _device: "+GCAP: +CGSM"),
    **dict.fromkeys(("+CLIP", "+CRC", "+CVHU", "+COLP", "+CSSN", "+IPR", "+IFC"), _taken),
    "+CLAC": _taken,
    "+CMEE": _cmee,
    "+CFUN": _cfun,
    "+CPIN": _cpin,
    "+CCID": _ccid,
    "+ICCID": _iccid,
    "+CIMI": _cimi,
    "+CNUM": _cnum,
    "+CREG": partial(_registration, "CREG"),
    "+CGREG": partial(_registration, "CGREG"),
    "+CEREG": partial(_registration, "CEREG"),
    "+CSQ": _csq,
    "+COPS": _cops,
    "+CSCS": _cscs,
    "+CUSD": _cusd,
}
