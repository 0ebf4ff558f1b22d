"""A disk that damages the write-ahead log: what has left is not sent again."""

from __future__ import annotations

import shutil
import subprocess
import sys
from contextlib import closing

import pytest

from daemon.clock import boot_id
from daemon.core.alarm import AlarmKind
from daemon.core.chain import Head
from daemon.core.message import Resolution
from daemon.core.not_possible import NotPossible
from daemon.core.spans import DAY
from daemon.store import Alarms, DatabaseUnusable, Outbox, Store, Views
from daemon.store.audit import Audit
from daemon.store.decisions import Decisions
from daemon.store.losses import make_good

HEADER, FRAME = 32, 24 + 4096  # octets of the log and of each page in it


@pytest.fixture
def sent(desk, make_message):
    """Four messages that have left one after another, and four that wait; the newest commits are in the log alone."""
    desk.take(*(make_message(row) for row in range(1, 9)))
    desk.store.conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for _ in range(4):
        item = desk.claim()
        desk.outbox.accepted(desk.submit(item), 7, desk.NOW)
    desk.submit(desk.claim())
    return desk


def crashed(desk, folder, damage):
    """The files as a crash leaves them, the log as `damage` makes it of what it was; the database opened again."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    database = folder / "outpost.db"
    shutil.copy(desk.path, database)
    log = bytearray(desk.path.with_name("outpost.db-wal").read_bytes())
    database.with_name("outpost.db-wal").write_bytes(damage(log))
    return closing(Store(database))


def flipped(octet):
    def damage(log):
        log[octet] ^= 0xFF
        return log

    return damage


def waiting(store):
    """The messages that would be sent, by id."""
    rows = store.conn.execute(
        "SELECT id FROM messages WHERE state IN ('held', 'queued', 'sending') AND NOT EXISTS"
        " (SELECT 1 FROM parts WHERE message_id = messages.id AND parts.state = 'submitting')"
    )
    return {row["id"] for row in rows}


def frames(desk):
    return (desk.path.with_name("outpost.db-wal").stat().st_size - HEADER) // FRAME


def test_an_octet_that_turned_anywhere_sends_nothing_twice(sent, tmp_path):
    places = [HEADER + n * FRAME + (5, 10, 17, 2000)[n % 4] for n in range(frames(sent))]
    last = [HEADER + (frames(sent) - 1) * FRAME + at for at in range(0, FRAME, 300)]
    for octet in (*range(0, HEADER, 5), *places, *last):
        with crashed(sent, tmp_path / "life", flipped(octet)) as store:
            make_good(store, None, sent.NOW, resend=False)
            assert waiting(store) <= {6, 7, 8}, octet
            assert len(Outbox(store).history(sent.SIM, 0)) >= 5, octet  # as many as have left


def test_a_damaged_log_that_was_folded_back_already_leaves_a_whole_database_or_none(sent, make_message, tmp_path):
    """SQLite takes older pages from before the damage, and newer ones from the file."""
    sent.take(*(make_message(row) for row in range(9, 40)))
    left = {1, 2, 3, 4, 5}
    for _ in range(4):
        item = sent.claim()
        left.add(item.message_id)
        sent.outbox.accepted(sent.submit(item), 7, sent.NOW)
    sent.store.conn.execute("PRAGMA wal_checkpoint(PASSIVE)")
    mended = refused = 0
    for frame in range(1, frames(sent), 5):
        try:
            with crashed(sent, tmp_path / "life", flipped(HEADER + frame * FRAME + 100)) as store:
                make_good(store, None, sent.NOW, resend=False)
                assert not waiting(store) & left, frame
                assert store.damage() == "", frame
                found = {tuple(row) for row in store.conn.execute("SELECT state, n FROM counts WHERE n > 0")}
                rows = store.conn.execute("SELECT state, count(*) FROM messages GROUP BY batch_id, state")
                assert found == {tuple(row) for row in rows}, frame
                mended += 1
        except DatabaseUnusable as error:
            assert "is damaged" in str(error)
            refused += 1
    assert mended
    assert refused


def test_a_loss_in_the_midst_puts_all_that_waits_in_doubt_and_is_told(sent, tmp_path):
    with crashed(sent, tmp_path / "life", flipped(HEADER + frames(sent) // 2 * FRAME)) as store:
        loss = make_good(store, None, sent.NOW, resend=False)
        assert loss.commits > 1
        assert loss.in_doubt >= 6
        assert waiting(store) == set()
        assert [alarm.kind for alarm in Alarms(store).standing(sent.NOW)] == [AlarmKind.ENTRIES_LOST]
        assert Audit(store).check().breaks == ()
        assert make_good(store, None, sent.NOW, resend=False) is None


def test_what_is_in_doubt_is_found_and_settled_a_batch_at_a_time(sent, make_message, tmp_path):
    sent.take(make_message(50), released=False)
    with crashed(sent, tmp_path / "life", flipped(HEADER)) as store:
        loss = make_good(store, Head(99, "0" * 64), sent.NOW, resend=False)
        [alarm] = Alarms(store).standing(sent.NOW)
        assert f"{loss.in_doubt} messages are in doubt for it (`outpost messages --state in_doubt`)" in alarm.text
        assert "`outpost resolve --batch BATCH`" in alarm.text
        doubts = list(Views(store).messages(state="in_doubt"))
        assert all(doubt["reason"].startswith("the disk lost the newest entries") for doubt in doubts)
        decisions = Decisions(store)
        _, settled = decisions.resolve_batch("list", Resolution.RESEND, "anna", sent.NOW)
        assert settled == len(doubts) == len(waiting(store))
        with pytest.raises(NotPossible, match="nothing of batch list is in doubt"):
            decisions.resolve_batch("list", Resolution.DROP, "anna", sent.NOW)


def test_every_sim_counts_all_parts_that_may_have_left(sent, tmp_path):
    with crashed(sent, tmp_path / "life", flipped(0)) as store:
        loss = make_good(store, None, sent.NOW, resend=False)
        outbox = Outbox(store)
        for sim in (sent.SIM, sent.OTHER_SIM):
            people = {recipient for _, recipient in outbox.history(sim, sent.NOW - 1)}
            assert len(people) == loss.parts >= 5
            assert len(outbox.history_since_boot(sim, boot_id())) == loss.parts
        assert outbox.history(sent.OTHER_SIM, sent.NOW) == []
        make_good(store, Head(99, "0" * 64), sent.NOW + 31 * DAY, resend=False)
        at = {at for at, _ in outbox.history(sent.OTHER_SIM, 0)}
        assert at == {sent.NOW + 31 * DAY}  # what no limit counts any more is not kept


def test_a_log_whose_end_is_missing_shows_by_the_kept_head(sent, tmp_path):
    head = Audit(sent.store).head()
    with crashed(sent, tmp_path / "life", lambda log: log[: HEADER + frames(sent) // 2 * FRAME]) as store:
        assert not Audit(store).holds(head)
        loss = make_good(store, head, sent.NOW, resend=False)
        assert (loss.commits, loss.lacks) == (0, head)
        assert loss.parts >= (head.seq - Audit(store).head().seq - 1) / 2 > 0
        assert waiting(store) == set()


def test_a_policy_of_sending_again_holds_here_too(sent, tmp_path):
    with crashed(sent, tmp_path / "life", flipped(HEADER + FRAME)) as store:
        assert make_good(store, None, sent.NOW, resend=True).in_doubt == 0
        assert len(waiting(store)) >= 7


def test_the_last_commit_alone_puts_no_more_in_doubt_than_was_claimed(sent, tmp_path):
    with crashed(sent, tmp_path / "life", flipped(HEADER + (frames(sent) - 1) * FRAME + 100)) as store:
        loss = make_good(store, None, sent.NOW, resend=False)
        assert (loss.commits, loss.in_doubt) == (1, 1)
        assert waiting(store) == {6, 7, 8}
        assert Alarms(store).standing(sent.NOW) == []


@pytest.mark.parametrize("rest", [b"", bytes(3 * FRAME), b"\xa5" * 9000], ids=["nothing", "zeros", "half a write"])
def test_what_a_power_cut_leaves_is_no_loss(sent, tmp_path, rest):
    with crashed(sent, tmp_path / "life", lambda log: log + rest) as store:
        assert make_good(store, None, sent.NOW, resend=False) is None
        assert waiting(store) == {6, 7, 8}


def test_what_was_never_committed_is_no_loss(sent, tmp_path):
    with sent.store.writing() as conn:
        conn.execute("PRAGMA cache_size=1")  # so that it goes to the log before its commit
        conn.execute("CREATE TABLE big AS SELECT hex(randomblob(4000)) FROM messages, sims")
        before = frames(sent)
        with crashed(sent, tmp_path / "life", bytes) as store:
            assert before > 140
            assert make_good(store, None, sent.NOW, resend=False) is None


def test_an_earlier_use_of_the_log_is_no_loss(sent, tmp_path):
    sent.store.conn.execute("PRAGMA wal_checkpoint(RESTART)")
    sent.stops.pause_station("anna", sent.NOW)
    with crashed(sent, tmp_path / "life", bytes) as store:
        assert make_good(store, None, sent.NOW, resend=False) is None


def test_a_look_at_the_log_ends_no_lock(sent):
    """Whoever else opens the database takes it for unused where its locks are gone, and makes the log's index anew
    under the service: sqlite.org/howtocorrupt.html, 2.2."""
    shutil.copytree(sent.path.parent, sent.path.parent.parent / "crash")
    with closing(Store(sent.path.parent.parent / "crash" / sent.path.name)) as store:
        look = (
            "import fcntl, sys\n"
            "with open(sys.argv[1], 'r+b') as index:\n"
            "    fcntl.lockf(index, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, 128)"  # where SQLite says that it is in use
        )
        index = store.path.with_name(f"{store.path.name}-shm")
        tried = subprocess.run([sys.executable, "-c", look, index], capture_output=True, text=True, check=False)
    assert "BlockingIOError" in tried.stderr
