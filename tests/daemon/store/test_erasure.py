"""Erasure: the people of a batch are gone from every byte of the database, and what must stay has stayed."""

import pytest

from daemon.core.batch import RejectedRow
from daemon.core.message import Resolution
from daemon.core.not_possible import NotPossible
from daemon.store.audit import Audit
from daemon.store.decisions import Decisions
from daemon.store.erasure import Erasure
from drivers import pdu
from drivers.types import Deliver

ONE, BOTH, STRANGER = "+447700900111", "+447700900222", "+447700900333"
TEXT = "Dear Robin, here is support"


def swapped(number):
    digits = number[1:]
    return "".join(digits[n + 1] + digits[n] for n in range(0, len(digits), 2))


def send(desk):
    item = desk.claim()
    [submit] = pdu.encode(item.recipient, item.text, concat_ref=1, validity_hours=48, status_report=True)
    submit_id = desk.outbox.submitting(item, [submit], 1, desk.SIM, desk.NOW, desk.NOW + 60)
    desk.outbox.accepted(submit_id, submit_id, desk.NOW)
    desk.report(item.recipient, submit_id)


def text_from(desk, number, text, n):
    fields = {"sender": number, "text": text}
    raw = f"0791448720003023240C91{swapped(number)}0000{n:02X}"
    known = {"scts": None, "concat": None}
    desk.inbox.save(desk.SIM, Deliver(pdu=raw, **fields, **known), desk.NOW)


@pytest.fixture
def erased(desk, make_message):
    """A list of two, of whom one is on another list too; both and a stranger have answered."""
    bad = RejectedRow(3, "ref 0115", "0115 496 0444", TEXT, "0115 496 0444 is a landline")
    desk.take(make_message(1, ONE, text=TEXT), make_message(2, BOTH, text=TEXT), rejected=(bad,))
    desk.take(make_message(1, BOTH, text="another text"))
    for _ in range(3):
        send(desk)
    for n, number in enumerate((ONE, BOTH, STRANGER)):
        text_from(desk, number, f"answer of {number[-3:]}", n)
    desk.history = desk.outbox.history(desk.SIM, 0)
    erasure = Erasure(desk.store)
    target = erasure.target("list")
    desk.done = erasure.erase(target, "ben", "review", desk.NOW)
    assert erasure.compact()
    return desk


def test_nothing_is_left_in_any_file(erased):
    whole = b"".join(file.read_bytes() for file in erased.folder.glob("outpost.db*"))
    whole += "\n".join(erased.dump()).encode()
    gone = [ONE[1:], ONE[3:], swapped(ONE), TEXT, TEXT.encode("utf-16-be").hex(), "answer of 111", "0115 496 0444"]
    assert [word for word in gone if word.encode() in whole or word.upper().encode() in whole] == []
    assert STRANGER.encode() in whole


def test_what_another_list_holds_has_stayed(erased):
    assert erased.column("SELECT recipient FROM messages ORDER BY id") == ["", "", BOTH]
    assert erased.column("SELECT text FROM messages ORDER BY id") == ["", "", "another text"]
    assert erased.column("SELECT text FROM inbound WHERE kind = 'deliver'") == [
        "answer of 222", "answer of 333",
    ]  # fmt: skip


def test_states_counts_and_limits_have_stayed(erased):
    assert erased.states() == ["delivered"] * 3
    assert erased.views.counts(1)["delivered"] == 2
    history = erased.outbox.history(erased.SIM, 0)
    assert [at for at, _ in history] == [at for at, _ in erased.history]
    assert len({recipient for _, recipient in history} - {BOTH}) == 2  # different people stay different
    assert len(list(erased.views.outcomes(1))) == 3


def test_the_record_holds_and_tells_of_it(erased):
    assert not Audit(erased.store).check(erased.done.head).breaks
    assert erased.done.emptied["messages"] == 2
    assert erased.done.removed["inbound"] == 3  # two reports, one answer
    assert erased.column("SELECT batch_id FROM batch_keys") == [2]
    assert not erased.store.conn.execute("PRAGMA foreign_key_check").fetchall()


def test_an_erased_batch_is_left_alone(erased, make_message):
    with pytest.raises(NotPossible, match="erased already"):
        Erasure(erased.store).target("list")
    with pytest.raises(NotPossible, match="nobody knows"):
        Decisions(erased.store).resolve(1, Resolution.RESEND, "ben", erased.NOW)


def test_only_what_has_ended_is_erased(desk, make_message):
    erasure = Erasure(desk.store)
    desk.take(make_message(), released=False)
    with pytest.raises(NotPossible, match="there is no batch nothing"):
        erasure.target("nothing")
    with pytest.raises(NotPossible, match="awaiting_release"):
        erasure.target("list")
    assert erasure.due(desk.NOW + 1) == []
    Decisions(desk.store).cancel("list", "ben", desk.NOW)
    assert erasure.due(desk.NOW) == []
    assert erasure.due(desk.NOW + 1) == ["list"]
    erasure.erase(erasure.target("list"), "service", "", desk.NOW)
    assert erasure.due(desk.NOW + 1) == []
