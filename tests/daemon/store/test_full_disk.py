"""A full disk: every write says so and changes nothing, and work goes on when there is room again."""

import contextlib
import os
import shutil
import sqlite3
import subprocess

import pytest

from daemon.core.batch import NewBatch
from daemon.core.message import MessageState, SimState
from daemon.store import Store, StoreFull
from daemon.store.sims import Hold, ModemSeen
from drivers.types import SimIdentity


@pytest.fixture
def small_disk(tmp_path):
    """A file system of two megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or shutil.which("mount") is None or subprocess.run(mount, check=False).returncode != 0:
        pytest.skip("a small file system to fill cannot be mounted here: that needs root")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def fill(folder):
    with contextlib.suppress(OSError), (folder / "filler").open("wb", buffering=0) as file:
        while True:
            file.write(bytes(1024))


@pytest.fixture
def full(small_disk, new_desk, make_message):
    """A desk in the middle of its work, on a disk that has just become full."""
    desk = new_desk(small_disk)
    desk.take(*map(make_message, range(1, 9)))
    desk.take(make_message(9, not_after=desk.NOW, priority=-1), make_message(10, not_before=desk.NOW + 1))
    desk.answers = [desk.submit(desk.claim()) for _ in range(4)]
    desk.sims.rest(desk.SIM, Hold(SimState.RESTING, "refused", None), desk.NOW)
    desk.item, desk.claimed = desk.claim(), desk.claim()
    fill(small_disk)
    # The WAL holds room of its own until it is used up, page by page.
    with contextlib.suppress(StoreFull):
        for n in range(1000):
            desk.sims.show(desk.SIM, SimState.READY, str(n), None)
    yield desk
    desk.store.close()


def writes(desk, make_message, make_report):
    """Every operation that writes, by name."""
    outbox, sims, number = desk.outbox, desk.sims, "+447700900001"
    batch = NewBatch("more", "more.csv", "ab" * 32, "anna", desk.NOW, True)
    hold = Hold(SimState.RESTING, "y" * 5000, None)
    first, second, third, fourth = desk.answers
    many = [make_message(row, text="z" * 150) for row in range(1, 100)]
    return {
        "enqueue": lambda: outbox.enqueue(batch, many, []),
        "claim": lambda: outbox.claim(desk.SIM, desk.NOW),
        "submitting": lambda: desk.submit(desk.item),
        "accepted": lambda: outbox.accepted(first, 7, desk.NOW),
        "failed": lambda: outbox.failed(second, "CMS 1", "no", desk.NOW),
        "retry": lambda: outbox.retry(third, "CMS 41", "busy", None, desk.NOW),
        "doubt": lambda: outbox.doubt(fourth, "no answer", desk.NOW),
        "give_back": lambda: outbox.give_back(desk.claimed, desk.NOW),
        "end": lambda: outbox.end(desk.claimed, MessageState.FAILED, "no", desk.NOW),
        "wake_due": lambda: outbox.wake_due(desk.NOW + 1),
        "expire": lambda: outbox.expire(desk.NOW),
        "recover": lambda: outbox.recover(desk.NOW),
        "save": lambda: desk.inbox.save(desk.SIM, make_report(1, number, 7), desk.NOW),
        "opt_out": lambda: desk.lists.opt_out(["+447700900008"], "reply", desk.NOW),
        "begin": sims.begin,
        "seen": lambda: sims.seen(SimIdentity("89"), desk.NOW),
        "show": lambda: sims.show(desk.SIM, SimState.READY, "w" * 5000, None),
        "block": lambda: sims.block(desk.SIM, hold),
        "rest": lambda: sims.rest(desk.OTHER_SIM, hold, desk.NOW),
        "forget_rests": lambda: sims.forget_rests(desk.SIM),
        "show_modem": lambda: sims.show_modem(ModemSeen("/dev/ttyUSB0", "ready"), desk.NOW),
        "pause_station": lambda: desk.stops.pause_station("anna", desk.NOW),
        "alarm": lambda: desk.alarms.set("clock_jumped", "", "look", desk.NOW),
        "secret": lambda: desk.store.secret("tag_key"),
    }


def test_every_write_says_so_changes_nothing_and_works_when_room_returns(full, make_message, make_report, small_disk):
    before = full.dump()
    operations = writes(full, make_message, make_report)
    for name, write in operations.items():
        with pytest.raises(StoreFull, match=r"outpost\.db cannot be written"):
            write()
        assert full.dump() == before, name
    assert full.outbox.standing(full.SIM).due == full.NOW + 1, "reading still works"
    (small_disk / "filler").unlink()
    for name, write in operations.items():
        write()
        assert full.dump() != before, name


def test_a_database_cannot_be_opened_on_a_full_disk(small_disk):
    fill(small_disk)
    with pytest.raises(StoreFull, match="its disk is full"):
        Store(small_disk / "outpost.db")


def test_a_disk_that_fails_is_not_told_as_a_full_one(desk):
    desk.store.conn.execute("PRAGMA query_only=ON")
    with pytest.raises(StoreFull, match="readonly") as refused:
        desk.sims.begin()
    assert not refused.value.full


def test_what_cannot_be_read_may_be_read_later_and_a_fault_of_ours_not(desk, make_message):
    with pytest.raises(sqlite3.OperationalError) as ours:
        desk.store.conn.execute("SELECT nothing")
    assert desk.outbox.unreadable(ours.value) is None
    desk.take(*[make_message(row) for row in range(1, 200)])
    desk.store.close()
    with desk.store.path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (desk.store.path.stat().st_size - 4096))
    with pytest.raises(sqlite3.DatabaseError) as damaged:
        desk.store.conn.execute("SELECT count(*) FROM messages").fetchone()
    unreadable = desk.outbox.unreadable(damaged.value)
    assert not unreadable.full
    assert str(desk.store.path) in str(unreadable)
