"""Whatever is thrown into incoming/: it is rejected with its reason, never followed, and the service lives on."""

from __future__ import annotations

import os
import shutil

import pytest

SIXTY_FIVE_MIB = 65 * 2**20
AS_OTHERS_ARE = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")  # without root's right to read everything


def test_bad_drops_while_running(station, people):
    station = station()
    station.start()
    incoming = station.spool / "incoming"
    outside = station.folder / "outside.csv"
    outside.write_text("to,text\n+447700900199,never follow me\n")
    os.mkfifo(incoming / "pipe.csv")
    (incoming / "link.csv").symlink_to(outside)
    (station.folder / "folder.csv").mkdir()
    (station.folder / "folder.csv" / "message.txt").write_text("Dear {nobody}")
    (station.folder / "folder.csv" / "list.csv").write_text("to\n+447700900199\n")
    (station.folder / "folder.csv").rename(incoming / "folder.csv")
    station.drop(b"", "empty.csv")
    station.drop(bytes(range(256)) * 40, "binary.csv")
    station.drop("to,text\n+447700900199,never\n", "two\nlines.csv")
    station.drop("to,text\nnobody,never\n", "all-bad.csv")
    station.drop("a note of nothing in particular", "note.txt")
    with (incoming / ".huge.csv").open("wb") as huge:
        huge.truncate(SIXTY_FIVE_MIB)
    (incoming / ".huge.csv").rename(incoming / "huge.csv")
    names = [
        "pipe.csv", "link.csv", "empty.csv", "binary.csv", "two%0Alines.csv", "all-bad.csv", "note.txt", "huge.csv",
        "folder.csv",
    ]  # fmt: skip
    for name in names:
        (problem, *_) = station.until(lambda name=name: station.problems(name))
        assert problem["reason"], name
    station.until(lambda: all(os.path.lexists(station.spool / "rejected" / name) for name in names))
    station.until(lambda: not list(incoming.iterdir()))
    assert station.problems("all-bad.csv")[0]["column"] == "to"
    assert "64 MiB" in station.problems("huge.csv")[0]["reason"]

    (incoming / ".hidden.csv").write_text("to,text\n+447700900199,never\n")
    (incoming / "half.csv.part").write_text("to,text\n+447700900199,never\n")
    station.drop(people(2), "good.csv")
    station.until_counts(delivered=2)
    assert "+447700900199" not in station.network.recipients()
    assert sorted(path.name for path in incoming.iterdir()) == [".hidden.csv", "half.csv.part"]
    assert outside.exists()
    assert station.service.poll() is None
    assert "internal error" not in station.log()


def test_an_unreadable_drop(station, people):
    station = station()
    root = os.geteuid() == 0
    if root and not shutil.which("setpriv"):
        pytest.skip("root may read everything, and there is no setpriv to take that right away")
    station.start(prefix=AS_OTHERS_ARE if root else ())
    secret = station.spool / "incoming" / ".secret.csv"
    secret.write_text("to,text\n+447700900199,never\n")
    secret.chmod(0)
    secret.rename(secret.with_name("secret.csv"))
    (problem,) = station.until(lambda: station.problems("secret.csv"))
    assert "may not read" in problem["reason"]
    station.drop(people(1))
    station.until_counts(delivered=1)


def test_a_file_that_is_copied_slowly_is_taken_whole(station, people):
    station = station()
    station.start()
    path = station.spool / "incoming" / "slow.csv"
    with path.open("w") as file:
        file.write("to,text\n+447700900101,one\n")
        file.flush()
        station.drop(people(1, start=110), "other.csv")
        station.until_counts(delivered=1)  # and so more time has passed than a still file needs
        file.write("+447700900102,two\n")
    station.until_counts(delivered=3)
    assert len(station.outcomes("slow")) == 2


def test_names_that_are_taken_already(station, people):
    station = station()
    station.start()
    for n in range(2):
        station.drop(people(1, start=100 + n, text=f"text {n}"))
        station.until_counts(delivered=n + 1)
    station.until(lambda: len(list((station.spool / "accepted").iterdir())) == 2)
    names = sorted(path.name for path in (station.spool / "outcomes").glob("*.csv"))
    assert names == ["list-2.csv", "list.csv"]
