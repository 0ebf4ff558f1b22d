"""The sheet of a batch as one HTML file, for the person who lets it go: the figures, every text, every row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from typing import Any, TextIO

from daemon.core.batch import SheetRow
from daemon.pages.sheet import EXCLUDED, OPTED_OUT, difference
from daemon.pages.sheet_text import figures

_HEAD = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{name}: waits for release</title>
<style>
body {{ font: 1rem/1.45 system-ui, sans-serif; margin: 1rem auto; max-width: 72rem; padding: 0 1rem; color: #111;
  background: #fff }}
table {{ border-collapse: collapse; width: 100% }}
th, td {{ text-align: left; vertical-align: top; padding: .25rem .6rem .25rem 0; border-bottom: 1px solid #bbb;
  overflow-wrap: anywhere }}
.figures th {{ width: 11rem; font-weight: 600 }}
.text {{ white-space: pre-wrap; border: 1px solid #666; border-radius: .5rem; padding: .6rem; max-width: 40rem }}
.not td {{ color: #444; background: #f2f2f2 }}
del {{ background: #fbd5d5 }} ins {{ background: #cdeccd; text-decoration: none }}
@media print {{ body {{ margin: 0; max-width: none }} }}
</style></head><body>
<h1>{name}</h1>
<p>{about}</p>
"""


def write_sheet(file: TextIO, document: dict[str, Any], about: str, rows: Iterable[SheetRow]) -> None:
    """Write the page: `document` is of `sheet_text.document_of`, `about` says who dropped what and when."""
    file.write(_HEAD.format(name=escape(document["file"]), about=escape(about)))
    file.writelines(_figures(document))
    file.writelines(_texts(document))
    single = document["different_texts"] == 1
    file.writelines(_rows(rows, single=single))
    file.write("</body></html>\n")


def _figures(document: dict[str, Any]) -> Iterator[str]:
    yield '<table class="figures">\n'
    for name, figure in figures(document):
        yield f'<tr><th scope="row">{escape(name)}</th><td>{escape(figure)}</td></tr>\n'
    yield "</table>\n"
    if document["notes"]:
        yield "<h2>To know</h2>\n<ul>\n"
        yield from (f"<li>{escape(note)}</li>\n" for note in document["notes"])
        yield "</ul>\n"


def _texts(document: dict[str, Any]) -> Iterator[str]:
    yield "<h2>What they would read</h2>\n"
    if document["wording"] and document["different_texts"] > 1:
        yield f'<p>The wording, with its fields:</p>\n<p class="text">{escape(document["wording"])}</p>\n'
    for text in document["texts"]:
        parts = "1 part" if text["parts"] == 1 else f"{text['parts']} parts"
        yield f"<h3>To {text['people']}, {parts}, {escape(text['alphabet'])}</h3>\n"
        yield f'<p class="text">{escape(text["text"])}</p>\n'
        yield f"<p>A locked phone shows: <b>{escape(text['preview'])}</b></p>\n"
        if text["plain"]:
            yield f"<p>With plain signs, which were not chosen, {text['plain_parts']} parts:</p>\n"
            yield f'<p class="text">{"".join(_marked(text["text"], text["plain"]))}</p>\n'
    others = document["different_texts"] - len(document["texts"])
    if others > 0:
        yield f"<p>And {others} other texts, in the rows below.</p>\n"


def _marked(text: str, other: str) -> Iterator[str]:
    for old, new in difference(text, other):
        yield escape(old) if old == new else f"<del>{escape(old)}</del><ins>{escape(new)}</ins>"


def _rows(rows: Iterable[SheetRow], *, single: bool) -> Iterator[str]:
    """Every row of the list; the text too where not all have the same."""
    yield "<h2>Every row</h2>\n<table>\n<tr><th>Row</th><th>Ref</th><th>In the list</th><th>Number</th><th>Becomes</th>"
    yield "<th>Note</th><th>Parts</th>" + ("</tr>\n" if single else "<th>Text</th></tr>\n")
    for row in rows:
        sent = row.state == "held"
        cells = [str(row.row), row.ref, row.cell, row.to, _becomes(row), row.note, str(row.parts or "")]
        if not single:
            cells.append(row.text)
        yield "<tr>" if sent else '<tr class="not">'
        yield "".join(f"<td><bdi>{escape(cell)}</bdi></td>" for cell in cells)
        yield "</tr>\n"
    yield "</table>\n"


def _becomes(row: SheetRow) -> str:
    """What becomes of it. Why a person is excluded or has opted out is not for this page: it counts them only."""
    if row.state == "held":
        return "to be sent"
    return "left out" if row.reason in (EXCLUDED, OPTED_OUT) else f"{row.state}: {row.reason}"
