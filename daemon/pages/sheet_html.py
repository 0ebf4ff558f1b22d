"""The sheet of a batch as one HTML file, for the person who lets it go: the figures, every text, every row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

from daemon.core.batch import SheetRow
from daemon.pages.files import write_whole
from daemon.pages.looks import count
from daemon.pages.markup import Child, html, page, row, rows_here, split_at_rows, table, tag
from daemon.pages.sheet import EXCLUDED, OPTED_OUT, difference
from daemon.pages.sheet_text import figures


def write_sheet(path: Path, document: dict[str, Any], about: str, rows: Iterable[SheetRow]) -> None:
    """Write the page: `document` is of `sheet_text.document_of`, `about` says who dropped what and when.

    Raises OSError.
    """
    before, after = split_at_rows(_page(document, about))

    def pieces() -> Iterator[str]:
        yield before
        yield from (html(_row(one)) for one in rows)
        yield after

    write_whole(path, lambda file: file.writelines(pieces()))


def _page(document: dict[str, Any], about: str) -> str:
    name = document["file"]
    return page(
        f"{name}: waits for release",
        tag("header", tag("h1", name), tag("p", about)),
        tag("main", *_sections(document)),
    )


def _sections(document: dict[str, Any]) -> Iterator[Child]:
    yield tag("h2", "What would happen")
    lines = (row(name, figure) for name, figure in figures(document))
    yield table(("Figure", "Value"), *lines, caption="If it were released now")
    if document["notes"]:
        yield tag("h2", "To know")
        yield tag("ul", *(tag("li", note) for note in document["notes"]))
    yield tag("h2", "What they would read")
    if document["wording"] and document["different_texts"] > 1:
        yield tag("p", "The wording, with its fields:")
        yield tag("blockquote", document["wording"])
    for text in document["texts"]:
        yield from _text(text)
    if document["different_texts"] > len(document["texts"]):
        yield tag("p", "More texts differ from these; each stands in its row.", class_="quiet")
    yield tag("h2", "Every row")
    heads = ("Row", "Ref", "In the list", "Number", "Becomes", "Note", "Parts", "Text")
    yield table(heads, rows_here(), caption=count(document["rows"], "row"))


def _text(text: dict[str, Any]) -> Iterator[Element]:
    people, parts = count(text["people"], "person", "people"), count(text["parts"], "part")
    yield tag("h3", f"To {people}: {parts}, {text['alphabet']}")
    yield tag("blockquote", text["text"])
    yield tag("p", "A locked phone shows: ", tag("b", text["preview"]))
    if text["plain"]:
        yield tag("p", f"With plain signs, which nobody has chosen: {count(text['plain_parts'], 'part')}")
        yield tag("blockquote", *_marked(text["text"], text["plain"]))


def _marked(text: str, other: str) -> Iterator[Child]:
    for old, new in difference(text, other):
        if old == new:
            yield old
        else:
            yield tag("del", old)
            yield tag("ins", new)


def _row(one: SheetRow) -> Element:
    element = row(str(one.row), one.ref, tag("bdi", one.cell), one.to, _becomes(one), one.note, str(one.parts or ""))
    element.append(tag("td", one.text, class_="text"))
    return element


def _becomes(one: SheetRow) -> str:
    """What becomes of it. That a person is excluded or has opted out is not for this page: it counts them only."""
    if one.state == "held":
        return "to be sent"
    return "left out" if one.reason in (EXCLUDED, OPTED_OUT) else f"{one.state}: {one.reason}"
