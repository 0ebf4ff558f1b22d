"""The sheet of a batch as one document, and that document as lines for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import tzinfo
from typing import Any

from daemon.clock import iso
from daemon.core.batch import Problem
from daemon.pages.outlook import Outlook, Share
from daemon.pages.sheet import DUPLICATES, EXCLUDED, OPTED_OUT, Sheet, difference
from daemon.pages.text import table

SHOWN_PROBLEMS = 20
SHOWN_TEXTS = 5
MOST_ADVISED_PARTS = 2


@dataclass(frozen=True, slots=True)
class Subject:
    """What the sheet speaks of. `reason` says why none of it would be taken, "" when some of it would.

    `wording` is message.txt with its fields, "" when each row has a text of its own; `again` why content that came
    before comes again; `problems` are of its bad rows.
    """

    name: str
    reason: str = ""
    wording: str = ""
    again: str = ""
    notes: Sequence[str] = ()
    problems: Sequence[Problem] = ()


def document_of(subject: Subject, sheet: Sheet, outlook: Outlook, currency: str, zone: tzinfo) -> dict[str, Any]:
    """Every figure by its name. Times are ISO 8601 with offset; None is 'not known'."""
    row, characters, parts = sheet.longest
    return {
        "file": subject.name,
        "accepted": not subject.reason,
        "reason": subject.reason,
        "rows": sheet.rows,
        "good": sheet.people,
        "rejected": sheet.rejected,
        "reasons": dict(sheet.bad),
        "left_out": dict(sheet.left_out),
        "duplicates": sheet.left_out.get(DUPLICATES, 0),
        "excluded": sheet.left_out.get(EXCLUDED, 0),
        "opted_out": sheet.left_out.get(OPTED_OUT, 0),
        "parts": sheet.parts,
        "alphabets": dict(sheet.alphabets),
        "longest": {"row": row, "characters": characters, "parts": parts},
        "wording": subject.wording,
        "different_texts": sheet.different,
        "texts": [asdict(text) for text in sheet.texts],
        "forcing": [{"code": f"U+{ord(sign.char):04X}", **asdict(sign)} for sign in sheet.signs],
        "starts_at": _time(outlook.starts_at, zone),
        "finishes_at": _time(outlook.finishes_at, zone),
        "sims": [_share(share, zone) for share in outlook.shares],
        "waiting_before": outlook.ahead,
        "cost": None if outlook.cost is None else {"amount": round(outlook.cost, 2), "currency": currency},
        "notes": [*subject.notes, *_advice(sheet, outlook)],
        "problems": [asdict(problem) for problem in subject.problems],
    }


def _advice(sheet: Sheet, outlook: Outlook) -> Iterator[str]:
    if sheet.longest[2] > MOST_ADVISED_PARTS:
        yield f"texts of more than {MOST_ADVISED_PARTS} parts are best avoided: the longest here has {sheet.longest[2]}"
    if any(text.plain for text in sheet.texts):
        yield "plain signs could stand for some characters: they are taken only with `plain = true` in batch.toml"
    if sheet.people and not outlook.by_known_sims:
        yield "no SIM is in use just now: the times are those of one SIM that has sent nothing yet"
    if outlook.stranded:
        yield (
            f"{outlook.stranded} of these people were texted from a SIM that is not in use: they wait for it, and are "
            "not counted in these times"
        )


def _share(share: Share, zone: tzinfo) -> dict[str, Any]:
    return {
        **asdict(share), "starts_at": iso(share.starts_at, zone), "finishes_at": iso(share.finishes_at, zone),
    }  # fmt: skip


def _time(time: float | None, zone: tzinfo) -> str | None:
    return None if time is None else iso(time, zone)


def lines(document: dict[str, Any]) -> Iterator[str]:
    """The document for a person at a terminal."""
    if document["reason"]:
        yield f"{document['file']}: would be rejected whole: {document['reason']}"
    else:
        yield f"{document['file']}: would be taken"
    if document["rows"]:
        yield from ("  " + line for line in table(("", ""), list(figures(document)), "") if line.strip())
    for text in document["texts"][:SHOWN_TEXTS]:
        yield ""
        yield from _text_lines(text)
    if document["different_texts"] > SHOWN_TEXTS:
        yield f"  and {document['different_texts'] - SHOWN_TEXTS} other texts"
    for note in document["notes"]:
        yield f"  note: {note}"
    for problem in document["problems"][:SHOWN_PROBLEMS]:
        yield from _problem_lines(problem, document["reason"])
    if len(document["problems"]) > SHOWN_PROBLEMS:
        yield f"  and {len(document['problems']) - SHOWN_PROBLEMS} more; --json lists all"


def _problem_lines(problem: dict[str, Any], told: str) -> Iterator[str]:
    """One fault with its place; what was `told` of the whole file is not said again."""
    column = problem["column"] or ("row" if problem["row"] else "")
    value = repr(problem["value"]) if problem["value"] else ""
    place = ", ".join(filter(None, (f"line {problem['line']}" if problem["line"] else "", column, value)))
    if problem["reason"] != told:
        yield f"  {place or 'file'}: {problem['reason']}"
    elif place:
        yield f"  that is {place}"


def figures(document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """What each figure is called, and the figure: the same words for a terminal and for the page."""
    yield "rows", str(document["rows"])
    yield "to be sent", f"{document['good']}, as {_parts(document['parts'])}"
    yield "left out", _counted(document["left_out"])
    yield "rejected", str(document["rejected"])
    for reason, count in document["reasons"].items():
        yield "", f"{count}: {reason}"
    yield "alphabet", _counted(document["alphabets"])
    longest = document["longest"]
    if longest["parts"]:
        yield "longest text", f"{longest['characters']} characters, {_parts(longest['parts'])} (row {longest['row']})"
    for sign in document["forcing"]:
        yield "needs UCS-2", sign_line(sign)
    if document["starts_at"]:
        yield "if released now", f"first {document['starts_at']}, last {document['finishes_at']} (estimate)"
    for sim in document["sims"]:
        yield "through SIM", (
            f"{sim['label'] or sim['iccid']}, network {sim['network']}: {sim['messages']} messages, "
            f"{_parts(sim['parts'])}, until {sim['finishes_at']}"
        )
    if document["waiting_before"]:
        yield "waiting before", f"{document['waiting_before']} messages of other batches, counted in these times"
    if document["cost"]:
        yield "cost", f"{document['cost']['amount']:.2f} {document['cost']['currency']}"


def sign_line(sign: dict[str, Any]) -> str:
    """One character that forces the dearer alphabet, where it stands, and what could stand there."""
    shown = sign["char"] if sign["char"].isprintable() and not sign["char"].isspace() else ""
    instead = {None: "nothing plain stands for it", "": "can be left out"}.get(
        sign["replacement"], f"{sign['replacement']!r} could stand for it"
    )
    what = " ".join(filter(None, (shown, sign["code"], sign["name"])))
    return f"{what}, in {sign['texts']} texts, first in row {sign['row']} at character {sign['position']}: {instead}"


def _text_lines(text: dict[str, Any]) -> Iterator[str]:
    yield f"  to {text['people']}, {_parts(text['parts'])}, {text['alphabet']}; a locked phone shows: {text['preview']}"
    yield from (f"    | {line}" for line in text["text"].split("\n"))
    if text["plain"]:
        yield f"    with plain signs, {_parts(text['plain_parts'])}: {_marked(text['text'], text['plain'])}"


def _marked(text: str, other: str) -> str:
    """A text with its changes as [old > new]."""
    pieces = [old if old == new else f"[{old} > {new or 'nothing'}]" for old, new in difference(text, other)]
    return "".join(pieces).replace("\n", " ")


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {what}" for what, count in counts.items()) or "none"


def _parts(count: int) -> str:
    return "1 part" if count == 1 else f"{count} parts"
