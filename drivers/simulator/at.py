"""The AT channel of one simulated modem: bytes in, bytes out; echo, command lines, the prompt, URCs in between."""

from __future__ import annotations

import re
from enum import Enum, auto
from functools import partial
from typing import TYPE_CHECKING

from drivers.simulator import commands, sms_commands
from drivers.simulator.commands import Call
from drivers.simulator.errors import AtError
from drivers.simulator.network import Submit, Verdict
from drivers.simulator.storage import tpdu_length
from drivers.simulator.usage import Usage

if TYPE_CHECKING:
    from collections.abc import Callable

    from drivers.simulator.device import Device
    from drivers.simulator.faults import Transport
    from drivers.simulator.timers import Timer

HANDLERS = commands.HANDLERS | sms_commands.HANDLERS
CTRL_Z, ESC = 0x1A, 0x1B
PROMPT = b"\r\n> "
LONGEST_LINE = 4096  # octets; what is longer is noise, and is thrown away

_EXTENDED = re.compile(r"([+^#*%$][A-Z0-9]+)(=\?|\?|=(.*))?", re.DOTALL | re.IGNORECASE)
_BASIC = re.compile(r"(&?[A-Z])(\d*)(\?|=\d*)?", re.IGNORECASE)
_SEMICOLON = re.compile(r';(?=(?:[^"]*"[^"]*")*[^"]*$)')
_END_OF_PDU = re.compile(rb"[\x1a\x1b]")
_RUBBED_OUT = re.compile(rb"[^\x08]?\x08")
_IGNORED = bytes(range(0x20)).replace(b"\b", b"")


class State(Enum):
    """What the next byte from the terminal is."""

    COMMAND = auto()
    PDU = auto()
    BUSY = auto()


