"""What becomes of a file that is dropped: real files, real inotify, a real database, real child processes."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from daemon.core.batch import Reading
from daemon.intake import taking

GOOD = "to,text\n+447400100000,Hello\n07400 100001,Hello\n"

Make = Callable[..., Any]


def test_a_good_file_is_queued_and_kept(drops: Any) -> None:
    drops.put("contacts.csv", GOOD)
    drops.wait_taken()
    [(batch, messages, rejected)] = drops.shelf.batches
    assert (batch.name, batch.source, batch.released) == ("contacts", "contacts.csv", True)
    assert [(m.row, m.recipient, m.text, m.parts) for m in messages] == [
        (1, "+447400100000", "Hello", 1),
        (2, "+447400100001", "Hello", 1),
    ]
    assert not rejected
    assert (drops.accepted / "contacts.csv").read_text() == GOOD
    assert not list(drops.incoming.iterdir())
    assert not list(drops.rejected.iterdir())


def test_the_good_rows_of_a_partly_bad_file_are_taken_and_the_bad_are_shown(drops: Any) -> None:
    drops.put("mixed.csv", "to,text\n+447400100000,Hello\n0115 496 0000,Hello\n+447400100002,\n")
    drops.wait_taken()
    [(_, messages, rejected)] = drops.shelf.batches
    assert [m.row for m in messages] == [1]
    assert [(r.row, r.to) for r in rejected] == [(2, "0115 496 0000"), (3, "+447400100002")]
    assert [(p["line"], p["column"], p["value"]) for p in drops.problems("mixed.csv")] == [
        ("3", "to", "0115 496 0000"),
        ("4", "text", ""),
    ]
    assert (drops.accepted / "mixed.csv").exists()
    assert not (drops.rejected / "mixed.csv").exists()


@pytest.mark.parametrize("error", [RuntimeError("can't start new thread"), MemoryError()])
def test_a_file_is_tried_again_when_memory_is_short(
    drops: Any, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    short, start = [error], threading.Timer.start

    def starts(timer: threading.Timer) -> None:
        if short:
            raise short.pop()
        start(timer)

    monkeypatch.setattr(threading.Timer, "start", starts)
    drops.put("contacts.csv", GOOD)
    drops.wait_taken()
    assert not list(drops.rejected.iterdir())


def test_a_file_of_bad_rows_only_is_rejected_with_all_of_them(drops: Any) -> None:
    drops.put("bad.csv", "to,text\n999,Hello\n+447400100002,\n")
    assert [p["line"] for p in drops.rejection("bad.csv")] == ["2", "3"]
    assert not drops.taken


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("empty.csv", b"", "empty"),
        ("blank.csv", b"\n \n\r\n", "empty"),
        ("header.csv", b"to,text\n", "no rows"),
        ("nul.csv", b"to,text\n+447400100000,Hi\x00\n", "not text"),
        ("random.csv", bytes(range(256)) * 4, "not text"),
        ("undecodable.csv", b"to,text\n+447400100000,\x81\x8d\n", "not text"),
        ("cut.csv", "to,text\n+447400100000,\u20ac\u20ac".encode()[:-1], "mixes UTF-8"),
        ("workbook.csv", b"PK\x03\x04 and so on", "damaged"),
        ("noheader.csv", b"+447400100000,Hello\n", "no column is named text"),
        ("notext.csv", b"to;message\n+447400100000;Hello\n", "no column is named text"),
        ("twice.csv", b"to,text,TO\n+447400100000,Hello,+447400100001\n", "two columns are named to"),
        ("quote.csv", b'to,text\n+447400100000,"Hello\n+447400100001,Hi\n', "quotation marks"),
        ("list.txt", GOOD.encode(), ".csv"),
        ("list.xlsx", b"PK\x03\x04", "damaged"),
        ("noending", GOOD.encode(), ".csv"),
        ("empty.jsonl", b"", "empty"),
        ("x" * 199 + ".csv", GOOD.encode(), "longer than 200 bytes"),
        ("\u00e9" * 110 + ".csv", GOOD.encode(), "longer than 200 bytes"),
    ],
)
def test_a_file_that_cannot_be_read_is_rejected_whole(drops: Any, name: str, content: bytes, reason: str) -> None:
    drops.put(name, content)
    drops.until(drops.kept_rejected, "nothing is rejected")
    [kept] = drops.kept_rejected()
    assert len(name) > 100 or kept.name == name
    [problem] = drops.problems(kept.name)
    assert reason in problem["reason"]
    assert kept.read_bytes() == content
    assert not drops.taken
    drops.put("next.csv", GOOD)
    drops.wait_taken()


def test_a_symlink_is_never_followed(drops: Any, tmp_path: Path) -> None:
    target = tmp_path / "target.csv"
    target.write_text(GOOD)
    (drops.incoming / "good.csv").symlink_to(target)
    (drops.incoming / "passwd.csv").symlink_to("/etc/passwd")
    (drops.incoming / "dangling.csv").symlink_to("/nowhere")
    for name in ("good.csv", "passwd.csv", "dangling.csv"):
        assert "link" in drops.rejection(name)[0]["reason"]
        assert (drops.rejected / name).is_symlink()
    assert target.read_text() == GOOD
    assert not drops.taken


def test_a_pipe_and_a_socket_are_rejected(drops: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(drops.incoming / "pipe.csv")
    monkeypatch.chdir(drops.incoming)  # a socket's path must be short
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket.csv")
        assert "pipe" in drops.rejection("pipe.csv")[0]["reason"]
        assert "socket" in drops.rejection("socket.csv")[0]["reason"]
    assert not drops.taken


@pytest.mark.skipif(os.geteuid() != 0, reason="making a device needs root")
def test_a_device_is_rejected_unopened(drops: Any) -> None:
    try:
        os.mknod(drops.incoming / "device.csv", 0o020666, os.makedev(1, 5))
    except PermissionError:
        pytest.skip("devices cannot be made here")
    assert "device" in drops.rejection("device.csv")[0]["reason"]


@pytest.mark.parametrize(("name", "size", "reason"), [
    ("huge.csv", 65 * 2**20, "larger than 64 MiB: cut the list"),
    ("huge.ufdr", 65 * 2**30, "larger than 65,536 MiB: export the contacts alone"),
])  # fmt: skip
def test_a_file_that_is_too_large_is_rejected_unread(drops: Any, name: str, size: int, reason: str) -> None:
    hidden = drops.incoming / ".huge"
    with hidden.open("wb") as file:
        file.truncate(size)
    hidden.rename(drops.incoming / name)
    assert reason in drops.rejection(name)[0]["reason"]
    assert (drops.rejected / name).stat().st_blocks < 100


def test_a_name_with_control_characters_is_rejected_under_a_safe_name(drops: Any) -> None:
    drops.put("two\nlines\x1b[2J.csv", GOOD)
    assert "name" in drops.rejection("two%0Alines%1B[2J.csv")[0]["reason"]
    (Path(os.fsdecode(bytes(drops.incoming) + b"/\xff\xfe.csv"))).write_text(GOOD)
    assert "name" in drops.rejection("%FF%FE.csv")[0]["reason"]
    assert not drops.taken


def test_a_file_that_the_service_may_not_read_is_rejected(make_drops: Make) -> None:
    with tempfile.TemporaryDirectory() as root:  # pytest's own folders are closed to other users
        drops = make_drops(Path(root))
        path = drops.put("secret.csv", GOOD)
        path.chmod(0)
        if os.geteuid() == 0:
            Path(root).chmod(0o755)
            for folder in (drops.spool, drops.incoming, drops.rejected):
                folder.chmod(0o777)
            os.seteuid(65534)
        try:
            drops.start()
            [problem] = drops.rejection("secret.csv")
        finally:
            drops.stop()
            if os.getuid() == 0:
                os.seteuid(0)
        assert "may not read" in problem["reason"]


def test_what_is_hidden_or_half_done_is_left_alone(drops: Any) -> None:
    names = [".hidden.csv", "a.csv.tmp", "a.csv.part", "a.csv.crdownload", "a.csv~", "B.CSV.PART"]
    for name in names:
        drops.put(name, GOOD)
    drops.put("marker.csv", GOOD)
    drops.wait_taken()
    assert sorted(path.name for path in drops.incoming.iterdir()) == sorted(names)
    (drops.incoming / "a.csv.part").rename(drops.incoming / "done.csv")
    assert "as batch marker" in drops.rejection("done.csv")[0]["reason"]


def test_a_half_copied_file_waits_for_its_other_half(drops: Any, good_list: Callable[..., str]) -> None:
    whole = good_list(400)
    drops.put("first.csv", good_list())
    drops.wait_taken()  # from here on the folder is watched
    slow_path, unwritten_path = drops.incoming / "slow.csv", drops.incoming / "unwritten.csv"
    with slow_path.open("w") as slow, unwritten_path.open("w") as unwritten:
        for number, piece in enumerate((whole[:1000], whole[1000:5000], whole[5000:])):
            slow.write(piece)
            slow.flush()
            drops.put(f"marker{number}.csv", good_list())  # came later, and lay still for as long as it needs
            drops.wait_taken(number + 2)
            assert set(drops.incoming.iterdir()) == {slow_path, unwritten_path}
        unwritten.write(good_list(3))
    drops.wait_taken(6)
    assert [len(messages) for _, messages, _ in drops.shelf.batches[-2:]] in ([400, 3], [3, 400])


def test_a_file_that_was_half_written_when_the_service_started_waits_for_its_writer(
    make_drops: Make, tmp_path: Path, good_list: Callable[..., str]
) -> None:
    drops, whole = make_drops(tmp_path), good_list(400)
    folder = drops.incoming / "folder"
    folder.mkdir()
    (folder / "message.txt").write_text("Hi")
    with (drops.incoming / "slow.csv").open("w") as slow, (folder / "contacts.csv").open("w") as inner:
        for writer in (slow, inner):
            writer.write(whole[:1000])
            writer.flush()
        drops.start()
        drops.put("marker.csv", good_list())
        drops.wait_taken()  # nobody saw these two being opened
        slow.write(whole[1000:])
        inner.write(whole[1000:])
    drops.wait_taken(3)
    assert sorted(len(messages) for _, messages, _ in drops.shelf.batches) == [2, 400, 400]


def test_a_file_that_is_renamed_while_it_is_written_is_taken_whole(drops: Any, good_list: Callable[..., str]) -> None:
    whole = good_list(400)
    drops.put("first.csv", good_list())
    drops.wait_taken()
    with (drops.incoming / "new.csv").open("w") as writer:
        writer.write(whole[:1000])
        writer.flush()
        (drops.incoming / "new.csv").rename(drops.incoming / "contacts.csv")
        drops.put("marker.csv", good_list())
        drops.until(lambda: len(drops.taken) == 2, "the other list is not taken")
        writer.write(whole[1000:])
    drops.wait_taken(3)
    assert len(drops.shelf.batches[-1][1]) == 400
    assert drops.shelf.batches[-1][0].name == "contacts"


def test_a_copy_that_broke_off_is_not_taken(drops: Any, good_list: Callable[..., str]) -> None:
    whole = good_list(400)
    drops.put("broken.csv", whole[:4096])
    assert "cut off" in drops.rejection("broken.csv")[0]["reason"]
    drops.put("whole.csv", whole[:4095].rpartition("\n")[0].ljust(4095, "x") + "\n")
    drops.wait_taken()


@pytest.fixture
def read_only(tmp_path: Path) -> Iterator[Callable[[bool], None]]:
    """Makes the spool a file system of its own that cannot be written, or can."""
    spool = tmp_path / "spool"
    spool.mkdir()
    mount = ["mount", "--bind", str(spool), str(spool)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("mounting a file system needs root")

    def change(yes: bool) -> None:
        subprocess.run(["mount", "-o", f"remount,bind,{'ro' if yes else 'rw'}", str(spool)], check=True)

    yield change
    subprocess.run(["umount", "--lazy", str(spool)], check=True)


def test_on_a_disk_that_cannot_be_written_a_file_waits(
    make_drops: Make, tmp_path: Path, good_list: Callable[..., str], read_only: Callable[[bool], None]
) -> None:
    with capture_logs() as logs:
        drops = make_drops(tmp_path)
        for name in (".claimed", "texts", "presets"):
            (drops.spool / name).mkdir()
        drops.put("list.csv", good_list())
        read_only(True)
        drops.start()
        drops.until(lambda: [log for log in logs if "Read-only" in log.get("error", "")], "nothing is said")
        assert not drops.taken
        read_only(False)
        drops.wait_taken()
        drops.stop()


def test_the_same_content_again_is_rejected_and_named(drops: Any) -> None:
    drops.put("first.csv", GOOD)
    drops.wait_taken()
    drops.put("second.csv", GOOD)
    assert "as batch first" in drops.rejection("second.csv")[0]["reason"]
    assert len(drops.taken) == 1


def test_two_files_of_one_name_are_both_taken_and_both_kept(drops: Any, good_list: Callable[..., str]) -> None:
    lists = [good_list(), good_list(), good_list()]
    for number, content in enumerate(lists):
        drops.put("contacts.csv", content)
        drops.wait_taken(number + 1)
    names = ["contacts.csv", "contacts-2.csv", "contacts-3.csv"]
    assert [(drops.accepted / name).read_text() for name in names] == lists
    assert len({taken.name for taken in drops.taken}) == 3


def test_files_and_problems_of_one_name_stay_together(drops: Any) -> None:
    drops.put("x.csv", "to,text\n+447400100000,Hello\n999,Hello\n")
    drops.wait_taken()
    drops.put("x.csv", "to,text\n998,Hello\n")
    assert drops.rejection("x-2.csv")[0]["value"] == "998"
    assert drops.problems("x.csv")[0]["value"] == "999"


def test_how_far_the_reading_has_come_is_told(
    drops: Any, good_list: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(taking, "PROGRESS_ROWS", 2)
    drops.put("list.csv", good_list(5))
    drops.wait_taken()
    drops.until(lambda: len(drops.progress) == 3, "the end of the reading is not told")
    assert drops.progress == [Reading("list.csv", 2), Reading("list.csv", 4), None]


def test_many_files_at_once(drops: Any, good_list: Callable[..., str]) -> None:
    for number in range(20):
        drops.put(f"list{number}.csv", good_list())
    drops.wait_taken(20)
    assert len(list(drops.accepted.iterdir())) == 20


def test_the_folder_may_be_taken_away(drops: Any) -> None:
    drops.put("first.csv", GOOD)
    drops.wait_taken()
    drops.incoming.rename(drops.spool / "elsewhere")
    drops.until(drops.incoming.exists, "the folder does not come back")
    drops.put("second.csv", "to,text\n+447400100009,Hello\n")
    drops.wait_taken(2)


def test_the_settings_are_asked_for_each_file(drops: Any, make_drops: Make) -> None:
    drops.put("first.csv", GOOD)
    drops.wait_taken()
    drops.settings = type(drops.settings)(station=drops.settings.station)  # approval = "two-person" again
    drops.put("second.csv", "to,text\n+447400100009,Hello\n")
    drops.wait_taken(2)
    assert [batch.released for batch, _, _ in drops.shelf.batches] == [True, False]


def test_files_that_came_while_nobody_watched_are_taken(make_drops: Make, tmp_path: Path) -> None:
    drops = make_drops(tmp_path)
    drops.put("contacts.csv", GOOD)
    drops.start()
    drops.wait_taken()


def test_a_claim_that_was_not_queued_is_queued_at_the_next_start(make_drops: Make, tmp_path: Path) -> None:
    drops = make_drops(tmp_path)
    claim = drops.spool / ".claimed" / "00000001"
    claim.mkdir(parents=True)
    (claim / "contacts.csv").write_text(GOOD)
    (drops.spool / ".claimed" / "00000002").mkdir()
    drops.start()
    drops.wait_taken()
    assert (drops.accepted / "contacts.csv").read_text() == GOOD


def test_a_claim_is_rejected_when_the_disk_lost_what_became_of_it(make_drops: Make, tmp_path: Path) -> None:
    drops = make_drops(tmp_path, forgetful=True)
    claim = drops.spool / ".claimed" / "00000001"
    claim.mkdir(parents=True)
    (claim / "contacts.csv").write_text(GOOD)
    drops.put("later.csv", GOOD)
    drops.start()
    [problem] = drops.rejection("contacts.csv")
    assert "people may have been texted" in problem["reason"]
    drops.wait_taken()
    assert [taken.name for taken in drops.taken] == ["later"]


def test_a_process_killed_between_queue_and_move_leaves_nothing_to_do_by_hand(make_drops: Make, tmp_path: Path) -> None:
    script = """if True:
        import os, signal, sys
        from pathlib import Path
        from daemon.intake.folder import DropFolder
        from daemon.pages.outcomes import write_problems
        from daemon.settings import Settings, Station
        from daemon.store import Outbox, Store
        root = Path(sys.argv[1])
        settings = Settings(station=Station(spool_dir=root / "spool"))
        def killed(taken):
            os.kill(os.getpid(), signal.SIGKILL)
        DropFolder(Outbox(Store(root / "outpost.db")), lambda: settings, lambda: 1.78e9, killed, write_problems,
                   still_seconds=0.01).run()
    """
    content = GOOD + "999,Hello\n"
    incoming = tmp_path / "spool" / "incoming"
    incoming.mkdir(parents=True)
    (incoming / "contacts.csv").write_text(content)
    path = os.pathsep.join(filter(None, sys.path))
    killed = subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False, env={"PYTHONPATH": path})
    assert killed.returncode == -9
    assert not list(incoming.iterdir())
    drops = make_drops(tmp_path).start()
    drops.until((drops.accepted / "contacts.csv").exists, "the file is not recovered")
    assert [p["value"] for p in drops.problems("contacts.csv")] == ["999"]
    assert not (drops.rejected / "contacts.csv").exists()
    assert not drops.taken
    drops.put("again.csv", content)
    assert "as batch contacts" in drops.rejection("again.csv")[0]["reason"]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 MiB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("mounting a small file system needs root")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


def fill(path: Path) -> None:
    """Write a file until the disk is full."""
    with path.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"x" * 4096)


def test_a_full_disk_loses_nothing_and_is_said_once(make_drops: Make, small_disk: Path) -> None:
    with capture_logs() as logs:
        drops = make_drops(small_disk)
        good = drops.put(".good.csv", "to,text\n" + "".join(f"+4474001{n:05},Hello {n}\n" for n in range(2000)))
        bad = drops.put(".bad.csv", "no header\n")
        fill(small_disk / "filler")
        good.rename(drops.incoming / "good.csv")
        bad.rename(drops.incoming / "bad.csv")
        drops.start()
        drops.until(lambda: [log for log in logs if "room" in log["event"]], "nothing is said")
        assert not drops.taken
        assert not list(drops.accepted.iterdir())
        assert not list(drops.rejected.iterdir())
        (small_disk / "filler").unlink()
        drops.wait_taken()
        drops.rejection("bad.csv")
        drops.stop()
    assert [log["event"] for log in logs if log["event"].startswith(("no file", "files"))] == [
        "no file is taken before there is room; free some space on the disk",
        "files are taken again",
    ]
    assert (drops.accepted / "good.csv").exists()


def test_a_fault_of_ours_is_told_without_what_is_in_the_file(make_drops: Make, tmp_path: Path) -> None:
    drops = make_drops(tmp_path)
    enqueue = drops.shelf.enqueue

    def fails(batch: Any, messages: Any, rejected: Any) -> Any:
        if batch.name == "unlucky":
            raise RuntimeError(f"cannot store {messages[0].recipient}")
        return enqueue(batch, messages, rejected)

    drops.shelf.enqueue = fails
    with capture_logs() as logs:
        drops.put("unlucky.csv", GOOD)
        drops.start()
        assert "internal error (RuntimeError)" in drops.rejection("unlucky.csv")[0]["reason"]
        drops.put("next.csv", GOOD)
        drops.wait_taken()
        drops.stop()
    [told] = [log for log in logs if log["log_level"] == "error"]
    assert any("fails" in frame for frame in told["traceback"])
    assert "447400100000" not in str(logs)
    assert "Hello" not in str(logs)


def test_a_file_that_cannot_be_moved_is_explained_once_and_left(make_drops: Make, tmp_path: Path) -> None:
    drops = make_drops(tmp_path)
    if os.geteuid() != 0 or not shutil.which("chattr"):
        pytest.skip("making a file immutable needs root")
    path = drops.put("stuck.csv", GOOD)
    if subprocess.run(["chattr", "+i", str(path)], check=False, capture_output=True).returncode:
        pytest.skip("this file system has no immutable files")
    try:
        drops.start()
        drops.until((drops.rejected / "stuck.csv.problems.csv").exists, "nothing is said")
        drops.put("next.csv", GOOD)
        drops.wait_taken()
    finally:
        drops.stop()
        subprocess.run(["chattr", "-i", str(path)], check=True)
    assert "cannot be taken out" in drops.problems("stuck.csv")[0]["reason"]


def test_stopping_does_not_wait_for_a_long_file(make_drops: Make, tmp_path: Path) -> None:
    drops = make_drops(tmp_path)
    rows = "".join(f"0740{n:07},Hello\n" for n in range(100_000))
    drops.put("long.csv", f"to,text\n{rows}")
    drops.start()
    drops.until(lambda: list(drops.spool.glob(".claimed/*/long.csv")), "the file is not claimed")
    drops.stop()
    assert not drops.taken
    assert list(drops.spool.glob(".claimed/*/long.csv"))
