"""What a modem sends, cut and sorted: bytes to prompts, answers, final results and news. Free of ports and threads."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from drivers.quirks import NEWS_NAMES, PLAIN_NEWS


@dataclass(frozen=True, slots=True)
class Prompt:
    """The modem waits for a PDU (27.005 §3.5.1)."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A line that belongs to the command in hand. `corrects`: it stands for the one before, which was torn."""

    text: str
    corrects: bool = False


@dataclass(frozen=True, slots=True)
class Final:
    """The end of an answer: OK or an error."""

    text: str


@dataclass(frozen=True, slots=True)
class News:
    """What came unasked: a URC, with its PDU or further lines behind it, or noise."""

    lines: tuple[str, ...]


Event = Prompt | Answer | Final | News

LONGEST_LINE = 8192
"""A line is cut here, so that a port of the wrong speed cannot fill the memory. The longest PDU has 352 characters."""
MOST_QUOTED_LINES = 40

PDU_COMMANDS = frozenset({"+CMGR", "+CMGL"})
IDENTITY_COMMANDS = frozenset({
    "+CGMI", "+CGMM", "+CGMR", "+CGSN", "+CIMI", "+CCID", "+ICCID", "^ICCID", "+QCCID", "+CPIN", "AT", "I",
})
"""Commands whose answers come bare or under another name. The answer to any other begins with the command's name."""
_TWO_LINES = frozenset({"+CMT", "+CDS", "+CBM"})
_PLAIN_URCS = NEWS_NAMES - _TWO_LINES - {"+CUSD", "+CMGS", "+CMTI", "+CDSI"}

_END = re.compile(rb"[\r\n]+")
_BLANK = b" \t\x00"
_NAME = re.compile(r"([+^#%*$&][A-Z][A-Z0-9]+)\s*:", re.IGNORECASE)
_COMMAND = re.compile(r"AT([+^#%*$&][A-Z0-9]+|[A-Z])", re.IGNORECASE)
_FINAL = re.compile(r"OK|ERROR(:.*)?|COMMAND NOT SUPPORT(ED)?|\+?CM[ES] ERROR\b.*", re.IGNORECASE)
_HEX = re.compile(r"(?:[0-9A-F]{2}){7,}", re.IGNORECASE)
_HEX_DIGITS = re.compile(r"[0-9A-F]+", re.IGNORECASE)
_LAST_NUMBER = re.compile(r"(\d+)\s*$")


class Splitter:
    """Bytes to lines and prompts. The same bytes give the same lines, however they are cut into reads."""

    def __init__(self) -> None:
        self._rest = b""
        self._prompted = False

    def feed(self, data: bytes) -> Iterator[str | None]:
        """The lines that `data` completes, stripped and never empty; None stands for a prompt.

        A prompt is a ">" where a line begins: some modems send no space behind it, some a line end.
        """
        *whole, self._rest = _END.split(self._rest + data)
        for line in whole:
            yield from self._cut(line, ended=True)
        yield from self._cut(self._rest, ended=False)

    def _cut(self, line: bytes, *, ended: bool) -> Iterator[str | None]:
        while True:
            if not self._prompted and line.lstrip(_BLANK).startswith(b">"):
                self._prompted = True
                yield None
            if len(line) < LONGEST_LINE:
                break
            yield from self._text(line[:LONGEST_LINE])
            line = line[LONGEST_LINE:]
        if ended:
            yield from self._text(line)
        else:
            self._rest = line

    def _text(self, line: bytes) -> Iterator[str]:
        if self._prompted:
            self._prompted = False
            line = line.lstrip(_BLANK).removeprefix(b">")
        text = line.decode("utf-8", "replace")
        if not text.isprintable():
            text = "".join(char for char in text if char.isprintable())
        text = text.strip()
        if text:
            yield text


