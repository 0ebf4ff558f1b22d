"""Several ask the control socket at once: nobody waits for who is slow, and what is asked is done one by one."""

from __future__ import annotations

import json
import resource
import shutil
import socket
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from daemon.control.client import ask
from daemon.control.server import MOST_ASKERS, ControlServer

FOR_EVER = 3600.0
LONG = 5_000_000  # more than any socket holds


class Hall:
    """A control server whose only action says back what it was told, and those who ask it."""

    def __init__(self, stack: ExitStack, seconds: float) -> None:
        folder = tempfile.mkdtemp(prefix="outpost-")  # a socket's path must be short
        stack.callback(shutil.rmtree, folder)
        self._stack, self.path = stack, Path(folder) / "control.sock"
        self._at_work = threading.Lock()
        self.server = ControlServer(self.path, self._act, (), ask_seconds=seconds)
        self.server.start()
        stack.callback(self.server.stop)

    def _act(self, _asker, request):
        assert self._at_work.acquire(blocking=False), "one by one"
        with ExitStack() as stack:
            stack.callback(self._at_work.release)
            return {"said": request["say"] * request.get("times", 1)}

    def ask(self, say):
        return ask(self.path, {"do": "say", "say": say})["said"]

    def seat(self):
        """Somebody who has not come yet."""
        line = self._stack.enter_context(socket.socket(socket.AF_UNIX))
        line.settimeout(30)
        return line

    def enter(self, says=b""):
        """Somebody who has said no more than this."""
        line = self.seat()
        line.connect(str(self.path))
        line.sendall(says)
        return line


@pytest.fixture
def hall():
    with ExitStack() as stack:
        yield lambda seconds=FOR_EVER: Hall(stack, seconds)


def told(line):
    """All that somebody is told until the server hangs up."""
    answer = b""
    while chunk := line.recv(1 << 20):
        answer += chunk
    return json.loads(answer)


def until_said(capsys, words):
    """Wait for a log line."""
    end, pause = time.monotonic() + 30, threading.Event()
    while words not in capsys.readouterr().out:
        assert time.monotonic() < end, words
        pause.wait(0.01)


def test_nobody_waits_for_who_says_nothing_or_half_or_does_not_listen(hall):
    hall = hall()
    silent, half = hall.enter(), hall.enter(b'{"do": "say", ')
    deaf = hall.enter(json.dumps({"do": "say", "say": "x", "times": LONG}).encode() + b"\n")
    assert hall.ask("help") == "help"
    half.sendall(b'"say": "late"}\n')
    assert told(half) == {"ok": True, "said": "late"}
    assert hall.ask("more") == "more"
    assert len(told(deaf)["said"]) == LONG
    hall.server.stop()
    assert not told(silent)["ok"], "the end does not wait for it"
    assert not hall.path.exists()


def test_who_cannot_be_let_in_for_want_of_descriptors_is_let_in_later(hall, capsys):
    hall = hall()
    late = hall.seat()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, hard))  # all taken
    try:
        late.connect(str(hall.path))
        late.sendall(b'{"do": "say", "say": "late"}\n')
        until_said(capsys, "nobody can be let in")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert told(late)["said"] == "late"


def test_who_says_nothing_in_time_is_told_so_and_hung_up_on(hall):
    hall = hall(0.05)
    for says in (b"", b'{"do": '):
        assert told(hall.enter(says)) == {
            "ok": False, "error": "no request could be read: it did not come in time",
        }  # fmt: skip


def test_of_too_many_who_say_nothing_the_first_are_hung_up_on(hall):
    hall = hall()
    crowd = [hall.enter() for _ in range(MOST_ASKERS + 10)]
    assert hall.ask("help") == "help"
    for line in crowd[:10]:
        assert not told(line)["ok"]
    crowd[-1].sendall(b'{"do": "say", "say": "I am here"}\n')
    assert told(crowd[-1])["said"] == "I am here"


def test_what_many_ask_at_once_is_done_one_by_one(hall):
    hall = hall()
    with ThreadPoolExecutor(16) as crowd:
        assert list(crowd.map(hall.ask, map(str, range(100)))) == [str(n) for n in range(100)]