class Channel:
    """Feed it what the terminal writes; it calls `send` with what the modem writes.

    `drop` is called when a fault takes the port away, with the seconds after which it returns (0: it stays away).
    """

    def __init__(
        self, device: Device, transport: Transport, send: Callable[[bytes], None], drop: Callable[[float], None]
    ) -> None:
        self._device = device
        self._network = device.network
        self._clock = device.network.timers.now
        self._transport = transport
        self._send = send
        self._drop = drop
        self.usage = Usage()
        device.urc = self.urc
        self._reset()

    def _reset(self) -> None:
        self._state = State.COMMAND
        self._in = bytearray()
        self._out = bytearray()
        self._urcs: list[bytes] = []
        self._executing = False
        self._answers: list[Timer] = []
        self._length = 0
        self._commanded = self._prompted = 0.0

    def power_off(self) -> None:
        """Forget everything: what was half typed is lost, and what was to be answered never is."""
        for timer in self._answers:
            timer.cancel()
        self._reset()

    # -- bytes in

    def feed(self, data: bytes) -> None:
        """Take bytes from the terminal, in pieces of any size."""
        self._in += data
        self._work()

    def _work(self) -> None:
        more = True
        while more and self._in:
            if self._state is State.COMMAND:
                more = self._command_line()
            elif self._state is State.PDU:
                more = self._pdu()
            else:
                more = False  # busy: what comes meanwhile is heard afterwards
        self._flush()

    def _command_line(self) -> bool:
        end = self._in.find(b"\r")
        if end < 0:
            if len(self._in) > LONGEST_LINE:
                self._in.clear()
            return False
        raw = bytes(self._in[: end + 1])
        del self._in[: end + 1]
        self._echo(raw)
        line = _without_control(raw).strip()
        if line[:2].upper() == "AT":
            self._execute(line[2:])
        return True

    def _echo(self, raw: bytes) -> None:
        if self._device.settings.echo or self._transport.forced_echo:
            self._out += raw

    def _pdu(self) -> bool:
        end = _END_OF_PDU.search(self._in)
        if end is None:
            if len(self._in) > LONGEST_LINE:
                self._in.clear()
            return False
        ended = self._clock()
        raw = bytes(self._in[: end.end()])
        del self._in[: end.end()]
        self._echo(raw[:-1])
        self._state = State.COMMAND
        if raw[-1] == ESC:
            self._line("OK")  # 27.005 §4.3: the message is not sent
        else:
            self._submit(_without_control(raw).replace(" ", ""), ended)
        return True

    # -- commands

    def _execute(self, body: str) -> None:
        self._executing = True
        try:
            for piece in _SEMICOLON.split(body.strip()):
                if not self._run(piece.strip()):
                    return
            self._line("OK")
        except AtError as error:
            self._line(error.line(self._device.settings.cmee))
        finally:
            self._executing = False

    def _run(self, piece: str) -> bool:
        """One command of a line. False when its final answer comes by other ways. Raises AtError."""
        while piece:
            extended = _EXTENDED.fullmatch(piece)
            if extended:
                return self._extended(extended.group(1).upper(), extended.group(2) or "", extended.group(3) or "")
            basic = _BASIC.match(piece)
            if basic is None:
                raise AtError
            for line in commands.basic(self._device, basic.group(1).upper(), basic.group(2)):
                self._line(line)
            piece = piece[basic.end() :]
        return True

    def _extended(self, name: str, operator: str, arguments: str) -> bool:
        if name == "+CMGS" and operator not in ("?", "=?"):
            self._start_submit(arguments)
            return False
        if name == "+CLAC" and not operator:
            for known in sorted(HANDLERS):
                self._line(known)
            return True
        handler = HANDLERS.get(name)
        if handler is None:
            raise AtError
        verb = {"": "run", "?": "read", "=?": "test"}.get(operator, "set")
        for line in handler(Call(self._device, verb, arguments)):
            self._line(line)
        return True

    # -- submitting

    def _start_submit(self, arguments: str) -> None:
        self._commanded = self._clock()
        sim = self._device.need_sim()
        if not arguments.isdecimal() or not 0 < int(arguments) <= sms_commands.LONGEST_TPDU:
            raise AtError("CMS", sms_commands.INVALID_PDU)
        self._length = int(arguments)
        rule = self._network.script.take("prompt", sim.iccid)
        if rule is None:
            self._prompt()
        elif rule.mode == "late":
            self._state = State.BUSY
            self._answers.append(self._network.timers.after(rule.seconds, self._late_prompt))
        # "never": no prompt, no answer, and the modem waits for the next command

    def _prompt(self) -> None:
        self._prompted = self._clock()
        self._state = State.PDU
        self._out += PROMPT

    def _late_prompt(self) -> None:
        self._prompt()
        self._work()

    def _submit(self, pdu: str, ended: float) -> None:
        device = self._device
        try:
            sim = device.need_sim()
            if not _is_hex(pdu) or tpdu_length(pdu) != self._length:
                raise AtError("CMS", sms_commands.INVALID_PDU)
        except AtError as error:
            self._line(error.line(device.settings.cmee))
            return
        self.usage.ended(self._commanded, ended)
        verdict = self._network.submit(sim, Submit(pdu, device.imei, self._commanded, self._prompted, ended))
        if verdict.delay <= 0:
            self._answer(verdict)
            return
        if verdict.busy:
            self._state = State.BUSY
        self._answers = [timer for timer in self._answers if timer.waiting]
        self._answers.append(self._network.timers.after(verdict.delay, partial(self._answer_now, verdict)))

    def _answer_now(self, verdict: Verdict) -> None:
        if verdict.busy:
            self._state = State.COMMAND
        self._answer(verdict)
        self._work()

    def _answer(self, verdict: Verdict) -> None:
        device = self._device
        iccid = device.sim.iccid if device.sim else None
        if verdict.drop is not None:
            self._network.log.write("drop", iccid=iccid, imei=device.imei)
            self._drop(verdict.drop)
            return
        if verdict.error is not None:
            lines = [verdict.error.line(device.settings.cmee)]
        elif verdict.mr is not None:
            lines = [f"+CMGS: {verdict.mr}", "OK"]
        else:
            return
        self.usage.answered(self._clock())
        self._network.log.write("answer", iccid=iccid, imei=device.imei, mr=verdict.mr, answer=lines)
        for line in lines:
            self._line(line)

    # -- bytes out

    def urc(self, *lines: str) -> None:
        """Say something unasked, between lines, and never while a PDU is awaited."""
        if not self._device.powered:
            return
        self._urcs.append(b"".join(f"\r\n{line}".encode() for line in lines) + b"\r\n")
        if not self._executing:
            self._flush()

    def _line(self, text: str) -> None:
        self._out += f"\r\n{text}\r\n".encode()

    def _flush(self) -> None:
        typing = bool(self._in) and self._device.settings.echo and self._state is State.COMMAND
        if self._urcs and self._state is not State.PDU and not typing:
            self._out += b"".join(self._urcs)
            self._urcs.clear()
        if self._out:
            out = bytes(self._out)
            self._out.clear()
            self._send(out)


def _without_control(raw: bytes) -> str:
    while b"\b" in raw:
        raw = _RUBBED_OUT.sub(b"", raw, count=1)
    return raw.translate(None, _IGNORED).decode("latin-1")


def _is_hex(pdu: str) -> bool:
    try:
        bytes.fromhex(pdu)
    except ValueError:
        return False
    return bool(pdu)