class Sorter:
    """Tells answers from news, for the command in hand. A URC inside an answer neither ends it nor gets lost.

    Some modems write a URC even into the midst of a line. A line that makes no sense by itself is then tried as the
    rest of the line before the URC, and a PDU that is too short waits for its other half.
    """

    def __init__(self) -> None:
        self._splitter = Splitter()
        self._name = ""
        self._echoes: set[str] = set()
        self._before = ""      # the last line that was no plain URC
        self._torn = False     # a URC came right behind it
        self._header = ""      # of a URC of two lines
        self._half_pdu = ""
        self._quoted: list[str] = []
        self._quote_is_answer = False

    def expect(self, command: str) -> None:
        """`command` (empty: none) is in hand from here on; its echo is dropped."""
        found = _COMMAND.match(command)
        self._name = found[1].upper() if found else command
        self._echoes = {command} if command else set()
        self._before = self._before if self._header else ""

    def expect_echo(self, text: str) -> None:
        """`text` is written too: some modems echo the PDU."""
        self._echoes.add(text)

    def feed(self, data: bytes) -> Iterator[Event]:
        """What `data` completes, in its order. `expect` may be called between two events."""
        for line in self._splitter.feed(data):
            if line is None:
                yield Prompt()
            else:
                yield from self._sort(line)

    def _sort(self, line: str) -> Iterator[Event]:
        name = name_of(line)
        if name in _PLAIN_URCS and name != self._name:
            self._torn = self._before != ""
            yield News((line,))
            return
        torn, self._torn = self._torn, False
        before, self._before = self._before, line
        final = _FINAL.fullmatch(line) is not None
        if self._quoted and not final and not name:
            yield from self._quote(line)
            return
        if self._quoted:
            yield self._close_quote()  # the text never ended: better half of it than an answer swallowed
        if not final and not name and line not in self._echoes:
            yield from self._unnamed(line, before if torn else "")
            return
        if self._half_pdu:
            yield self._take_pdu(self._half_pdu)
        if final:
            yield Final(line)
        elif name:
            yield from self._named(name, line)

    def _unnamed(self, line: str, before: str) -> Iterator[Event]:
        """A line that says nothing of itself: a PDU, plain text, noise, or the rest of the line `before`."""
        joined = before + line
        name = name_of(joined)
        if before and (name or _FINAL.fullmatch(joined)) and self._continues(before, line):
            self._before = joined
            if name and name == self._name:
                yield Answer(joined, corrects=name_of(before) == name or self._is_bare_answer(before))
            elif name in _TWO_LINES:
                self._header = joined
            else:
                yield News((joined,)) if name else Final(joined)
        elif self._header and self._is_pdu_of_header(self._half_pdu + line):
            self._half_pdu += line
            if not _falls_short(self._header, self._half_pdu):
                yield self._take_pdu(self._half_pdu)
        elif self._is_bare_answer(line):
            yield Answer(line)
        else:
            yield News((line,))

    def _continues(self, before: str, line: str) -> bool:
        """Whether two pieces may be one line: a number goes on with digits or a comma, a closed quote with a comma.

        A PDU behind its header is no rest of it; a long number may be the rest of an ICCID.
        """
        may_be_number = name_of(before) == self._name and self._name not in PDU_COMMANDS
        if not may_be_number and len(line) >= 14 and _HEX_DIGITS.fullmatch(line):
            return False
        if before[-1].isdigit():
            return line[0].isdigit() or line[0] in ',"'
        return before[-1] != '"' or before.count('"') % 2 == 1 or line[0] == ","

    def _take_pdu(self, pdu: str) -> Event:
        header, self._header, self._half_pdu = self._header, "", ""
        return News((header, pdu))

    def _named(self, name: str, line: str) -> Iterator[Event]:
        mine = name == self._name or (self._name in IDENTITY_COMMANDS and name not in NEWS_NAMES)
        if name == "+CUSD" and line.count('"') == 1:
            self._quoted, self._quote_is_answer = [line], mine
        elif mine:
            yield Answer(line)
        elif name in _TWO_LINES and line.count(",") < 3:  # more commas: the text mode form, all in one line
            if self._header:
                yield News((self._header,))
            self._header = line
        else:
            yield News((line,))

    def _quote(self, line: str) -> Iterator[Event]:
        self._quoted.append(line)
        if '"' in line or len(self._quoted) >= MOST_QUOTED_LINES:
            yield self._close_quote()

    def _close_quote(self) -> Event:
        lines, self._quoted = tuple(self._quoted), []
        return Answer("\n".join(lines)) if self._quote_is_answer else News(("\n".join(lines),))

    def _is_pdu_of_header(self, line: str) -> bool:
        """Whether this line is the PDU that a +CDS, +CMT or +CBM announced, and not part of the answer in hand."""
        if self._name in PDU_COMMANDS:
            return is_hex(line) and octets_over(self._header, line) == 0
        if self._name in IDENTITY_COMMANDS:
            return _HEX.fullmatch(line) is not None
        return not line.upper().startswith(PLAIN_NEWS)

    def _is_bare_answer(self, line: str) -> bool:
        return self._name in PDU_COMMANDS | IDENTITY_COMMANDS and not line.upper().startswith(PLAIN_NEWS)


def name_of(line: str) -> str:
    """The "+NAME" that a line begins with, in capitals; empty when there is none."""
    found = _NAME.match(line)
    return found[1].upper() if found else ""


def is_hex(line: str) -> bool:
    """Whether a line looks like a PDU: an even number of hexadecimal digits, and enough of them."""
    return _HEX.fullmatch(line) is not None


def octets_over(header: str, pdu: str) -> int | None:
    """How many octets a PDU has more than its header states, which leaves out the SMSC (27.005 §3.4.1), if it does."""
    stated = _LAST_NUMBER.search(header)
    if stated is None or re.match("[0-9A-Fa-f]{2}", pdu) is None:
        return None
    return len(pdu) // 2 - 1 - int(pdu[:2], 16) - int(stated[1])


def _falls_short(header: str, pdu: str) -> bool:
    """Whether more of a PDU may be still to come."""
    if _HEX_DIGITS.fullmatch(pdu) is None or _LAST_NUMBER.search(header) is None:
        return False
    over = octets_over(header, pdu)
    return over is None or over < 0
