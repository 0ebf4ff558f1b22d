"""The programs that are compared: each is started in a folder, given texts to send, and ended by its process group.

Outpost, gammu-smsd and SMS Server Tools 3, the last two as their manuals advise for speed (gammu-smsdrc(5), smsd's
configure.html) and as Debian ships them. They are programs that are run, never a dependency.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from station import TEXT, TICKS, configure, number, write_list

FOLDERS = ("outgoing", "incoming", "checked", "failed", "sent")
"""Of SMS Server Tools 3."""


class Program:
    """One of them, in a folder of its own, with its modems' ports."""

    name = ""
    package = ""
    """What apt-get installs; "" for what is here anyway."""
    command = ""

    def __init__(self, folder: Path, ports: Sequence[str]) -> None:
        self.folder, self.ports = folder, ports
        self.processes: list[subprocess.Popen[bytes]] = []
        self.prepare()

    @classmethod
    def here(cls) -> bool:
        """Whether it is installed."""
        return not cls.command or shutil.which(cls.command) is not None

    def prepare(self) -> None:
        """Write its configuration and make its folders."""

    def commands(self) -> Iterator[Sequence[str]]:
        """What to run, in the foreground."""
        raise NotImplementedError

    def drop(self, texts: int) -> None:
        """Give it so many texts, each to another number."""
        raise NotImplementedError

    def wait_ready(self) -> None:
        """Wait until it takes texts; the others say no such thing, and are given theirs at once."""

    def in_doubt(self) -> int:
        """How many texts it leaves to a person, since it cannot know whether they went out."""
        return 0

    def start(self) -> None:
        with (self.folder / "program.log").open("ab") as log:
            self.processes = [
                subprocess.Popen(
                    list(command), stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True
                )
                for command in self.commands()
            ]

    def end(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End every process of the groups that were started here."""
        for process in self.processes:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, how)
        for process in self.processes:
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self.processes = []

    def cpu_seconds(self) -> float:
        """CPU of the living processes of its groups so far."""
        groups = {process.pid for process in self.processes}
        used = 0
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                fields = stat.read_text().rsplit(")", 1)[1].split()
                if int(fields[2]) in groups:
                    used += int(fields[11]) + int(fields[12])
        return used / TICKS


class Outpost(Program):
    name = "Outpost"

    def prepare(self) -> None:
        configure(self.folder, self.ports, reports=False)

    def commands(self) -> Iterator[Sequence[str]]:
        yield sys.executable, "-m", "daemon.cli", "run", "--config", str(self.folder / "outpost.toml")

    def wait_ready(self) -> None:
        incoming = self.folder / "spool/incoming"
        for _ in range(1200):
            if incoming.exists():
                return
            time.sleep(0.05)
        raise RuntimeError(f"the service does not start: see {self.folder}/program.log")

    def in_doubt(self) -> int:
        return int(json.loads((self.folder / "spool/status.json").read_text("utf-8"))["messages"]["in_doubt"])

    def drop(self, texts: int) -> None:
        write_list(self.folder / "spool/incoming", texts)


class Smstools(Program):
    name = "SMS Server Tools 3, as shipped"
    package, command = "smstools", "smsd"
    GLOBAL, MODEM = "", "incoming = yes\n"

    def prepare(self) -> None:
        for name in FOLDERS:
            (self.folder / name).mkdir()
        modems = [f"GSM{n}" for n in range(1, len(self.ports) + 1)]
        folders = "".join(f"{name} = {self.folder / name}\n" for name in FOLDERS)
        sections = "".join(
            f"\n[{modem}]\ndevice = {port}\n{self.MODEM}"
            for modem, port in zip(modems, self.ports, strict=True)
        )
        (self.folder / "smsd.conf").write_text(
            f"devices = {','.join(modems)}\nlogfile = {self.folder / 'smsd.log'}\n{folders}{self.GLOBAL}{sections}"
        )

    def commands(self) -> Iterator[Sequence[str]]:
        yield "smsd", "-t", f"-c{self.folder / 'smsd.conf'}", f"-p{self.folder / 'pid'}", f"-i{self.folder / 'working'}"

    def drop(self, texts: int) -> None:
        for n in range(texts):
            hidden = self.folder / f"text-{n}"
            hidden.write_text(f"To: {number(n).removeprefix('+')}\n\n{TEXT}")
            hidden.rename(self.folder / "outgoing" / hidden.name)


class TunedSmstools(Smstools):
    name = "SMS Server Tools 3, tuned"
    GLOBAL = (
        "loglevel = 4\ndelaytime = 1\ndelaytime_mainprocess = 1\ntrust_outgoing = yes\nspool_directory_order = yes\n"
        "ignore_outgoing_priority = yes\n"
    )
    MODEM = "incoming = no\ncheck_network = 0\npoll_faster = 100\ndetect_unexpected_input = no\n"


class Gammu(Program):
    """With files, one process and one outbox a modem: it shares no outbox between modems."""

    name = "gammu-smsd, as shipped"
    package, command = "gammu-smsd", "gammu-smsd"
    TUNED = ""

    def prepare(self) -> None:
        for n, port in enumerate(self.ports):
            folder = self._of(n)
            for name in ("inbox", "outbox", "sent", "error"):
                (folder / name).mkdir(parents=True)
            paths = "".join(
                f"{key}path = {folder / name}/\n"
                for key, name in (("inbox", "inbox"), ("outbox", "outbox"), ("sentsms", "sent"), ("errorsms", "error"))
            )
            (folder / "smsdrc").write_text(
                f"[gammu]\nport = {port}\nconnection = at\n\n[smsd]\nservice = files\nlogfile = {folder / 'log'}\n"
                f"debuglevel = 0\n{paths}{self.TUNED}"
            )

    def commands(self) -> Iterator[Sequence[str]]:
        for n in range(len(self.ports)):
            yield "gammu-smsd", "-c", str(self._of(n) / "smsdrc")

    def drop(self, texts: int) -> None:
        for n, modem in zip(range(texts), itertools.cycle(range(len(self.ports)))):
            hidden = self._of(modem) / "text"
            hidden.write_text(TEXT)
            hidden.rename(self._of(modem) / "outbox" / f"OUT{number(n)}.txt")

    def _of(self, modem: int) -> Path:
        return self.folder / f"modem-{modem}"


class TunedGammu(Gammu):
    name = "gammu-smsd, tuned"
    TUNED = (
        "CommTimeout = 1\nLoopSleep = 0\nStatusFrequency = 0\nCheckSecurity = 0\nCheckBattery = 0\nCheckSignal = 0\n"
        "CheckNetwork = 0\nReceive = False\n"
    )


PROGRAMS = (Outpost, TunedSmstools, Smstools, TunedGammu, Gammu)
