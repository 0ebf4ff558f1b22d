"""What is read over the control socket: piece by piece where it is long, and no more than the asker may see."""

from __future__ import annotations

import contextlib

import pytest

from daemon.control import readings
from daemon.control.readings import Readings
from daemon.core.batch import NewBatch, NewMessage
from daemon.core.not_possible import NotPossible
from daemon.settings import Settings
from daemon.store import Lists, Outbox, Store

NOW = 1_700_000_000.0


@pytest.fixture
def store(tmp_path):
    with contextlib.closing(Store(tmp_path / "outpost.db")) as opened:
        yield opened


def of(store, *, admin=False):
    return Readings(store, Settings(), NOW, running=True, admin=admin)


def test_messages_come_in_pieces_that_make_the_whole(store, monkeypatch):
    monkeypatch.setattr(readings, "MESSAGES_AT_ONCE", 2)
    messages = [NewMessage(n, f"+4477009001{n:02d}", "x", 1) for n in range(1, 6)]
    Outbox(store).enqueue(NewBatch("list", "list.csv", "0" * 64, "anna", NOW, released=True), messages, ())
    pieces, after = [], 0
    while after is not None:
        document = of(store).document("messages", {"after": after})
        pieces.append([message["row"] for message in document["messages"]])
        after = document["after"]
    assert pieces == [[1, 2], [3, 4], [5]]
    for wrong in ({"batch": "none"}, {"state": "lost"}):
        with pytest.raises(NotPossible):
            of(store).document("messages", wrong)


def test_why_somebody_is_excluded_is_for_administrators(store):
    Lists(store).exclude(["+447700900123"], "witness", "carol", NOW)
    assert of(store).document("exclusions", {})["exclusions"] == {"people": 1}
    assert of(store, admin=True).document("exclusions", {})["exclusions"]["categories"][0]["category"] == "witness"
