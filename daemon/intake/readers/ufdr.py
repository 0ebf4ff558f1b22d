"""Reads the contacts of a report of Cellebrite's: the report.xml of a UFDR, or such a file by itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final
from xml.parsers import expat

from daemon.intake.readers.archive import BROKEN, DAMAGED, Refused
from daemon.intake.readers.items import DELETED, OWNER, Item, Note, Row
from daemon.intake.readers.source import Source

EXPORT_AGAIN: Final = "export the contacts as UFDR or as Excel"
MAX_DEPTH: Final = 64
MAX_VALUE: Final = 4000          # characters that are kept of one value
_CHUNK: Final = 1 << 16
_NUMBERS: Final = frozenset({"phonenumber", "userid"})
_TRUE: Final = frozenset({"true", "1", "yes"})


def read(source: Source, columns: Mapping[str, str]) -> Iterator[Item]:
    """The contacts of a report; where it has none, each other side of its calls and messages once."""
    del columns  # the models of a report have names of their own
    try:
        yield from _report(source)
    except BROKEN:
        raise Refused(DAMAGED) from None


@dataclass(slots=True)
class _Model:
    """One model of the report: a contact, a call, or a part of either."""

    kind: str
    line: int
    deleted: bool
    values: dict[str, str] = field(default_factory=dict)
    inner: list[_Model] = field(default_factory=list)

    def all(self, kinds: frozenset[str]) -> Iterator[_Model]:
        """It and all models in it, of these kinds."""
        if self.kind in kinds:
            yield self
        for model in self.inner:
            yield from model.all(kinds)


@dataclass(slots=True)
class _Report:
    """Builds models out of the events of the XML parser. `whole` are those that are complete."""

    parser: expat.XMLParserType
    whole: list[_Model] = field(default_factory=list)
    project: bool = False
    _open: list[_Model] = field(default_factory=list)
    _fields: list[str] = field(default_factory=list)
    _depth: int = 0
    _text: list[str] | None = None

    def start(self, name: str, attributes: dict[str, str]) -> None:
        """An element begins."""
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise Refused("the report is nested deeper than any report: export it again")
        tag = _local(name)
        self.project = self.project or tag in {"project", "model"}
        if tag == "model":
            deleted = attributes.get("deleted_state", "").lower() not in {"", "intact", "unknown"}
            self._open.append(_Model(attributes.get("type", "").lower(), self.parser.CurrentLineNumber, deleted))
        elif tag == "field":
            self._fields.append(attributes.get("name", "").lower())
        elif tag == "value":
            self._text = []

    def text(self, data: str) -> None:
        """Characters between tags."""
        if self._text is not None and sum(map(len, self._text)) < MAX_VALUE:
            self._text.append(data[:MAX_VALUE])

    def end(self, name: str) -> None:
        """An element ends."""
        self._depth -= 1
        tag = _local(name)
        if tag == "model":
            model = self._open.pop()
            (self._open[-1].inner if self._open else self.whole).append(model)
        elif tag == "field":
            self._fields.pop()
        elif tag == "value":
            if self._open and self._fields and self._text:
                self._open[-1].values.setdefault(self._fields[-1], "".join(self._text).strip())
            self._text = None


def _local(name: str) -> str:
    return name.rpartition(":")[2]


def _report(source: Source) -> Iterator[Item]:
    rows = _Rows()
    parser = expat.ParserCreate()
    report = _Report(parser)

    def refuse(*_: object) -> None:
        raise Refused("the report declares XML entities, which no report needs: export it again")

    parser.StartDoctypeDeclHandler = refuse
    parser.StartElementHandler = report.start
    parser.EndElementHandler = report.end
    parser.CharacterDataHandler = report.text
    while chunk := source.read(_CHUNK):
        parser.Parse(chunk, False)
        for model in report.whole:
            yield from rows.of(model)
        report.whole.clear()
    parser.Parse(b"", True)
    if not report.project:
        raise Refused(f"this is no report of Cellebrite's: {EXPORT_AGAIN}")
    yield from rows.rest()


class _Rows:
    """Turns models into rows, contacts at once and the sides of calls and messages at the end."""

    def __init__(self) -> None:
        self._row = 0
        self._owners: dict[str, Row] = {}
        self._others: dict[str, Row] = {}

    def of(self, model: _Model) -> Iterator[Row]:
        """The row of a contact. What else there is waits for `rest`."""
        for party in model.all(frozenset({"party"})):
            self._keep(party, deleted=model.deleted)
        if model.kind == "contact":
            self._row += 1
            yield self._contact(model)

    def rest(self) -> Iterator[Item]:
        """The phone's owner, and, of a report without contacts, the other sides of its calls and messages."""
        if not self._row and self._others:
            yield Note("the report holds no contacts: the other sides of its calls and messages are taken, each once")
            for number, row in self._others.items():
                if number not in self._owners:
                    yield self._numbered(row)
        for row in self._owners.values():
            yield self._numbered(row)

    def _numbered(self, row: Row) -> Row:
        self._row += 1
        return row._replace(row=self._row)

    def _contact(self, model: _Model) -> Row:
        entries = [entry for entry in model.all(_NUMBERS) if entry.values.get("value")]
        lines = [f"{_label(entry)}: {entry.values['value']}" for entry in entries]
        cells = {name: value for name, value in model.values.items() if name not in {"to", "text"}}
        marks = [DELETED] if model.deleted else []
        if model.values.get("isphoneowner", "").lower() in _TRUE:
            marks.append(OWNER)
        return Row(self._row, model.line, {**cells, "to": "\n".join(lines)}, (), marks)

    def _keep(self, party: _Model, *, deleted: bool) -> None:
        number = party.values.get("identifier", "")
        if not number:
            return
        owner = party.values.get("isphoneowner", "").lower() in _TRUE
        marks = [OWNER] if owner else [DELETED] if deleted or party.deleted else []
        row = Row(0, party.line, {"name": party.values.get("name", ""), "to": number}, (), marks)
        (self._owners if owner else self._others).setdefault(number, row)


def _label(entry: _Model) -> str:
    """As Cellebrite's Excel export labels the same entry."""
    category = entry.values.get("category", "")
    return f"User ID-{category}" if entry.kind == "userid" else f"Phone-{category}"
