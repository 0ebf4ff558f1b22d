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
    assert (checked.unreadable, len(checked.problems)) == ("", 3)
    assert [(row.state, row.parts) for row in checked.rows] == [
        ("held", 1), ("held", 2), ("held", 1), ("suppressed", 1), ("rejected", 0), ("rejected", 0),
    ]  # fmt: skip
    assert checked.rows[3].reason == "duplicate of row 1"
    assert (checked.rows[0].cell, checked.rows[0].to) == ("07400100000", "+447400100000")
    assert "name" in checked.notes[0]
    after = path.stat()  # its time of access may well differ
    assert (after.st_ino, after.st_size, after.st_mtime_ns) == (before.st_ino, before.st_size, before.st_mtime_ns)
    assert [entry.name for entry in tmp_path.iterdir()] == ["list.csv"]


@pytest.mark.parametrize(("sign", "named"), [(";", "semicolon (;)"), (",", "comma"), ("\t", "tab")])
def test_a_row_with_a_separator_too_few_or_too_many_is_named_and_the_others_are_judged(
    tmp_path: Path, sign: str, named: str
) -> None:
    path = tmp_path / "list.csv"
    written = "to;text\n07400100000;Hello\n07400100001 Hello\n07400100002\n07400100003;Hello; you\n999;Hello\n"
    path.write_text(f"{written}07400100004;Hello!\n".replace(";", sign))
    checked = check(path, Settings(), NOW)
    assert [row.state for row in checked.rows] == ["held", *["rejected"] * 4, "held"]
    assert [row.text for row in checked.rows if row.state == "held"] == ["Hello", "Hello!"]
    missing = f"the row has 1 cell, the header 2: look for a {named} that is missing"
    one, two, many, short = checked.problems
    assert (one.line, one.column, one.value, one.reason) == (3, "", "07400100001 Hello", missing)
    assert (two.line, two.value, two.reason) == (4, "07400100002", missing)
    assert (many.line, many.value) == (5, " you")
    assert f"the row has 3 cells, the header 2: a text that holds a {named} must stand in" in many.reason
    assert (short.line, short.column, short.value) == (6, "to", "999")


def test_a_row_without_the_last_cells_is_good_when_its_text_needs_none_of_them(tmp_path: Path) -> None:
    (tmp_path / "message.txt").write_text("Hi {name}")
    (tmp_path / "contacts.csv").write_text("to;name;text;ref\n07400100000;Anna\n07400100001\n07400100002;;\n")
    checked = check(tmp_path, Settings(), NOW)
    assert [row.text for row in checked.rows if row.state == "held"] == ["Hi Anna"]
    assert [(problem.line, problem.column) for problem in checked.problems] == [(3, ""), (4, "text")]
    assert checked.problems[0].reason.startswith("the row has 1 cell, the header 4")
    assert "nothing in its column name" in checked.problems[1].reason


def test_a_folder_is_checked_with_its_wording_and_order(tmp_path: Path) -> None:
    (tmp_path / "message.txt").write_text("Hi {name}")
    (tmp_path / "contacts.csv").write_text("to,name\n07400100000,Anna\n")
    (tmp_path / "batch.toml").write_text('sim = "8944100000000000001"\nagain = true\nreason = "the first was wrong"\n')
    checked = check(tmp_path, Settings(), NOW)
    assert [row.text for row in checked.rows] == ["Hi Anna"]
    assert (checked.wording, checked.sim) == ("Hi {name}", "8944100000000000001")
    assert any("the first was wrong" in note for note in checked.notes)
    (tmp_path / "batch.toml").write_text("refs = 1\nref = true\n")
    checked = check(tmp_path, Settings(), NOW)
    assert [problem.line for problem in checked.problems] == [1, 2]
    assert 'did you mean "ref"' in checked.unreadable


def test_a_file_that_would_be_rejected_whole(tmp_path: Path) -> None:
    (tmp_path / "none.csv").write_text("a,b\n1,2\n")
    (tmp_path / "bad.csv").write_text("to,text\n999,Hello\n")
    (tmp_path / "list.txt").write_text("Hello")
    (tmp_path / "folder").mkdir()
    found = {path.name: check(path, Settings(), NOW).unreadable for path in tmp_path.iterdir()}
    assert "no column" in found["none.csv"]
    assert found["bad.csv"] == "every row is bad"
    assert ".csv" in found["list.txt"]
    assert "no list" in found["folder"]
    with pytest.raises(FileNotFoundError):
        check(tmp_path / "absent.csv", Settings(), NOW)


def test_a_link_given_by_hand_is_followed(tmp_path: Path) -> None:
    (tmp_path / "list.csv").write_text("to,text\n07400100000,Hello\n")
    (tmp_path / "link.csv").symlink_to("list.csv")
    assert len(check(tmp_path / "link.csv", Settings(), NOW).rows) == 1
