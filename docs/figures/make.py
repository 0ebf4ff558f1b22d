"""Makes the pictures of this folder: the demo's list on two simulated modems, with people who answer. Needs chromium.

    .venv/bin/python docs/figures/make.py
"""

from __future__ import annotations

import contextlib
import json
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from rich.console import Console

from daemon import demo, watch

HERE = Path(__file__).resolve().parent
PATIENCE = 120.0
WIDTH = 900
CHANGES = (
    ('name = "Demo"', 'name = "Northshire 1"'), ('approval = "none"', 'approval = "one-person"'),
    ("parts_per_day = 0", "parts_per_day = 200"), ("recipients_per_day = 0", "recipients_per_day = 150"),
)  # fmt: skip
MORE = """
[services.shelter]
contact = "Duty desk, 0808 157 0155"
answer_within_hours = 0.001

[sims.8944100000000000001]
label = "north"
[sims.8944100000000000002]
label = "south"
"""
TOLD = (
    ("+447700900101", "who is this??"), ("+447700900102", "im 15 pls dont ring my mum"), ("+447700900103", "STOP"),
    ("+447700900105", "yes, can someone ring me about getting clean"), ("+447700900106", "he has a knife at my door"),
    ("+447700900107", "wrong number mate"),
)  # fmt: skip
SECOND = "to,name\n" + "".join(f"+447700900{n},Friend {n}\n" for n in range(300, 340)) + "0115 496 0777,Landline\n"
TEXT = "Hello {name}, Northshire Support: free, private help, day or night – 0808 157 0123.\n"


class Station:
    """A station of the demo, which these pictures are taken of."""

    def __init__(self, folder: Path, ports: list[str], network: subprocess.Popen[str]) -> None:
        self.spool, self.network = folder / "spool", network
        self._config = folder / "figures.toml"
        text = (demo.CONFIG / "demo.toml").read_text("utf-8")
        for old, new in (*CHANGES, ("ports = []", f"ports = {json.dumps(ports)}"),
                         ('"triage"', json.dumps(str(demo.CONFIG / "triage")))):  # fmt: skip
            text = text.replace(old, new, 1)
        self._config.write_text(text + MORE, "utf-8")
        self.process = subprocess.Popen([*self._command("run"), "--log-level", "ERROR"])

    def _command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "daemon.cli", *arguments, "--config", str(self._config)]

    def cli(self, *arguments: str) -> str:
        return subprocess.run(self._command(*arguments), check=True, capture_output=True, text=True).stdout

    def status(self) -> dict[str, Any]:
        try:
            return dict(json.loads((self.spool / "status.json").read_text("utf-8")))
        except FileNotFoundError:
            return {"modems": [], "batches": [], "messages": {}}

    def until(self, true: Callable[[dict[str, Any]], object]) -> None:
        end = time.monotonic() + PATIENCE
        while not true(self.status()):
            if time.monotonic() > end:
                raise SystemExit("the station did not come so far")
            time.sleep(0.2)

    def tell(self, sender: str, text: str, sim: str) -> None:
        order = {"do": "inbound", "sim": sim, "from": sender, "text": text}
        print(json.dumps(order), file=self.network.stdin, flush=True)
        self.network.stdout.readline()


@contextlib.contextmanager
def station(folder: Path) -> Iterator[Station]:
    """The service and its network, until the pictures are taken."""
    command = [
        sys.executable, "-m", "drivers.simulator", "--dir", folder / "dev", "--modems=2", "--radio-delay=0.4",
        "--report-delay=0.8", "--script", demo.CONFIG / "examples" / "network.json",
    ]  # fmt: skip
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as network:
        try:
            ready = json.loads(network.stdout.readline())
            made = Station(folder, ready["ports"], network)
            try:
                yield made
            finally:
                made.process.send_signal(signal.SIGTERM)
                made.process.wait()
        finally:
            network.terminate()


def drop(spool: Path) -> None:
    """A list for everybody, and a folder with one text that will wait for its release."""
    shutil.copy(demo.LIST, spool / "incoming" / ".contacts.csv")
    (spool / "incoming" / ".contacts.csv").rename(spool / "incoming" / "contacts.csv")
    folder = spool / "incoming" / ".second-line"
    folder.mkdir()
    (folder / "message.txt").write_text(TEXT, "utf-8")
    (folder / "list.csv").write_text(SECOND, "utf-8")
    folder.rename(spool / "incoming" / "second-line")


def stage(one: Station) -> None:
    """Bring the station to the middle of its work, with people who wait and one who was handed over."""
    one.until(lambda now: len([modem for modem in now["modems"] if modem["state"] == "ready"]) == 2)
    drop(one.spool)
    one.until(lambda now: len(now["batches"]) == 2)
    one.cli("release", "contacts")
    one.until(lambda now: now["messages"].get("delivered", 0) >= 40)
    sims = [sim["iccid"] for sim in one.status()["sims"]]
    for n, (sender, text) in enumerate(TOLD):
        one.tell(sender, text, sims[n % 2])
    one.until(lambda now: now["station"]["replies"]["unread"] >= len(TOLD))
    one.cli("handover", "assign", "+447700900105", "shelter", "--consent", "agreed to be rung", "--phone", "--plain")
    one.cli("reply", "+447700900106", "Ring 999 now if you can. We are here.")
    one.until(lambda now: any(handover["overdue"] for handover in now["station"]["handovers"]))


def picture(page: Path, name: str, height: int, folder: Path, scale: float = 1.0) -> None:
    """The top of a page, as Chromium shows it; `scale` keeps a long one small."""
    browser = shutil.which("chromium") or shutil.which("chromium-browser")
    if browser is None:
        raise SystemExit("no chromium on this machine: apt install chromium")
    subprocess.run(
        [browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={folder}/me",
         f"--screenshot={HERE / name}", f"--window-size={WIDTH},{height}",
         f"--force-device-scale-factor={scale}", page.as_uri()],
        check=True, capture_output=True,
    )  # fmt: skip


def screen(document: dict[str, Any], path: Path) -> int:
    """`outpost watch`, as a picture in SVG; its height where it is WIDTH wide."""
    console = Console(record=True, width=112, file=path.open("w"))
    console.print(watch.render(document, watch.Screen()))
    path.write_text(console.export_svg(title="outpost watch"), "utf-8")
    wide, high = path.read_text("utf-8").split('viewBox="0 0 ')[1].split('"')[0].split()
    return round(float(high) * WIDTH / float(wide))


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="outpost-") as name:
        folder = Path(name)
        (folder / "spool" / "incoming").mkdir(parents=True)
        with station(folder) as one:
            stage(one)
            height = screen(one.status(), folder / "watch.svg")
            (folder / "watch.html").write_text('<body style="margin:0"><img src="watch.svg" width="100%">', "utf-8")
            picture(folder / "watch.html", "watch.png", height, folder)
            picture(one.spool / "station.html", "station.png", 1000, folder)
            picture(one.spool / "awaiting" / "second-line.html", "awaiting.png", 1000, folder)
            one.until(lambda now: not any(now["messages"][state] for state in ("queued", "sending", "sent")))
            one.until(lambda now: all(batch["state"] != "released" for batch in now["batches"] if batch["source"]))
            picture(one.spool / "outcomes" / "contacts.html", "outcomes.png", 2050, folder, 0.75)


if __name__ == "__main__":
    main()
