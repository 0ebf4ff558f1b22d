"""Reads a list from vCards, versions 2.1, 3.0 (RFC 2426) and 4.0 (RFC 6350): one row a card."""

from __future__ import annotations

import quopri
import re
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from daemon.intake.readers.encoding import encoding_of
from daemon.intake.readers.items import Item, Row, Unreadable
from daemon.intake.readers.source import Source

_FIELDS: Final[Mapping[str, str]] = {
    "ORG": "organisation", "NICKNAME": "nickname", "TITLE": "title", "NOTE": "note", "EMAIL": "email",
}
_ESCAPE: Final = re.compile(r"\\(.)", re.DOTALL)
_PARAMETERS: Final = re.compile(r';((?:[^;":]|"[^"]*")*)')
_NAME: Final = re.compile(r"(?:[\w-]+\.)?([\w-]+)")
_CUT_OFF: Final = "a vCard begins in this line and does not end: the file was cut off; copy or export it again"


class _Property(NamedTuple):
    """One property of a card, unfolded. `line` is where it begins."""

    line: int
    name: str
    parameters: str     # upper case, for looking into
    value: str


def read(source: Source, columns: Mapping[str, str]) -> Iterator[Item]:
    """The cards of a file. All telephone numbers of a card are one cell."""
    del columns  # the properties of a card have names of their own
    data = source.read()
    encoding = encoding_of(data)
    if isinstance(encoding, Unreadable):
        yield encoding
        return
    cards = _Cards()
    for each in _properties(data.decode(encoding)):
        yield from cards.take(each)
    if cards.depth:
        yield Unreadable(_CUT_OFF, cards.begun)
    elif not cards.count:
        yield Unreadable("the file holds no vCard: export the contacts again as .vcf or .csv")


class _Cards:
    """Gathers properties into cards. A card inside a card is an assistant's, and is passed over."""

    def __init__(self) -> None:
        self.count = self.depth = self.begun = 0
        self._numbers: list[str] = []
        self._cells: dict[str, str] = {}

    def take(self, each: _Property) -> Iterator[Row]:
        """One property; a row when it ends a card."""
        edge = each.value.strip().upper() == "VCARD"
        if edge and each.name == "BEGIN":
            self.depth += 1
            if self.depth == 1:
                self.begun, self._numbers, self._cells = each.line, [], {}
        elif edge and each.name == "END" and self.depth:
            self.depth -= 1
            if self.depth == 0:
                self.count += 1
                yield Row(self.count, self.begun, {"name": "", **self._cells, "to": "\n".join(self._numbers)})
        elif self.depth == 1:
            self._put(each)

    def _put(self, each: _Property) -> None:
        if each.name == "TEL":
            self._numbers.append(_number(each.value, each.parameters))
        elif each.name == "N":
            self._cells = _names(each.value, each.parameters) | self._cells
        elif each.name == "FN":
            self._cells["name"] = _plain(each.value, each.parameters)
        elif each.name in _FIELDS:
            self._cells.setdefault(_FIELDS[each.name], _plain(each.value, each.parameters))


def _properties(text: str) -> Iterator[_Property]:
    """Unfolded: a line that begins with white space goes on, and so does a quoted-printable one that ends with "="."""
    start, parts, quoted = 0, list[str](), False
    for number, line in enumerate([*text.splitlines(), ""], 1):
        if parts and quoted and parts[-1].endswith("="):
            parts[-1] = parts[-1][:-1]
            parts.append(line)
            continue
        if parts and line[:1] in {" ", "\t"} and line.strip():
            parts.append(line[1:])
            continue
        if parts and (found := _property(start, "".join(parts))):
            yield found
        start, parts = number, [line] if line.strip() else []
        quoted = "QUOTED-PRINTABLE" in line.partition(":")[0].upper()


def _property(line: int, text: str) -> _Property | None:
    name = _NAME.match(text)
    if name is None:
        return None
    at = name.end()
    while parameter := _PARAMETERS.match(text, at):
        at = parameter.end()
    if text[at : at + 1] != ":":
        return None
    return _Property(line, name[1].upper(), text[name.end() : at].upper(), text[at + 1 :])


def _plain(value: str, parameters: str) -> str:
    """A value as a person reads it."""
    if "QUOTED-PRINTABLE" in parameters:
        octets = quopri.decodestring(value.encode("latin-1", "replace"))
        try:
            value = octets.decode("utf-8")
        except UnicodeDecodeError:
            value = octets.decode("cp1252", "replace")
    return _ESCAPE.sub(lambda match: "\n" if match[1] in "nN" else match[1], value).strip()


def _names(value: str, parameters: str) -> dict[str, str]:
    """N is surname; given name; further names; titles, each with its own escapes."""
    parts = [_plain(part, parameters) for part in re.split(r"(?<!\\);", value)]
    surname, given = (*parts, "", "")[:2]
    whole = " ".join(filter(None, (given, surname)))
    return {"first name": given, "last name": surname, **({"name": whole} if whole else {})}


def _number(value: str, parameters: str) -> str:
    """The number of a TEL: a text, or since 4.0 a tel: URI with parameters of its own (RFC 3966)."""
    plain = _plain(value, parameters)
    return plain.partition(";")[0] if plain[:4].lower() == "tel:" else plain
