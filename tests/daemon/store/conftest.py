"""A station's database in a temporary folder, and short ways to fill it."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from daemon.core.batch import NewBatch, NewMessage, RejectedRow, Taken
from daemon.store import Alarms, Health, Inbox, Lists, Outbox, Replies, Sims, Stops, Store, Views, WorkItem
from drivers.types import SimIdentity, StatusReport, SubmitPdu

SIM, OTHER_SIM = "8944100000000000001", "8944100000000000002"
NOW = 1_700_000_000.0
DAY = 86400.0


class Desk:
    """One database and its operations. `SIM` and `OTHER_SIM` have been seen."""

    SIM, OTHER_SIM, NOW = SIM, OTHER_SIM, NOW

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._taken = 0
        self._pdus = 0
        self._lives = 1
        self.open(folder / "outpost.db")
        for iccid in (SIM, OTHER_SIM):
            self.sims.seen(SimIdentity(iccid, "234100000000001"), NOW)

    def open(self, path: Path) -> None:
        self.path = path
        self.store = Store(path)
        self.outbox, self.inbox = Outbox(self.store), Inbox(self.store)
        self.lists = Lists(self.store)
        self.sims, self.views = Sims(self.store), Views(self.store)
        self.replies, self.health = Replies(self.store), Health(self.store)
        self.stops, self.alarms = Stops(self.store), Alarms(self.store)

    def kill(self) -> None:
        """Go on with the files as they would lie there had the process been killed at this moment."""
        self._lives += 1
        life = self.folder / f"life-{self._lives}"
        life.mkdir()
        for suffix in ("", "-wal"):
            if Path(f"{self.path}{suffix}").exists():
                shutil.copy(f"{self.path}{suffix}", f"{life / 'outpost.db'}{suffix}")
        self.store.close()
        self.open(life / "outpost.db")

    def take(self, *messages: NewMessage, released: bool = True, rejected: tuple[RejectedRow, ...] = ()) -> int:
        """Queue a batch of these messages; its id."""
        self._taken += 1
        batch = NewBatch("list", "list.csv", f"{self._taken:064x}", "anna", NOW, released)
        taken = self.outbox.enqueue(batch, messages, rejected)
        assert isinstance(taken, Taken)
        return taken.batch_id

    def claim(self, now: float = NOW, iccid: str = SIM) -> WorkItem:
        item = self.outbox.claim(iccid, now)
        assert item is not None
        return item

    def submit(self, item: WorkItem, seq: int = 1, now: float = NOW, iccid: str = SIM) -> int:
        return self.outbox.submitting(item, pdus(item.part_count), seq, iccid, now, now + 2 * DAY)

    def report(
        self, recipient: str, mr: int, *, status: int = 0, at: float = NOW, scts: float | None = None, iccid: str = SIM
    ) -> int | None:
        """A status report with a PDU of its own."""
        self._pdus += 1
        return self.inbox.save(iccid, status_report(self._pdus, recipient, mr, status, at, scts), at)

    def states(self) -> list[str]:
        """The state of each message, by id."""
        return self.column("SELECT state FROM messages ORDER BY id")

    def parts(self) -> list[str]:
        return self.column("SELECT state FROM parts ORDER BY message_id, seq")

    def batch_state(self) -> str:
        return self.column("SELECT state FROM batches ORDER BY id DESC LIMIT 1")[0]

    def column(self, sql: str) -> list:
        return [row[0] for row in self.store.conn.execute(sql)]

    def dump(self) -> list[str]:
        """All that the database holds."""
        return list(self.store.conn.iterdump())


def pdus(count: int) -> list[SubmitPdu]:
    return [SubmitPdu(f"00{n:02X}", 1) for n in range(1, count + 1)]


def status_report(
    number: int, recipient: str, mr: int, status: int = 0, at: float = NOW, scts: float | None = None
) -> StatusReport:
    when = datetime.fromtimestamp(at if scts is None else scts, UTC)
    return StatusReport(f"{number:08X}", mr, recipient, status, when, datetime.fromtimestamp(at, UTC))


def message(row: int = 1, recipient: str = "", **values) -> NewMessage:
    values = {"text": "here is support", "parts": 1, **values}
    return NewMessage(row, recipient or f"+4477009{row:05d}", **values)


@pytest.fixture
def desk(tmp_path):
    desk = Desk(tmp_path)
    yield desk
    desk.store.close()


@pytest.fixture
def new_desk():
    """The class itself, for tests that open several databases."""
    return Desk


@pytest.fixture
def make_message():
    return message


@pytest.fixture
def make_report():
    return status_report
