"""A drop folder over a real database, in a thread, as the service has it."""

from __future__ import annotations

import csv
import itertools
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from daemon.core.batch import NewBatch, NewMessage, Reading, RejectedRow, Taken, TakenBefore
from daemon.intake.folder import DropFolder
from daemon.pages.outcomes import write_problems
from daemon.settings import Approval, Sending, Settings, Station
from daemon.store import Outbox, Store

NOW = 1_780_000_000.0
PATIENCE = 20.0


@dataclass
class Shelf:
    """The real queue, and what was put into it."""

    outbox: Outbox
    batches: list[tuple[NewBatch, Sequence[NewMessage], Sequence[RejectedRow]]] = field(default_factory=list)

    def enqueue(
        self, batch: NewBatch, messages: Sequence[NewMessage], rejected: Sequence[RejectedRow]
    ) -> Taken | TakenBefore:
        answer = self.outbox.enqueue(batch, messages, rejected)
        if isinstance(answer, Taken):
            self.batches.append((batch, messages, rejected))
        return answer


class Drops:
    """One station's spool and its drop folder."""

    def __init__(self, root: Path, still_seconds: float = 0.05, *, forgetful: bool = False) -> None:
        self.root = root
        self.spool = root / "spool"
        self.settings = Settings(station=Station(spool_dir=self.spool), sending=Sending(approval=Approval.NONE))
        self.incoming, self.accepted, self.rejected = (self.spool / n for n in ("incoming", "accepted", "rejected"))
        for folder in (self.incoming, self.accepted, self.rejected):
            folder.mkdir(parents=True, exist_ok=True)
        self.store = Store(root / "outpost.db")
        self.shelf = Shelf(Outbox(self.store))
        self.taken: list[Taken] = []
        self.progress: list[Reading | None] = []
        self.folder = DropFolder(
            self.shelf, lambda: self.settings, lambda: NOW, self.taken.append, write_problems,
            on_progress=lambda: self.progress.append(self.folder.reading()), still_seconds=still_seconds,
            forgetful=forgetful,
        )
        self._thread = threading.Thread(target=self.folder.run)

    def start(self) -> Drops:
        self._thread.start()
        return self

    def stop(self) -> None:
        if self._thread.ident and self._thread.is_alive():
            self.folder.stop()
            self._thread.join(PATIENCE)
        assert not self._thread.is_alive(), "the folder does not stop"
        self.store.close()

    def put(self, name: str, content: str | bytes) -> Path:
        path = self.incoming / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def until(self, condition: Callable[[], object], what: str) -> None:
        until(condition, what)

    def rejection(self, name: str) -> list[Mapping[str, str]]:
        """What the problems file of a rejected file says, once both are there."""
        self.until(lambda: exists(self.rejected / name), f"{name} is not rejected")
        return self.problems(name)

    def kept_rejected(self) -> list[Path]:
        """The rejected files themselves."""
        return [path for path in self.rejected.glob("[!.]*") if not path.name.endswith(".problems.csv")]

    def problems(self, name: str) -> list[Mapping[str, str]]:
        with (self.rejected / f"{name}.problems.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def wait_taken(self, count: int = 1) -> None:
        self.until(lambda: len(self.taken) >= count, f"{count} batches are not taken")
        self.until(lambda: not list((self.spool / ".claimed").iterdir()), "a claim is left behind")


def exists(path: Path) -> bool:
    return path.exists() or path.is_symlink()


def until(condition: Callable[[], object], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    pause = threading.Event()
    while not condition():
        assert time.monotonic() < deadline, what
        pause.wait(0.005)


@pytest.fixture
def make_drops() -> Iterator[Callable[..., Drops]]:
    """Makes stations; the test starts them, and they are stopped after it."""
    made: list[Drops] = []

    def make(root: Path, **options: float) -> Drops:
        made.append(Drops(root, **options))
        return made[-1]

    yield make
    for drops in made:
        drops.stop()


@pytest.fixture
def drops(make_drops: Callable[..., Drops], tmp_path: Path) -> Drops:
    """A running station."""
    started: Drops = make_drops(tmp_path).start()
    return started


@pytest.fixture
def good_list() -> Callable[..., str]:
    """Gives lists that are all good and all different."""
    serial = itertools.count()

    def make(rows: int = 2) -> str:
        return "to,text\n" + "".join(f"+4474001{next(serial):05},Hello\n" for _ in range(rows))

    return make
