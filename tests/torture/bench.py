"""What a run of torture works on: a station under its keeper, the network and its witness, people who drop lists."""

from __future__ import annotations

import contextlib
import random
import select
import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.end_to_end.station import Network, Station
from tests.torture.disk import Disk
from tests.torture.interposer import Interposer, compiled
from tests.torture.keeper import Keeper
from tests.torture.loss import Loss
from tests.torture.witness import Witness

MODEMS = 3
LIMITS: dict[str, float] = {"min_gap_seconds": 0.4, "parts_per_minute": 100, "parts_per_hour": 5000}
DELAYS = {"radio_delay": 0.15, "report_delay": 0.3, "ack_timeout": 2}
ANSWER_SECONDS = 4.0
SWEEP_SECONDS = 5.0
DISK_MIB = 512
TICK = 0.05
BACKLOG, LIST = 240, 40  # messages that always wait, and how many a list brings
FIRST_NUMBER = 400_000_000
TEXT = "Support is free and private, day or night. Ask for message {n}."
LONG = "Free, private help, day or night, for you and for those near you. " * 3 + "Ask for message {n}."
UNICODE = "Free help, day or night ☎ {n}"
FINAL_REFUSAL, UNREACHABLE = "77", "55"  # the last digits of numbers that nobody has, and of phones that stay off
BASE_RULES = (
    {"do": "refuse", "code": 1, "ends_with": FINAL_REFUSAL},
    {"do": "undelivered", "ends_with": UNREACHABLE},
)


@dataclass(slots=True)
class Asked:
    """What was asked of the station, and must be found again at the end."""

    texts: dict[str, str] = field(default_factory=dict)  # recipient: text
    lists: dict[str, frozenset[str]] = field(default_factory=dict)  # name of the file: its recipients
    bad: set[str] = field(default_factory=set)           # names of dropped files that must be rejected
    inbound: set[str] = field(default_factory=set)       # texts that people sent to the SIMs


class Bench:
    """`tick` lets a moment pass, in which everybody does what is his to do."""

    def __init__(self, folder: Path, seed: int, backlog: int = BACKLOG) -> None:
        self.folder, self._backlog = folder, backlog
        self.chance = random.Random(f"people {seed}")
        self._stack = contextlib.ExitStack()
        self.disk = Disk(folder / "disk", DISK_MIB)
        self._stack.callback(self.disk.close)
        runtime = Path(tempfile.mkdtemp(prefix="outpost-"))  # a socket's path must be short
        self._stack.callback(shutil.rmtree, runtime, ignore_errors=True)
        self.network = Network(folder, MODEMS, {**DELAYS, "seed": seed})
        self.station = Station(folder, runtime, self.network)
        self._stack.callback(self.station.close)
        self.station.spool = self.disk.folder / "spool"
        self.database = self.disk.folder / "state" / "outpost.db"
        self.station.configure(
            station={"spool_dir": str(self.station.spool), "state_dir": str(self.database.parent)},
            modems={"answer_seconds": ANSWER_SECONDS, "sweep_seconds": SWEEP_SECONDS},
            throttle=LIMITS,
        )
        library = compiled(folder)
        self.interposer = None if library is None else Interposer(folder, library)
        self.keeper = Keeper(self.station, self.interposer.environment if self.interposer else {})
        self._stack.callback(self.keeper.close)
        self.witness = Witness(self.network.log)
        self._stack.callback(self.witness.close)
        self.asked = Asked()
        self.losses: list[Loss] = []
        self.feeding = True
        self.restore_rules()

    def tell(self, do: str, **order: Any) -> dict[str, Any]:
        return self.network.tell(do, **order)

    def restore_rules(self) -> None:
        """The network does again what it always does."""
        self.tell("clear")
        self.tell("script", rules=BASE_RULES)

    def tick(self) -> None:
        select.select([], [], [], TICK)
        self.keeper.look()
        self.witness.read()
        if self.feeding and self._unsent() < self._backlog:
            with contextlib.suppress(OSError):  # the disk is full: again later
                self._drop_list()

    def until(self, true: Callable[[], object], seconds: float) -> bool:
        """Let time pass until it comes true; False when it has not after so long."""
        end = time.monotonic() + seconds
        while not true():
            if time.monotonic() > end:
                return False
            self.tick()
        return True

    def _unsent(self) -> int:
        """How many messages still wait to be sent: not those that a damaged log has put in doubt."""
        done = self.witness.recipients.union(*(loss.changed | loss.waiting for loss in self.losses))
        return len(self.asked.texts) - len(done)

    def in_hand(self) -> frozenset[str]:
        """The recipients of the lists that the service has claimed, and not put into accepted/ yet."""
        claimed = (path.name for path in (self.station.spool / ".claimed").glob("*/*"))
        return frozenset().union(*(self.asked.lists.get(name, ()) for name in claimed))

    def _drop_list(self) -> None:
        first = len(self.asked.texts)
        rows = {
            f"+447{FIRST_NUMBER + n}": self.chance.choices((TEXT, LONG, UNICODE), (8, 1, 1))[0].format(n=n)
            for n in range(first, first + LIST)
        }
        name = f"list-{len(self.asked.lists) + 1}.csv"
        self.station.drop(rows.items(), name)
        self.asked.texts.update(rows)
        self.asked.lists[name] = frozenset(rows)

    def close(self) -> None:
        self._stack.close()
