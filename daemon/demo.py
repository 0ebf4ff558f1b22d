"""The whole job with no hardware: the real service, two simulated modems on ptys, and a list of 120 rows."""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inotify_simple import INotify, flags
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

CONFIG = Path(__file__).parent.parent / "config"
LIST = CONFIG / "examples" / "contacts.csv"
MODEMS = 2
RADIO_SECONDS = 0.4
REPORT_SECONDS = 0.8
MOST_SECONDS = 120.0
BAR = 50
MARK = "outpost-demo"
"""A file of this name says that a folder was made by the demo, and may be removed by it."""
OPEN_STATES = ("held", "queued", "sending")


class DemoFailed(Exception):
    """The demo could not run to its end. The message says what to look at."""


@dataclass(frozen=True, slots=True)
class DemoStation:
    """The folders of one demo."""

    folder: Path

    @property
    def spool(self) -> Path:
        return self.folder / "spool"

    @property
    def config(self) -> Path:
        return self.folder / "demo.toml"

    @property
    def log(self) -> Path:
        return self.folder / "service.log"


def run(folder: Path) -> None:
    """Build a station in `folder`, send the list, say what became of it.

    Raises DemoFailed.
    """
    console = Console()
    station = DemoStation(folder.absolute())
    _make_folder(station)
    console.print("Outpost demo: the real service, simulated modems on real serial ports. Nothing leaves this machine.")
    console.print("Throttle and quiet hours are the demo's own: off. A station paces itself and is silent at night.\n")
    with _simulator(station) as ports, _service(station, ports):
        _wait_until_ready(station)
        _drop(station)
        document = _watch(station, console)
    _tell(station, document, console)


def _make_folder(station: DemoStation) -> None:
    folder = station.folder
    if folder.exists():
        if any(folder.iterdir()) and not (folder / MARK).exists():
            raise DemoFailed(f"{folder} exists and was not made by the demo. Name another folder with --dir.")
        shutil.rmtree(folder)
    station.spool.mkdir(parents=True)
    (folder / MARK).touch()
    if not LIST.exists():
        raise DemoFailed(f"{LIST} is missing: run the demo from a checkout of Outpost.")


@contextlib.contextmanager
def _simulator(station: DemoStation) -> Iterator[list[str]]:
    command = [
        sys.executable, "-m", "drivers.simulator", "--dir", str(station.folder / "dev"), "--modems", str(MODEMS),
        "--radio-delay", str(RADIO_SECONDS), "--report-delay", str(REPORT_SECONDS),
        "--script", str(CONFIG / "examples" / "network.json"), "--log", str(station.folder / "network.jsonl"),
    ]  # fmt: skip
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            first = process.stdout.readline() if process.stdout else ""
            if not first:
                raise DemoFailed("the simulated network did not start; its reason stands above.")
            yield list(json.loads(first)["ports"])
        finally:
            process.terminate()


@contextlib.contextmanager
def _service(station: DemoStation, ports: list[str]) -> Iterator[None]:
    text = (CONFIG / "demo.toml").read_text("utf-8")
    text = text.replace("ports = []", f"ports = {json.dumps(ports)}", 1)
    text = text.replace('"triage"', json.dumps(str(CONFIG / "triage")), 1)
    station.config.write_text(text, "utf-8")
    command = [sys.executable, "-m", "daemon.cli", "run", "--config", str(station.config)]
    with station.log.open("w") as log, subprocess.Popen(command, stderr=log) as process:
        try:
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()


def _wait_until_ready(station: DemoStation) -> None:
    for document in _documents(station):
        if sum(modem["state"] == "ready" for modem in document["modems"]) == MODEMS:
            return
    raise DemoFailed(f"the service did not find its modems. Its log: {station.log}")


def _drop(station: DemoStation) -> None:
    """Put the list where an operator would: under another name first, so that it is never seen half copied."""
    hidden = station.spool / "incoming" / ".contacts.csv"
    shutil.copy(LIST, hidden)
    hidden.rename(station.spool / "incoming" / LIST.name)


