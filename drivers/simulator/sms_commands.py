"""The message commands of a simulated modem (3GPP 27.005), in PDU mode alone: a table from name to handler."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drivers.simulator.commands import Call
from drivers.simulator.errors import AtError
from drivers.simulator.storage import ALL, Memory

if TYPE_CHECKING:
    from collections.abc import Callable

OPERATION_NOT_ALLOWED, OPERATION_NOT_SUPPORTED, INVALID_PDU, INVALID_INDEX, NO_ACK_EXPECTED = 302, 303, 304, 321, 340
LONGEST_TPDU = 176  # octets: the longest SMS-SUBMIT is 164, and some leave room
MEMORIES = ("SM", "ME", "SR")
NEGATIVE_ACK = 2
CNMI_RANGES = (range(3), range(4), range(4), range(3), range(2))


def _number(call: Call, index: int, allowed: range, default: int | None = None) -> int:
    try:
        return call.number(index, allowed, default)
    except AtError as error:
        raise AtError("CMS", OPERATION_NOT_ALLOWED) from error


def _cmgs(call: Call) -> list[str]:
    if call.verb == "test":
        return []
    raise AtError("CMS", OPERATION_NOT_SUPPORTED)


def _cmgf(call: Call) -> list[str]:
    if call.verb == "test":
        return ["+CMGF: (0)"]
    if call.verb == "read":
        return ["+CMGF: 0"]
    if _number(call, 0, range(2), default=0):
        raise AtError("CMS", OPERATION_NOT_SUPPORTED)
    return []


def _csms(call: Call) -> list[str]:
    settings = call.device.settings
    if call.verb == "test":
        return ["+CSMS: (0,1)"]
    if call.verb == "read":
        return [f"+CSMS: {settings.csms},1,1,1"]
    settings.csms = _number(call, 0, range(2))
    return ["+CSMS: 1,1,1"]


def _usage(memory: Memory) -> str:
    return f"{len(memory)},{memory.size}"


def _cpms(call: Call) -> list[str]:
    device = call.device
    if call.verb == "test":
        return ['+CPMS: ("SM","ME","SR"),("SM","ME"),("SM","ME")']
    device.need_sim()
    chosen = device.settings.memories
    if call.verb == "set":
        for use, name in enumerate(call.arguments[:3]):
            if name not in (MEMORIES[:2] if use else MEMORIES):
                raise AtError("CMS", OPERATION_NOT_ALLOWED)
            chosen[use] = name
        device.wake()
        return ["+CPMS: " + ",".join(_usage(device.selected(use)) for use in range(3))]
    return ["+CPMS: " + ",".join(f'"{chosen[use]}",{_usage(device.selected(use))}' for use in range(3))]


def _cmgl(call: Call) -> list[str]:
    if call.verb == "test":
        return ["+CMGL: (0-4)"]
    stat = _number(call, 0, range(ALL + 1), default=0)
    messages = call.device.selected(0).list(stat)
    return [f"+CMGL: {item.index},{item.stat},,{item.length}\r\n{item.pdu}" for item in messages]


def _index(call: Call, memory: Memory) -> int:
    index = _number(call, 0, range(100_000))
    if not memory.valid(index):
        raise AtError("CMS", INVALID_INDEX)
    return index


def _cmgr(call: Call) -> list[str]:
    if call.verb == "test":
        return []
    memory = call.device.selected(0)
    message = memory.read(_index(call, memory))
    if message is None:
        raise AtError("CMS", INVALID_INDEX)
    return [f"+CMGR: {message.stat},,{message.length}\r\n{message.pdu}"]


def _cmgd(call: Call) -> list[str]:
    memory = call.device.selected(0)
    if call.verb == "test":
        return [f"+CMGD: ({memory.first}-{memory.first + memory.size - 1}),(0-4)"]
    flag = _number(call, 1, range(5), default=0)
    if flag:
        memory.clear(flag)
    else:
        memory.delete(_index(call, memory))
    call.device.wake()
    return []


def _cnmi(call: Call) -> list[str]:
    settings = call.device.settings
    if call.verb == "test":
        return ["+CNMI: (0-2),(0-3),(0,2),(0-2),(0,1)"]
    if call.verb == "read":
        return ["+CNMI: " + ",".join(map(str, settings.cnmi))]
    mode, mt, bm, ds, bfr = (
        _number(call, index, allowed, settings.cnmi[index]) for index, allowed in enumerate(CNMI_RANGES)
    )
    settings.cnmi = (mode, mt, bm, ds, bfr)
    call.device.wake()
    return []


def _cnma(call: Call) -> list[str]:
    if call.verb == "test":
        return ["+CNMA: (0-2)"]
    if call.device.settings.csms != 1:
        raise AtError("CMS", OPERATION_NOT_ALLOWED)
    if call.verb == "set" and _number(call, 0, range(3), default=0) == NEGATIVE_ACK:
        return []  # nothing is acknowledged: it comes again after the time-out
    if not call.device.acknowledge():
        raise AtError("CMS", NO_ACK_EXPECTED)
    return []


def _csca(call: Call) -> list[str]:
    if call.verb == "test":
        return []
    sim = call.device.need_sim()
    if call.verb != "set":
        return [f'+CSCA: "{sim.smsc}",{145 if sim.smsc.startswith("+") else 129}']
    sim.smsc = call.arguments[0]
    return []


def _cmms(call: Call) -> list[str]:
    settings = call.device.settings
    if call.verb == "test":
        return ["+CMMS: (0-2)"]
    if call.verb == "read":
        return [f"+CMMS: {settings.cmms}"]
    settings.cmms = _number(call, 0, range(3))
    return []


HANDLERS: dict[str, Callable[[Call], list[str]]] = {
    "+CMGS": _cmgs,
    "+CMGF": _cmgf,
    "+CSMS": _csms,
    "+CPMS": _cpms,
    "+CMGL": _cmgl,
    "+CMGR": _cmgr,
    "+CMGD": _cmgd,
    "+CNMI": _cnmi,
    "+CNMA": _cnma,
    "+CSCA": _csca,
    "+CMMS": _cmms,
    "+CSMP": lambda call: ["+CSMP: 17,167,0,0"] if call.verb == "read" else [],
}
