"""A station as its users have it: the real service and the simulated network, each in a process of its own."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from inotify_simple import INotify, flags

PATIENCE = 90.0  # seconds until a test gives up; never how long anything takes
LOOK_AGAIN = 1.0
GATHER_MS = 20
NEWS = flags.MODIFY | flags.MOVED_TO | flags.MOVED_FROM | flags.CREATE | flags.DELETE
OPEN = ("held", "queued", "sending", "sent")
CONFIG: Mapping[str, Mapping[str, Any]] = {
    "station": {"name": "Test", "state_dir": "state", "spool_dir": "spool"},
    "modems": {"discover": False, "sweep_seconds": 2, "answer_seconds": 20},
    "sending": {"approval": "none"},
    "quiet_hours": {"start": "00:00", "end": "00:00"},
    "throttle": {
        "min_gap_seconds": 0, "parts_per_minute": 0, "parts_per_hour": 0, "parts_per_day": 0, "parts_per_month": 0,
        "recipients_per_day": 0, "recipients_per_month": 0,
    },
}  # fmt: skip

Document = dict[str, Any]
Rows = Iterable[tuple[str, str]]


class Network:
    """The simulated network's process: `tell` it what to do, and ask its log what truly happened."""

    def __init__(self, folder: Path, modems: int, options: Mapping[str, object]) -> None:
        self.log = folder / "network.jsonl"
        arguments = [f"--{name.replace('_', '-')}={value}" for name, value in options.items()]
        self.child = subprocess.Popen(
            [sys.executable, "-m", "drivers.simulator", "--dir", folder / "dev", f"--modems={modems}",
             f"--log={self.log}", *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        ready = json.loads(self.child.stdout.readline())
        self.ports: list[str] = ready["ports"]
        self.sims: list[str] = ready["sims"]

    def tell(self, do: str, **order: object) -> Document:
        self.child.stdin.write(json.dumps({"do": do, **order}) + "\n")
        self.child.stdin.flush()
        answer: Document = json.loads(self.child.stdout.readline())
        assert answer["ok"], answer
        return answer

    def events(self, *kinds: str) -> list[Document]:
        whole_lines = self.log.read_text().rpartition("\n")[0].splitlines()
        return [event for event in map(json.loads, whole_lines) if not kinds or event["event"] in kinds]

    def accepted(self) -> Counter[tuple[str, int]]:
        """How often the network took each part: by recipient and number of the part."""
        return Counter(
            (event["recipient"], (event["concat"] or {"seq": 1})["seq"]) for event in self.events("submit")
        )  # fmt: skip

    def recipients(self) -> list[str]:
        return [event["recipient"] for event in self.events("submit")]

    def stop(self) -> None:
        self.child.terminate()
        self.child.wait(PATIENCE)
        self.child.stdin.close()
        self.child.stdout.close()


class Station:
    """One station in `folder`. The service may be started, killed and started again over the same folder."""

    def __init__(self, folder: Path, runtime: Path, network: Network) -> None:
        self.folder, self.network = folder, network
        self.spool, self.config = folder / "spool", folder / "outpost.toml"
        self._fixed = {"station": {"runtime_dir": str(runtime)}, "modems": {"ports": network.ports}}
        self._sections: dict[str, dict[str, Any]] = {}
        self.service: subprocess.Popen[bytes] | None = None
        self._starts = 0
        self.configure()

    # Configuration and process

    def configure(self, **sections: Mapping[str, Any]) -> None:
        """Write outpost.toml: what tests need, and over it these keys. `sims__ICCID` is the table [sims.ICCID]."""
        merged: dict[str, dict[str, Any]] = {name: dict(keys) for name, keys in CONFIG.items()}
        for part in (self._fixed, sections):
            for name, keys in part.items():
                merged.setdefault(name.replace("__", "."), {}).update(keys)
        tables = (
            f"[{name}]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in keys.items())
            for name, keys in merged.items()
        )
        self.config.write_text("\n".join(tables))

    def start(
        self, *, level: str = "INFO", ready: bool = True,
        command: Iterable[object] = ("-m", "daemon.cli"), prefix: Iterable[str] = (), options: Iterable[object] = (),
    ) -> None:  # fmt: skip
        """Start the service; with `ready`, wait for each modem and a status.json of this run."""
        (self.spool / "status.json").unlink(missing_ok=True)
        self._starts += 1
        with self._log_path(self._starts).open("wb") as log:
            self.service = subprocess.Popen(
                [*prefix, sys.executable, *command, "run", "--config", self.config, "--log-level", level,
                 *options],
                stderr=log, stdin=subprocess.DEVNULL,
            )  # fmt: skip
        if ready:
            ports = len(self.network.ports)
            self.until(lambda: self.said("ready") and len(self.said("modem ready")) >= ports and self.status())

    def signal(self, number: int) -> None:
        self.service.send_signal(number)

    def ended(self) -> int:
        """Wait for the service's end; its exit code."""
        return self.service.wait(PATIENCE)

    def stop(self) -> int:
        self.signal(signal.SIGTERM)
        return self.ended()

    def kill(self) -> None:
        self.service.kill()
        self.ended()

    def restart(self) -> None:
        self.kill()
        self.start()

    def close(self) -> None:
        """End whatever still runs, by its process id."""
        if self.service is not None and self.service.poll() is None:
            self.kill()
        self.network.stop()

    # What people put in and read

    def drop(self, rows: Rows | str | bytes, name: str = "list.csv") -> None:
        """Put a list into incoming/, under a hidden name until it is whole."""
        if not isinstance(rows, str | bytes):
            table = io.StringIO()
            csv.writer(table).writerows([("to", "text"), *rows])
            rows = table.getvalue()
        incoming = self.spool / "incoming"
        incoming.mkdir(mode=0o770, parents=True, exist_ok=True)
        (incoming / f".{name}").write_bytes(rows.encode() if isinstance(rows, str) else rows)
        (incoming / f".{name}").rename(incoming / name)

    def status(self) -> Document:
        """status.json as it lies there; empty before the first."""
        try:
            document: Document = json.loads((self.spool / "status.json").read_text())
        except FileNotFoundError:
            return {}
        return document

    def counts(self) -> dict[str, int]:
        """How many messages are in which state, by status.json; states of none left out."""
        return {state: n for state, n in self.status().get("messages", {}).items() if n}

    def sim(self, index: int = 0) -> Document:
        """One SIM in status.json; empty before it is there."""
        iccid = self.network.sims[index]
        return next((sim for sim in self.status().get("sims", ()) if sim["iccid"] == iccid), {})

    def modem(self, index: int = 0) -> Document:
        """One modem in status.json; empty before it is there."""
        port = self.network.ports[index]
        return next((modem for modem in self.status().get("modems", ()) if modem["port"] == port), {})

    def outcomes(self, batch: str = "list") -> list[dict[str, str]]:
        path = self.spool / "outcomes" / f"{batch}.csv"
        return table(path) if path.exists() else []

    def problems(self, name: str) -> list[dict[str, str]]:
        """What rejected/ says of a dropped file; empty while it says nothing."""
        path = self.spool / "rejected" / f"{name}.problems.csv"
        return table(path) if path.exists() else []

    def cli(self, *arguments: object) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "daemon.cli", *map(str, arguments), "--config", self.config]
        return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)

    def messages(self) -> dict[str, Document]:
        """The messages as `outpost messages --json` tells them, by recipient."""
        done = self.cli("messages", "--json")
        assert done.returncode == 0, done.stderr
        return {message["to"]: message for message in json.loads(done.stdout)["messages"]}

    # What the service says

    def _log_path(self, start: int) -> Path:
        return self.folder / f"service-{start}.log"

    def log(self) -> str:
        """What the service wrote to standard error since its last start."""
        return self._log_path(self._starts).read_text()

    def logs(self) -> str:
        """The same, since its first start."""
        return "".join(self._log_path(start).read_text() for start in range(1, self._starts + 1))

    def said(self, event: str, **fields: object) -> list[Document]:
        """The log lines of one event since the last start that hold these values."""
        lines = (json.loads(line) for line in self.log().splitlines() if line.startswith("{") and line.endswith("}"))
        return [line for line in lines if line["event"] == event and fields.items() <= line.items()]

    # Waiting

    def until(self, true: Callable[[], Any], *, seconds: float = PATIENCE) -> Any:
        """Wait for something to come true, and give it: it is looked at whenever a file of the station changes."""
        end = time.monotonic() + seconds
        with INotify() as news:
            self._watch(news)
            while not (value := true()):
                left = end - time.monotonic()
                assert left > 0, f"it never came true; {self.status().get('messages')}\n{self.log()[-4000:]}"
                news.read(timeout=1000 * min(left, LOOK_AGAIN), read_delay=GATHER_MS)
                self._watch(news)
        return value

    def _watch(self, news: INotify) -> None:
        for folder in (self.folder, self.spool, *(self.spool / name for name in ("incoming", "accepted", "rejected"))):
            with contextlib.suppress(FileNotFoundError):  # the service has not made it yet
                news.add_watch(folder, NEWS)

    def until_counts(self, seconds: float = PATIENCE, **counts: int) -> None:
        """Wait until exactly so many messages are in these states and none in any other."""
        self.until(lambda: self.counts() == counts, seconds=seconds)

    def until_settled(self) -> dict[str, int]:
        """Wait until no message waits for anything any more; how many ended in which state."""
        self.until(lambda: self.counts() and not any(state in self.counts() for state in OPEN))
        return self.counts()


def table(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
