"""When a file is taken to be whole."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from daemon.intake.stillness import Drop, Stillness


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def look(stillness: Stillness, folder: Path, now: float) -> list[str]:
    stillness.look({path.name: Drop.of(path.lstat()) for path in folder.iterdir()}, now)
    return stillness.still(now)


def test_a_file_is_still_once_nothing_changed_for_the_time(folder: Path) -> None:
    stillness = Stillness(1.0)
    (folder / "a").write_text("1")
    assert look(stillness, folder, 10.0) == []
    assert stillness.next_at() == 11.0
    assert look(stillness, folder, 10.99) == []
    assert look(stillness, folder, 11.0) == ["a"]


def test_any_change_begins_the_time_anew(folder: Path) -> None:
    stillness = Stillness(1.0)
    path = folder / "a"
    path.write_text("1")
    look(stillness, folder, 10.0)
    path.write_text("12")
    assert look(stillness, folder, 11.0) == []
    os.utime(path, ns=(1, 1))
    assert look(stillness, folder, 11.9) == []
    (folder / "b").write_text("12")
    os.utime(folder / "b", ns=(1, 1))
    (folder / "b").replace(path)  # another file of the same size and time
    assert look(stillness, folder, 12.8) == []
    assert look(stillness, folder, 13.8) == ["a"]


def test_a_file_that_is_held_open_by_its_writer_waits_for_the_close(folder: Path) -> None:
    stillness = Stillness(1.0)
    (folder / "a").write_text("1")
    stillness.writing("a")
    look(stillness, folder, 10.0)
    assert look(stillness, folder, 1000.0) == []
    assert stillness.next_at() is None
    stillness.closed("a")
    assert look(stillness, folder, 1000.0) == ["a"]


def test_when_news_was_lost_only_time_counts(folder: Path) -> None:
    stillness = Stillness(1.0)
    (folder / "a").write_text("1")
    stillness.writing("a")
    look(stillness, folder, 10.0)
    stillness.writers_unknown()
    assert look(stillness, folder, 11.0) == ["a"]


def test_a_file_that_is_left_is_spoken_of_again_when_it_changes(folder: Path) -> None:
    stillness = Stillness(1.0)
    (folder / "a").write_text("1")
    look(stillness, folder, 10.0)
    stillness.leave("a")
    assert look(stillness, folder, 20.0) == []
    assert stillness.next_at() is None
    (folder / "a").write_text("12")
    assert look(stillness, folder, 21.0) == []
    assert look(stillness, folder, 22.0) == ["a"]


def test_the_oldest_comes_first(folder: Path) -> None:
    stillness = Stillness(0.0)
    for name, time in (("a", 3), ("b", 1), ("c", 2)):
        (folder / name).write_text("1")
        os.utime(folder / name, (time, time))
    assert look(stillness, folder, 10.0) == ["b", "c", "a"]
