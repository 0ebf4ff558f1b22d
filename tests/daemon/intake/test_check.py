"""The dry run says what would happen, and does nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon.intake.check import check
from daemon.settings import Settings

NOW = 1_780_000_000.0


def test_what_would_become_of_a_list(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text(
        "to,text,name\n"
        "07400100000,Hello,\n"
        f"07400100001,{'x' * 161},\n"
        "07400100002,Hello \u0175,\n"
        "+447400100000,Hello,\n"
        "999,Hello,\n"
        "0115 496 0000,,\n"
    )
    before = path.stat()
    checked = check(path, Settings(), NOW)
    assert (checked.unreadable, checked.rows, checked.good, checked.rejected, checked.duplicates) == ("", 6, 3, 2, 1)
    assert checked.parts == 4
    assert sorted(checked.alphabets.values()) == [1, 2]
    assert sum(checked.reasons.values()) == len(checked.problems) == 3
    assert "name" in checked.notes[0]
    assert [message.row for message in checked.messages] == [1, 2, 3]
    after = path.stat()  # its time of access may well differ
    assert (after.st_ino, after.st_size, after.st_mtime_ns) == (before.st_ino, before.st_size, before.st_mtime_ns)
    assert [entry.name for entry in tmp_path.iterdir()] == ["list.csv"]


def test_a_file_that_would_be_rejected_whole(tmp_path: Path) -> None:
    (tmp_path / "none.csv").write_text("a,b\n1,2\n")
    (tmp_path / "bad.csv").write_text("to,text\n999,Hello\n")
    (tmp_path / "list.txt").write_text("Hello")
    (tmp_path / "folder.csv").mkdir()
    found = {path.name: check(path, Settings(), NOW).unreadable for path in tmp_path.iterdir()}
    assert "no column" in found["none.csv"]
    assert found["bad.csv"] == "every row is bad"
    assert ".csv" in found["list.txt"]
    assert "folder" in found["folder.csv"]
    with pytest.raises(FileNotFoundError):
        check(tmp_path / "absent.csv", Settings(), NOW)


def test_a_link_given_by_hand_is_followed(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("to,text\n07400100000,Hello\n")
    (tmp_path / "link.csv").symlink_to("list.csv")
    assert check(tmp_path / "link.csv", Settings(), NOW).good == 1