def _watch(station: DemoStation, console: Console) -> dict[str, Any]:
    began = time.monotonic()
    document: dict[str, Any] = {}
    with Live(console=console, auto_refresh=False, transient=False) as live:
        for document in _documents(station):
            live.update(_screen(document, time.monotonic() - began), refresh=True)
            if document["batches"] and not _still_open(document["messages"]):
                return document
    raise DemoFailed(f"not everything was settled within {MOST_SECONDS:.0f} s. The service's log: {station.log}")


def _still_open(messages: dict[str, int]) -> int:
    return sum(messages[state] for state in (*OPEN_STATES, "sent"))


def _documents(station: DemoStation) -> Iterator[dict[str, Any]]:
    """Each new status.json as it appears: the folder is the interface. Ends after MOST_SECONDS."""
    end = time.monotonic() + MOST_SECONDS
    path = station.spool / "status.json"
    with INotify() as news:
        news.add_watch(station.spool, flags.MOVED_TO)
        while (left := end - time.monotonic()) > 0:
            if path.exists():
                yield json.loads(path.read_text("utf-8"))
            news.read(timeout=int(left * 1000) + 1)


def _screen(document: dict[str, Any], seconds: float) -> Group:
    messages = document["messages"]
    total = sum(messages.values())
    gone = total - sum(messages[state] for state in OPEN_STATES)
    rate = gone / seconds
    left = f"about {(total - gone) / rate:.0f} s left" if gone else "starting"
    counts = ", ".join(f"{n} {state}" for state, n in messages.items() if n) or "reading the list"
    full = BAR * gone // total if total else 0
    return Group(
        _modems(document),
        Text(),
        Text("█" * full + "░" * (BAR - full) + f"  {gone} of {total}"),
        Text(f"queue  {counts}", no_wrap=True),
        Text(f"rate   {rate:.1f} messages a second, {left}, {seconds:.0f} s gone"),
    )


def _modems(document: dict[str, Any]) -> Table:
    table = Table(box=None, pad_edge=False)
    for column in ("modem", "state", "signal", "network", "SIM", "SIM state"):
        table.add_column(column, no_wrap=True)
    states = {sim["iccid"]: sim["state"] for sim in document["sims"]}
    for modem in document["modems"]:
        port, signal_dbm, iccid = Path(modem["port"]).name, modem["signal_dbm"], modem["iccid"]
        table.add_row(port, modem["state"], f"{signal_dbm} dBm", modem["network"], iccid, states.get(iccid, ""))
    return table


def _tell(station: DemoStation, document: dict[str, Any], console: Console) -> None:
    messages, batch = document["messages"], document["batches"][0]
    console.print()
    console.print("\n".join(summary(messages, batch)) + "\n")
    outcomes = station.spool / "outcomes" / f"{batch['name']}.csv"
    problems = station.spool / "rejected" / f"{LIST.name}.problems.csv"
    console.print(f"What became of each row:  {outcomes}", soft_wrap=True)
    console.print(f"What was wrong, and why:  {problems}", soft_wrap=True)
    console.print(f"What the network saw:     {station.folder / 'network.jsonl'}", soft_wrap=True)
    console.print(f"The service's own log:    {station.log}", soft_wrap=True)


def summary(messages: dict[str, int], batch: dict[str, Any]) -> tuple[str, str]:
    """What became of the rows, in two lines of rich's markup."""
    sent = f"{messages['delivered']} delivered, {messages['undelivered']} accepted by the network and not delivered"
    held_back = f"{batch['rejected']} rows rejected, {messages['suppressed']} duplicate not sent"
    return (
        f"[bold]{sent}, {messages['failed']} refused by it[/bold]",
        f"{held_back}, {messages['in_doubt']} in doubt, of {batch['rows']} rows",
    )
