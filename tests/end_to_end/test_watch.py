"""`outpost watch` on a terminal: what it shows, and what its keys do."""

from __future__ import annotations

import codecs
import os
import pty
import re
import select
import subprocess
import sys
import time

import pytest


class Terminal:
    """The command on a pty of its own: what it writes, and a keyboard."""

    def __init__(self, *command: str) -> None:
        self._master, slave = pty.openpty()
        self.process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave,
            env={**os.environ, "TERM": "xterm", "COLUMNS": "120", "LINES": "40"},
        )  # fmt: skip
        os.close(slave)
        self.written, self._decoder = "", codecs.getincrementaldecoder("utf-8")()

    def until(self, pattern: str, seconds: float = 20) -> str:
        """Read until something new matches, and forget what came before."""
        end = time.monotonic() + seconds
        while not (found := re.search(pattern, self.written)):
            assert select.select([self._master], [], [], max(0.0, end - time.monotonic()))[0], self.written[-3000:]
            self.written += self._decoder.decode(os.read(self._master, 65536))  # a read may end within a character
        self.written = self.written[found.end():]
        return found[0]

    def press(self, keys: str) -> None:
        os.write(self._master, keys.encode())

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._master)


@pytest.fixture
def watch(station):
    opened = []

    def start(one):
        opened.append(Terminal(sys.executable, "-m", "daemon.cli", "watch", "--config", str(one.config)))
        return opened[-1]

    yield start
    for terminal in opened:
        terminal.close()


def test_watch_shows_the_station_and_obeys_its_keys(station, people, number, watch):
    station = station(modems=1)
    station.configure(sending={"approval": "one-person"})
    station.start()
    station.drop(people(3), "line-42.csv")
    station.until_counts(held=3)
    screen = watch(station)
    screen.until(r"Test")
    screen.until(r"line-42")
    screen.until(r"awaiting release")
    screen.press("r")
    screen.until(r"Release line-42\? \[y\]")
    screen.press("n")
    screen.until(r"Nothing was done")
    assert station.counts() == {"held": 3}
    screen.press("r")
    screen.until(r"Release line-42\?")
    screen.press("y")
    screen.until(r"Done: release line-42")
    station.until_counts(delivered=3)
    screen.until(r"3 of 3")
    station.network.tell("inbound", sim=station.network.sims[0], **{"from": number(100)}, text="who is this")
    screen.until(r"Replies: 1 unread")
    for question, shown in ((r"Stop all sends", r"all sends are stopped"), (r"Let the station send again", r"running")):
        screen.press("s")
        screen.until(question)
        screen.press("y")
        screen.until(shown)
    screen.press("p")
    screen.until(r"Pause line-42\?")
    screen.press("y")
    screen.until(r"Not done: ")
    screen.press("q")
    assert screen.process.wait(10) == 0


def test_watch_without_a_terminal_says_what_to_use(station):
    station = station(modems=1)
    done = station.cli("watch")
    assert done.returncode == 1
    assert "needs a terminal" in done.stderr
