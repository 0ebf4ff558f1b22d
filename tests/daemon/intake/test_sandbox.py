"""The child that reads a file: what it may not do, and what is said when it dies."""

from __future__ import annotations

import hashlib
import os
import signal
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import openpyxl
import pytest

from daemon.intake.readers import kind_of
from daemon.intake.readers.items import End, Row, Unreadable
from daemon.intake.sandbox import read_items


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[[bytes], int]]:
    """Opens a file with the given content."""
    descriptors = []

    def make(content: bytes) -> int:
        path = tmp_path / "file"
        path.write_bytes(content)
        descriptors.append(os.open(path, os.O_RDONLY))
        return descriptors[-1]

    yield make
    for descriptor in descriptors:
        os.close(descriptor)


@pytest.fixture
def long_file(opened: Callable[[bytes], int]) -> int:
    """A file whose rows do not fit in a pipe: its child waits for us."""
    return opened(b"to,text\n" + b"1,Hello\n" * 50_000)


def children() -> set[int]:
    found: set[int] = set()
    for task in Path("/proc/self/task").iterdir():
        found.update(map(int, (task / "children").read_text().split()))
    return found


def test_rows_and_the_hash_of_what_was_read_come_back(opened: Callable[[bytes], int]) -> None:
    content = b"to,text\n1,Hello\n"
    descriptor = opened(content)
    for _ in range(2):  # the same open file may be read again
        assert list(read_items(descriptor, "csv")) == [
            Row(1, 2, {"to": "1", "text": "Hello"}, []),
            End(hashlib.sha256(content).hexdigest()),
        ]


def test_a_workbook_is_read_in_the_child(opened: Callable[[bytes], int], tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["Name", "Mobile"])
    book.active.append(["Ann", 7700900123])
    book.save(tmp_path / "book.xlsx")
    content = (tmp_path / "book.xlsx").read_bytes()
    *_, row, end = read_items(opened(content), "xlsx", columns={"ref": "name"})
    assert row == Row(1, 2, {"name": "Ann", "mobile": "7700900123", "ref": "Ann", "to": "7700900123"}, [])
    assert end == End(hashlib.sha256(content).hexdigest())


def test_the_child_can_do_nothing_but_read(long_file: int) -> None:
    before = children()
    items = read_items(long_file, "csv")
    next(items)
    [child] = children() - before
    limits = Path(f"/proc/{child}/limits").read_text()
    described = {line[:26].strip(): line[26:].split()[:2] for line in limits.splitlines()}
    assert described["Max file size"] == ["0", "0"]
    assert described["Max core file size"] == ["0", "0"]
    assert described["Max processes"] == ["0", "0"]
    assert described["Max address space"] == [str(512 * 2**20)] * 2
    assert described["Max cpu time"] == ["60", "60"]
    status = Path(f"/proc/{child}/status").read_text()
    assert "NoNewPrivs:\t1" in status
    assert sorted(fd.name for fd in Path(f"/proc/{child}/fd").iterdir()) == ["0", "1", "2"]
    assert Path(f"/proc/{child}/environ").read_bytes() == b""
    if os.geteuid() == 0:
        assert Path(f"/proc/{child}/ns/net").readlink() != Path("/proc/self/ns/net").readlink()
    items.close()
    assert not Path(f"/proc/{child}").exists()


def test_signals_that_are_meant_for_the_service_do_not_end_the_child(long_file: int) -> None:
    before = children()
    items = read_items(long_file, "csv")
    next(items)
    [child] = children() - before
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        os.kill(child, number)
    assert isinstance(list(items)[-1], End)


def test_a_child_that_dies_is_told(long_file: int) -> None:
    before = children()
    items = read_items(long_file, "csv")
    next(items)
    [child] = children() - before
    os.kill(child, signal.SIGKILL)
    last = list(items)[-1]
    assert isinstance(last, Unreadable)
    assert "SIGKILL" in last.reason


def test_a_child_that_takes_too_long_is_ended(long_file: int) -> None:
    [*_, last] = read_items(long_file, "csv", wall_seconds=0.0)
    assert isinstance(last, Unreadable)
    assert "too long" in last.reason


def test_a_file_that_wants_too_much_memory_is_told(opened: Callable[[bytes], int]) -> None:
    [*_, last] = read_items(opened(b"[" + b"{}," * 12_000_000 + b"0]"), "jsonl")
    assert isinstance(last, Unreadable)
    assert "memory" in last.reason


def test_more_than_100_000_rows_are_too_many(opened: Callable[[bytes], int]) -> None:
    [*_, last] = read_items(opened(b"to,text\n" + b"1,x\n" * 100_000), "csv")
    assert isinstance(last, End)
    [*_, last] = read_items(opened(b"to,text\n" + b"1,x\n" * 100_001), "csv")
    assert isinstance(last, Unreadable)
    assert "100,000 rows" in last.reason


def test_of_a_phones_export_only_the_report_is_read_however_large_it_is(tmp_path: Path) -> None:
    report = b"""<project><model type="Contact"><field name="Name"><value>Ann</value></field>
<model type="PhoneNumber"><field name="Value"><value>07700900123</value></field></model></model></project>"""
    path = tmp_path / "phone.ufdr"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for n in range(1_000):
            archive.writestr(f"files/Image/IMG_{n}.jpg", b"")
        archive.writestr("Phone/report.xml", report)
    lay_before(path, 6 * 2**30)
    with path.open("rb") as file:
        *_, row, end = read_items(file.fileno(), kind_of(path.name))
    assert isinstance(row, Row)
    assert (row.cells["name"], row.cells["to"]) == ("Ann", "Phone-: 07700900123")
    assert end == End(hashlib.sha256(report).hexdigest())


def lay_before(path: Path, hole: int) -> None:
    """Put a hole before an archive's members, as if a large file came first; on the disk it takes no room."""
    members = path.read_bytes()
    with path.open("r+b") as file:
        file.truncate(hole)
        file.seek(0)
        file.write(members[:4])  # an archive begins like one
        file.seek(hole)
        file.write(members)
