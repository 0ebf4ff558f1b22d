"""Whatever is written into the control socket: it is answered, with a reason when refused, and the service lives on.

Seconds' worth by default; `OUTPOST_FUZZ_SECONDS=600` goes on for ten minutes.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import re
import socket
import threading
import time
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from daemon import control
from daemon.control.actions import READ
from daemon.control.readings import READINGS
from daemon.settings import load

SECONDS = float(os.environ.get("OUTPOST_FUZZ_SECONDS", "0"))
SOURCES = [path.read_text() for path in Path(control.__file__).parent.glob("*.py")]
# As they stand there: every field of a request, and more; every action, the words before a method in a table.
FIELDS = sorted({word for source in SOURCES for word in re.findall(r'"([a-z]+)"', source)} - {"do"})
NAMED = {name for source in SOURCES for name in re.findall(r'^ +"([a-z][a-z -]+)": [\w.]+\.', source, re.MULTILINE)}
ACTIONS = sorted(NAMED | {READ + what for what in READINGS})
ODD = (None, True, 2**70, 1.5, "x", "\ud800", [1], {"x": 1})
GOOD = {
    "batch": "list", "how": "resend", "number": "+447700900101", "sim": "8944100000000000001", "category": "x",
    "message": 1,
}  # fmt: skip
KNOWN = st.sampled_from(sorted(GOOD.values(), key=str))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | KNOWN,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=4,
)
REQUESTS = st.builds(
    lambda action, fields: {**fields, "do": action},
    st.sampled_from(ACTIONS) | VALUES, st.dictionaries(st.sampled_from(FIELDS), VALUES, max_size=4),
).map(lambda request: json.dumps(request).encode() + b"\n")  # fmt: skip
JUNK = st.binary(max_size=200).map(lambda junk: junk + b"\n") | st.sampled_from((
    b"", b"\n", b"{}\n", b"[]\n", b"null\n", b'{"do": "read status"', b'[["do", "read status"]]\n',
    b'{"do": "read messages", "after": 1e999}\n',
))  # fmt: skip
HUGE = (b"[" * 60_000 + b"\n", b"x" * 70_000 + b"\n", b'{"do": "' + b"x" * 70_000, b"[" * 65_000)
UNREAD = "no request could be read: "
REASONS = (
    "it is cut off or too long", "it is nested too deeply", "it holds half a character", "it is no JSON object",
    "it holds a number that is too large",
)  # fmt: skip


@pytest.fixture
def socket_of():
    """Where the service of a station listens."""
    return lambda station: load(station.config).station.control_socket


def ask(path, request):
    """What the service answers to these bytes, after which nothing more is written."""
    with closing(socket.socket(socket.AF_UNIX)) as line:
        line.settimeout(30)
        line.connect(str(path))
        with contextlib.suppress(BrokenPipeError):  # it has had enough of a long line, and says so
            line.sendall(request)
            line.shutdown(socket.SHUT_WR)
        told = b""
        while chunk := line.recv(65536):
            told += chunk
    return json.loads(told)


def assert_readable(answer):
    """Done, or refused in words for people."""
    if not answer["ok"]:
        error = answer["error"]
        assert error
        assert "internal error" not in error
        assert not error.startswith(UNREAD) or error.removeprefix(UNREAD).startswith(REASONS)


def test_whatever_is_asked_is_answered(station, people, socket_of):
    station = station()
    station.start()
    station.drop(people(2))
    station.until_counts(delivered=2)
    path = socket_of(station)
    for request in HUGE:
        assert ask(path, request)["error"].startswith(UNREAD)
    for action, odd in itertools.product(ACTIONS, ODD):
        for fields in (dict.fromkeys(FIELDS, odd), GOOD | {"after": odd, "numbers": odd}, GOOD | {"message": odd}):
            assert_readable(ask(path, json.dumps({**fields, "do": action}).encode() + b"\n"))

    @settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
    @given(REQUESTS | JUNK)
    @example(b"\0\0\0\0\n")
    @example(b"0\0\n")
    @example(b"\xff\n")
    @example(b"9" * 5000 + b"\n")
    def by_chance(request):
        assert_readable(ask(path, request))

    end = time.monotonic() + SECONDS
    by_chance()
    while time.monotonic() < end:
        by_chance()
    assert "internal error" not in station.log()
    assert station.cli("status").returncode == 0


def test_an_asker_who_writes_slowly_does_not_keep_others_out(station, socket_of):
    station = station()
    station.start()
    path = socket_of(station)
    with closing(socket.socket(socket.AF_UNIX)) as slow:
        slow.connect(str(path))
        ended = threading.Event()

        def write_on():
            while not ended.wait(0.5):
                with contextlib.suppress(OSError):  # it was hung up on
                    slow.send(b" ")

        writer = threading.Thread(target=write_on)
        writer.start()
        try:
            assert ask(path, b'{"do": "read status"}\n')["ok"]
        finally:
            ended.set()
            writer.join()
