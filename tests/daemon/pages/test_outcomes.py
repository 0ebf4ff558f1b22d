"""The CSV files that people and programs read back."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.batch import OutcomeRow, Problem
from daemon.pages.files import write_whole
from daemon.pages.outcomes import harmless, write_outcomes, write_problems

LONDON = ZoneInfo("Europe/London")


def read(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file, strict=True))


def row(**fields: object) -> OutcomeRow:
    whole = {
        "batch": "b", "row": 1, "ref": "", "to": "+447400100000", "state": "queued", "reason": "", "parts": 1,
        "sent_at": None, "delivered_at": None, "sim": "", "text": "Hello",
    }  # fmt: skip
    return OutcomeRow(**(whole | fields))


def test_the_outcomes_of_a_batch(tmp_path: Path) -> None:
    path = tmp_path / "b.csv"
    sent = row(state="delivered", sent_at=1_777_629_600.0, delivered_at=1_767_225_600.9, sim="8944", text='a "b"\nc, d')
    write_outcomes(path, [sent, row(row=2, ref="=1+1", to="07x", text="@here")], LONDON)
    assert path.read_bytes().startswith(b"batch,row,ref,to,state,reason,parts,sent_at,delivered_at,sim,text\r\n")
    assert read(path)[1:] == [
        ["b", "1", "", "+447400100000", "delivered", "", "1", "2026-05-01T11:00:00+01:00", "2026-01-01T00:00:00+00:00",
         "8944", 'a "b"\nc, d'],
        ["b", "2", "'=1+1", "07x", "queued", "", "1", "", "", "", "'@here"],
    ]  # fmt: skip
    assert path.stat().st_mode & 0o777 == 0o640


def test_the_problems_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "x.csv.problems.csv"
    write_problems(path, [Problem(1, 2, "to", "+44 7400", "too short"), Problem(0, 0, "", "\ud83d", "half")])
    assert read(path) == [
        ["line", "column", "value", "reason"],
        ["2", "to", "'+44 7400", "too short"],
        ["0", "", "\\ud83d", "half"],
    ]


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("+447400100000", "+447400100000"),
        ("+447400100000\n", "'+447400100000\n"),
        ("+\u0661\u0662", "'+\u0661\u0662"),
        ("+1+1", "'+1+1"),
        ("-1", "'-1"),
        ("=A1", "'=A1"),
        ("@x", "'@x"),
        ("  =A1", "'  =A1"),
        ("\t=A1", "'\t=A1"),
        ("a=1", "a=1"),
        ("", ""),
        (5, "5"),
    ],
)
def test_what_a_spreadsheet_would_run_is_neutralised(cell: object, shown: str) -> None:
    assert harmless(cell) == shown


@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00")))
def test_every_text_comes_back(text: str) -> None:
    file = io.StringIO(newline="")
    csv.writer(file).writerow(["x", harmless(text)])
    file.seek(0)
    [[_, cell]] = csv.reader(file, strict=True)
    assert cell in {text, f"'{text}"}


def test_a_file_that_cannot_be_finished_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "page"
    write_whole(path, lambda file: file.write("old"))

    def fails(file: io.TextIOBase) -> None:
        file.write("ne")
        raise RuntimeError

    with pytest.raises(RuntimeError):
        write_whole(path, fails)
    assert path.read_text() == "old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["page"]


def test_a_link_in_the_place_of_a_page_is_replaced_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.write_text("precious")
    (tmp_path / "page").symlink_to(target)
    write_whole(tmp_path / "page", lambda file: file.write("new"))
    assert target.read_text() == "precious"
    assert not (tmp_path / "page").is_symlink()
