"""The report of a batch for a case file: a folder with a page to print, the outcomes, the record, and hashes of all."""

from __future__ import annotations

import hashlib
import json
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from typing import Any, Final, TypeVar
from xml.etree.ElementTree import Element

from daemon.clock import iso
from daemon.core.triage import Kind, WordList
from daemon.pages.files import write_whole
from daemon.pages.looks import moment, record_head, words
from daemon.pages.markup import page, row, table, tag
from daemon.pages.outcomes import write_outcomes
from daemon.pages.replied import NOBODY, Answers, Replied, kinds_table
from daemon.pages.replies import Hinted, shown
from daemon.settings import Settings
from daemon.store import Replies, Store, Views
from daemon.store.achieved import achieved, entries, texts

PAGE, OUTCOMES, RECORD, MANIFEST, SUMS = "report.html", "outcomes.csv", "record.jsonl", "manifest.json", "SHA256SUMS"
MOST_TEXTS = 5
K = TypeVar("K")


FIGURES: Final = {
    "rows": "rows of the list",
    "rejected": "of them could not be used",
    "texted": "people to whom a text left",
    "reached": "people whose phone took it, as its network reports",
    "replied": "people who texted back",
    "asked_for_help": "people who asked for help, by the words of their replies",
    "handed_over": "people whose conversation was handed over to a worker or a service",
    "opted_out": "people who asked for no more texts",
}
"""The figures, each with what it counts."""
OF_PEOPLE: Final = ("replied", "asked_for_help", "handed_over", "opted_out")
"""Those that nobody can tell any more once the people are erased."""


@dataclass(frozen=True, slots=True)
class Frame:
    """What a report says of itself. Figures from 1 to `suppress_below` - 1 stay hidden: they may point at somebody."""

    made_by: str
    made_at: float
    head: str
    suppress_below: int = 0


def write_report(
    folder: Path, store: Store, batch: Mapping[str, Any], settings: Settings, words: WordList, frame: Frame
) -> list[Path]:
    """Write the whole folder; its files. `words` tell what replies are about. Raises OSError."""
    zone, views = settings.station.zone, Views(store)
    back = _answered(store, words).get(batch["name"], NOBODY)
    figures = achieved(store, batch["id"]) | {
        "replied": back.people, "asked_for_help": back.asked_for_help, "handed_over": back.handed_over,
    }  # fmt: skip
    shown = {name: _shown(figures[name], frame) for name in FIGURES}
    if batch["erased_at"] is not None:
        shown |= dict.fromkeys(OF_PEOPLE, "erased")
    kinds = _parts(back.kinds, frame)
    states = _parts({state: n for state, n in views.counts(batch["id"]).items() if n}, frame)
    write_outcomes(folder / OUTCOMES, views.outcomes(batch["id"]), zone)
    _write(folder / RECORD, "".join(f"{entry}\n" for entry in entries(store, batch["id"], batch["name"])))
    _write(folder / PAGE, _page(store, batch, settings, frame, shown, states, kinds))
    manifest = {
        "station": settings.station.name,
        "batch": batch["name"],
        "list_sha256": batch["sha256"],
        "made_by": frame.made_by,
        "made_at": iso(frame.made_at, zone),
        "audit_head": frame.head,
        "figures": shown,
        "states": states,
        "replies": kinds,
        "suppressed_below": frame.suppress_below,
        "files": {name: _sha256(folder / name) for name in (PAGE, OUTCOMES, RECORD)},
    }
    _write(folder / MANIFEST, json.dumps(manifest, indent=1, ensure_ascii=False) + "\n")
    names = (PAGE, OUTCOMES, RECORD, MANIFEST)
    _write(folder / SUMS, "".join(f"{_sha256(folder / name)}  {name}\n" for name in names))
    return [folder / name for name in (*names, SUMS)]


def _answered(store: Store, words: WordList) -> dict[str, Replied]:
    answers = Answers()
    hinted = (Hinted(reply, words.kind(shown(reply))) for reply in Replies(store).each())
    deque(answers.watch(hinted), maxlen=0)
    return answers.replied(Views(store).handovers(closed=True))


def _shown(n: int, frame: Frame) -> int | str:
    return f"fewer than {frame.suppress_below}" if 0 < n < frame.suppress_below else n


def _parts(counts: Mapping[K, int], frame: Frame) -> dict[K, int | str]:
    """The parts of a sum that others may know: one that is hidden alone could be reckoned, so that the smallest of the
    rest is hidden with it."""
    shown = {key: _shown(n, frame) for key, n in counts.items()}
    rest = [key for key, n in shown.items() if isinstance(n, int) and n]
    if rest and sum(isinstance(n, str) for n in shown.values()) == 1:
        shown[min(rest, key=lambda key: counts[key])] = "hidden"
    return shown


def _page(
    store: Store, batch: Mapping[str, Any], settings: Settings, frame: Frame, shown: Mapping[str, int | str],
    states: Mapping[str, int | str], kinds: Mapping[Kind, int | str],
) -> str:  # fmt: skip
    station, title = settings.station, f"Report of batch {batch['name']}"
    left = texts(store, batch["id"]).most_common(MOST_TEXTS)
    return page(
        title,
        tag(
            "header",
            tag("h1", title),
            tag("p", f"{station.name}, {moment(frame.made_at, station.zone)}, made by {frame.made_by}"),
        ),
        tag(
            "main",
            tag("h2", "What was asked"),
            _facts(batch, station.zone),
            *(tag("div", tag("p", f"To {_shown(n, frame)}:"), tag("blockquote", text)) for text, n in left),
            tag("h2", "What it achieved"),
            _numbers({FIGURES[name]: n for name, n in shown.items()}, "In people"),
            kinds_table(kinds),
            _numbers({words(state): n for state, n in states.items()}, "Messages by state"),
            tag("h2", "How this can be checked"),
            tag("p", record_head(frame.head)),
            tag("p", "Keep this page: ", tag("code", f"outpost audit verify --head {frame.head}"),
                " tells later whether anything that was on record by then has been changed."),
            tag("p", f"{OUTCOMES} holds every row, {RECORD} what is on record of this batch, {MANIFEST} and {SUMS} the "
                "SHA-256 of each file: ", tag("code", f"sha256sum -c {SUMS}")),
        ),
    )  # fmt: skip


def _facts(batch: Mapping[str, Any], zone: tzinfo) -> Element:
    facts = (
        ("List", batch["source"]),
        ("Content", f"SHA-256 {batch['sha256']}"),
        ("Dropped by", f"{batch['owner']}, {moment(batch['dropped_at'], zone)}"),
        ("Released by", batch["released_by"] or "nobody: no release was needed, or there is none yet"),
        ("Released", moment(batch["released_at"], zone) or "not yet"),
        ("Ended", moment(batch["finished_at"], zone) or "not yet"),
        ("State", words(batch["state"])),
    )
    return tag("dl", *(part for name, value in facts for part in (tag("dt", name), tag("dd", value))))


def _numbers(numbers: Mapping[str, int | str], caption: str) -> Element:
    rows = (row(name, str(n)) for name, n in numbers.items())
    return table(("What", "How many"), *rows, caption=caption, empty="None.")


def _write(path: Path, text: str) -> None:
    write_whole(path, lambda file: file.write(text))


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
