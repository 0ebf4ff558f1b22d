"""A restored backup sends nothing again: what it cannot know is in doubt, unless the replaced database tells."""

from __future__ import annotations

import contextlib

import pytest
from click.testing import CliRunner

from daemon.cli import main
from daemon.core.chain import Head
from daemon.core.message import Resolution
from daemon.store import DatabaseUnusable, Outbox, Store, Views
from daemon.store.backup import back_up, unfinished_restore
from daemon.store.decisions import Decisions
from daemon.store.losses import make_good
from daemon.store.restore import restore

LATER = 60.0


@pytest.fixture
def past(desk, make_message, tmp_path):
    """A station with a backup: 1 is sent in it, 2 is being submitted, 3 to 5 wait. Since then 2 and 3 were sent, 4 is
    being submitted, 5 still waits; somebody opted out, and a second batch came."""
    desk.store.secret("tag_key")
    desk.take(*[make_message(row) for row in range(1, 6)])
    desk.outbox.accepted(desk.submit(desk.claim()), 1, desk.NOW)
    second = desk.submit(desk.claim())
    backup = back_up(desk.path, tmp_path / "backups", desk.NOW, keep=3)
    desk.outbox.accepted(second, 2, desk.NOW + 1)
    desk.outbox.accepted(desk.submit(desk.claim()), 3, desk.NOW + 2)
    desk.submit(desk.claim())
    desk.lists.opt_out(["+447700900999"], "reply", desk.NOW + 3)
    desk.take(make_message(1))
    return backup


def restored(desk, backup):
    desk.store.close()
    result = restore(desk.path, backup, desk.NOW + LATER)
    desk.open(desk.path)
    return result


def test_without_the_old_database_all_that_was_open_is_in_doubt(desk, past):
    desk.store.close()
    for path in desk.folder.glob("outpost.db*"):
        path.unlink()
    result = restored(desk, past)
    assert (result.evidence, result.in_doubt, result.kept) == ("none", 4, None)
    assert desk.states() == ["sent", "in_doubt", "in_doubt", "in_doubt", "in_doubt"]
    assert desk.outbox.recover(desk.NOW + LATER, resend_limit=3) == 0  # nor does `on_doubt = "resend"` send them
    assert desk.outbox.claim(desk.SIM, desk.NOW + LATER) is None
    assert desk.states().count("in_doubt") == 4
    reason = desk.column("SELECT reason FROM messages WHERE id = 3")[0]
    assert "2023-11-14 22:13 UTC" in reason


def test_a_whole_old_database_settles_what_was_sent_and_what_was_not(desk, past):
    result = restored(desk, past)
    assert result.evidence == "whole"
    # The fourth was being submitted, so nobody knows; the fifth, and the second batch, have surely not left.
    assert desk.states() == ["sent", "sent", "sent", "in_doubt", "queued", "queued"]
    assert len(desk.outbox.history(desk.SIM, 0)) == 4  # the limits know of every submit
    assert len(desk.lists.optouts(["+447700900999"])) == 1
    kept = Views(Store(result.kept, read_only=True))
    assert kept.counts()["sending"] == 1
    assert not unfinished_restore(desk.path).exists()


def test_what_a_disk_had_forgotten_still_counts_against_every_sim(desk, past):
    make_good(desk.store, Head(99, "0" * 64), desk.NOW + 4, resend=False)
    before = desk.outbox.history(desk.OTHER_SIM, 0)
    assert len(before) > 30
    restored(desk, past)
    assert desk.outbox.history(desk.OTHER_SIM, 0) == before


def test_a_damaged_old_database_settles_only_what_it_shows(desk, past):
    desk.store.close()
    data = bytearray(desk.path.read_bytes())
    page = int.from_bytes(data[16:18])
    with contextlib.closing(Store(desk.path)) as store:
        name = "messages_recipient"
        (root,) = store.conn.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (name,)).fetchone()
    data[(root - 1) * page : root * page] = b"\xff" * page
    desk.path.write_bytes(data)
    with pytest.raises(DatabaseUnusable, match="outpost restore"):
        Store(desk.path)
    result = restored(desk, past)
    assert result.evidence == "damaged"
    assert desk.states()[:5] == ["sent", "sent", "sent", "in_doubt", "in_doubt"]
    assert "queued" not in desk.states()


def test_a_database_begun_anew_is_no_evidence(desk, past, make_message):
    desk.store.close()
    for path in desk.folder.glob("outpost.db*"):
        path.unlink()
    desk.open(desk.path)
    desk.store.secret("tag_key")
    desk.take(*[make_message(row) for row in range(1, 4)])
    result = restored(desk, past)
    assert result.evidence == "none"
    assert desk.states() == ["sent", "in_doubt", "in_doubt", "in_doubt", "in_doubt"]
    assert result.kept.exists()


def test_a_person_may_send_what_is_in_doubt_again(desk, past):
    desk.store.close()
    for path in desk.folder.glob("outpost.db*"):
        path.unlink()
    restored(desk, past)
    Decisions(desk.store).resolve(5, Resolution.RESEND, "root", desk.NOW + LATER)
    item = Outbox(desk.store).claim(desk.SIM, desk.NOW + LATER)
    assert item.message_id == 5


@pytest.mark.parametrize(("content", "why"), [
    (None, "is not there"),
    (b"", "is empty"),
    (b"this is no database" * 1000, "cannot be restored (file is not a database)"),
    ("folder", "is a folder"),
], ids=["missing", "empty", "text", "folder"])  # fmt: skip
def test_what_is_no_backup_is_refused_with_its_name_and_the_newest_backup(desk, past, tmp_path, content, why):
    desk.store.close()
    before = desk.path.read_bytes()
    bad, config = tmp_path / "bad.db", tmp_path / "outpost.toml"
    if content == "folder":
        bad.mkdir()
        past = past.rename(bad / past.name)
    elif content is not None:
        bad.write_bytes(content)
    config.write_text(
        f'[station]\ncountry = "GB"\nstate_dir = "{desk.folder}"\nspool_dir = "{tmp_path}/spool"\n'
        f'runtime_dir = "{tmp_path}/run"\n'
    )
    told = CliRunner().invoke(main, ["restore", str(bad), "--config", str(config)])
    assert told.exit_code == 1
    assert f"{bad} {why}. Nothing was changed." in told.output
    assert f"`outpost restore {past}`" in told.output
    past.unlink()
    told = CliRunner().invoke(main, ["restore", str(bad), "--config", str(config)])
    assert f"There is no other backup in {past.parent}" in told.output
    assert desk.path.read_bytes() == before
    assert not unfinished_restore(desk.path).exists()
    desk.open(desk.path)


def test_a_restore_that_was_cut_short_is_told_and_begun_again(desk, past):
    desk.store.close()
    unfinished_restore(desk.path).write_bytes(b"half")
    with pytest.raises(DatabaseUnusable, match="cut short"):
        Store(desk.path)
    restored(desk, past)
    assert "sent" in desk.states()
