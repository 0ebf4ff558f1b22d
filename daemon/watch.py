"""`outpost watch`: the station on a terminal, alive, with keys for what cannot wait."""

from __future__ import annotations

import os
import select
import sys
import termios
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from daemon.core.standstill import next_time

Document = dict[str, Any]
Ask = Callable[[dict[str, Any]], str]
"""Has the service do something, and gives a sentence for people: what came of it."""

SECONDS: Final = 1.0
"""How often the screen is drawn again."""

_STYLES: Final = {
    "ready": "green", "waiting": "green", "released": "green", "running": "green", "resting": "yellow",
    "paused": "yellow", "absent": "yellow", "awaiting_release": "yellow", "blocked": "bold red", "locked": "bold red",
    "lost": "bold red", "unusable": "bold red",
}  # fmt: skip
_DONE: Final = ("delivered", "undelivered", "failed", "expired", "suppressed", "cancelled")
_KEYS: Final = "[↑ ↓] choose a batch  [r] release  [p] pause, resume  [s] stop all sends  [q] quit"
_UP, _DOWN, _ESC, _INTERRUPT = "\x1b[A", "\x1b[B", "\x1b", "\x03"


@dataclass(slots=True)
class Screen:
    """What is on the screen beside the station itself: the chosen batch, a question, and what came of the last key."""

    chosen: int = 0
    question: str = ""
    request: dict[str, Any] | None = None
    said: str = ""

    def press(self, key: str, document: Document, ask: Ask) -> bool:
        """Act on a key; whether the screen goes on."""
        if self.request is not None:
            self._answer(key, ask)
        elif key in {"q", _ESC, _INTERRUPT}:
            return False
        elif key in {_UP, "k", _DOWN, "j"}:
            step = 1 if key in {_DOWN, "j"} else -1
            self.chosen = max(0, min(self.chosen + step, len(document["batches"]) - 1))
        else:
            self._propose(key, document)
        return True

    def _answer(self, key: str, ask: Ask) -> None:
        request, self.request, self.question = self.request, None, ""
        self.said = ask(request) if key in {"y", "Y"} and request is not None else "Nothing was done."

    def _propose(self, key: str, document: Document) -> None:
        self.said = ""
        if key == "s":
            paused = bool(document["station"].get("paused"))
            self._put("station resume" if paused else "station pause", "Let the station send again?" if paused else
                      "Stop all sends of the station?")  # fmt: skip
        elif key in {"r", "p"} and document["batches"]:
            batch = document["batches"][min(self.chosen, len(document["batches"]) - 1)]
            do = "release" if key == "r" else "resume" if batch["state"] == "paused" else "pause"
            self._put(do, f"{do.capitalize()} {batch['name']}?", batch=batch["name"])

    def _put(self, do: str, question: str, **about: str) -> None:
        self.request, self.question = {"do": do, **about}, f"{question} [y] yes, any other key: no"


def watch(read: Callable[[], Document], ask: Ask) -> None:
    """Draw what `read` gives until a key ends it.

    Raises OSError when standard input or output is no terminal.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise OSError("outpost watch needs a terminal; `outpost status` writes the same once.")
    screen = Screen()
    document = read()
    with _keys_at_once(), Live(console=Console(), screen=True, auto_refresh=False) as live:
        while True:
            live.update(render(document, screen), refresh=True)
            key = _key(SECONDS)
            if key and not screen.press(key, document, ask):
                return
            document = read()


@contextmanager
def _keys_at_once() -> Iterator[None]:
    before = termios.tcgetattr(sys.stdin)
    try:
        tty.setcbreak(sys.stdin)
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)


def _key(seconds: float) -> str:
    """The next key, an arrow as its whole sequence; "" when none came in time."""
    try:
        if select.select([sys.stdin], [], [], seconds)[0]:
            return os.read(sys.stdin.fileno(), 8).decode("utf-8", "replace")
    except KeyboardInterrupt:
        return _INTERRUPT
    return ""


def render(document: Document, screen: Screen) -> RenderableType:
    """The screen, most pressing first."""
    return Group(
        _headline(document["station"]),
        *(Text(f"! {alarm['text']}", style="bold red") for alarm in document.get("alarms", [])),
        *_reading(document["station"]),
        _people(document["station"]),
        _sims(document["sims"], document["modems"]),
        _batches(document["batches"], screen.chosen),
        _counts(document["messages"]),
        Text(screen.question or screen.said or _KEYS, style="bold" if screen.question else "dim"),
    )


def _headline(station: Document) -> Text:
    if not station["running"]:
        state = ("the service is not running", "bold red")
    elif station.get("paused"):
        state = ("all sends are stopped", "bold red")
    else:
        state = ("running", "green")
    return Text.assemble((station["name"], "bold"), "  ", state, f"  {station['updated_at']}")


def _reading(station: Document) -> Iterator[Text]:
    if reading := station["reading"]:
        yield Text(f"Reading {reading['file']}: {reading['rows']} rows so far")


def _people(station: Document) -> Text:
    unread, waiting = station["replies"]["unread"], station["replies"]["waiting"]
    handed, late = len(station["handovers"]), sum(one["overdue"] for one in station["handovers"])
    told = f"Replies: {unread} unread, {waiting} waiting for an answer; {handed} handed over, {late} of them overdue"
    return Text(told, style="bold" if unread or late else "")


def _sims(sims: list[Document], modems: list[Document]) -> Table:
    table = _table("SIM", "State", "Left today", "Next send", "Signal", "Why")
    seats = {modem["iccid"]: modem for modem in modems if modem["iccid"]}
    for sim in sims:
        signal = seats.get(sim["iccid"], {}).get("signal_dbm")
        limit = sim["limits"]["parts_per_day"]
        left = f"{max(0, limit - sim['used'].get('parts_per_day', 0))} of {limit}" if limit else "no limit"
        table.add_row(
            sim["label"] or sim["iccid"], _state(sim["state"]), left, _time(next_time(sim)),
            "" if signal is None else f"{signal} dBm", sim["reason"] or sim["next_reason"],
        )  # fmt: skip
    for modem in modems:
        if not modem["iccid"]:
            table.add_row(modem["port"], _state(modem["state"]), "", "", "", modem["reason"])
    return table


def _batches(batches: list[Document], chosen: int) -> Table:
    table = _table("", "Batch", "State", "Progress", "Done", "Finish")
    first = max(0, min(chosen - 4, len(batches) - 10))
    for n, batch in enumerate(batches[first : first + 10], start=first):
        total = sum(batch["messages"].values())
        done = sum(batch["messages"].get(state, 0) for state in _DONE)
        table.add_row(
            "▶" if n == chosen else "", batch["name"], _state(batch["state"]),
            ProgressBar(total=max(total, 1), completed=done, width=20), f"{done} of {total}",
            _time(batch.get("finish_at") or batch["finished_at"]),
        )  # fmt: skip
    return table


def _counts(counts: dict[str, int]) -> Text:
    return Text("Messages: " + (", ".join(f"{n} {state}" for state, n in counts.items() if n) or "none"))


def _table(*columns: str) -> Table:
    table = Table(box=None, expand=False, pad_edge=False, header_style="dim")
    for column in columns:
        table.add_column(column, overflow="ellipsis", no_wrap=column != "Why")
    return table


def _state(name: str) -> Text:
    return Text(name.replace("_", " "), style=_STYLES.get(name, ""))


def _time(iso: str | None) -> str:
    return iso[5:19].replace("T", " ") if iso else ""
