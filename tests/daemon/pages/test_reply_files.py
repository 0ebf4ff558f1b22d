"""The folder `replies` is written anew when something has changed, and only then are replies read."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from daemon.core.batch import NewBatch, NewMessage
from daemon.core.handover import Consent, Handover
from daemon.core.triage import Kind, WordList
from daemon.pages.replied import Replied
from daemon.pages.replies import in_order
from daemon.pages.reply_files import Found, ReplyFiles
from daemon.store import Inbox, Outbox, Replies, Sims, Store
from daemon.store.answering import Answering
from daemon.store.handovers import Handovers
from drivers.types import Content, Deliver, SimIdentity, Undecodable

SIM, ANNA, BEN = "8944100000000000001", "+447700900001", "+447700900002"
NOW, HOUR = 1_700_000_000.0, 3600.0
WORDS = WordList({Kind.DANGER: ["knife"], Kind.HELP: ["help"], Kind.WRONG_NUMBER: ["who is"]})


class Desk:
    """A station's database, and the folder that shows its replies. What is brought is of NOW, or so much later."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.store = folder, Store(folder / "outpost.db")
        Sims(self.store).seen(SimIdentity(SIM, "234100000000001"), NOW)
        self.files = ReplyFiles(Replies(self.store), Handovers(self.store), WORDS)
        self._brought = 0

    def tell(self, text: str, sender: str = ANNA, later: float = 0.0, content: Content = Content.TEXT) -> None:
        at = NOW + later
        one = Deliver(self._pdu(), sender, text, datetime.fromtimestamp(at, UTC), content)
        Inbox(self.store).save_all(SIM, [one], at, country="GB")

    def break_one(self, later: float = 0.0) -> None:
        Inbox(self.store).save_all(SIM, [Undecodable(self._pdu(), "too short")], NOW + later)

    def keep(self, later: float = 0.0) -> Found:
        return self.files.keep(self.folder, UTC, NOW + later, 24)

    def table(self) -> list[dict[str, str]]:
        with (self.folder / "replies.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def conversation(self, person: str = ANNA) -> str:
        return (self.folder / f"{person}.txt").read_text("utf-8")

    def _pdu(self) -> str:
        self._brought += 1
        return f"{self._brought:08X}"


@pytest.fixture
def new_desk(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Desk]:
    return lambda: Desk(tmp_path_factory.mktemp("desk"))


@pytest.fixture
def desk(new_desk: Callable[[], Desk]) -> Iterator[Desk]:
    desk = new_desk()
    yield desk
    desk.store.close()


def read_replies(desk: Desk, later: float = 0.0) -> bool:
    """Whether the next round reads a reply, and whether it writes a file."""
    seen: list[str] = []
    before = {path: path.stat().st_ino for path in desk.folder.iterdir()}
    desk.store.conn.set_trace_callback(seen.append)
    desk.keep(later)
    desk.store.conn.set_trace_callback(None)
    is_written = before != {path: path.stat().st_ino for path in desk.folder.iterdir()}
    is_read = any("replies.message_id" in statement for statement in seen)
    assert is_read == is_written
    return is_read


def test_a_round_in_which_nothing_has_changed_reads_no_reply(desk: Desk) -> None:
    desk.tell("help")
    desk.tell("who is this", BEN, 60)
    found = desk.keep(60)
    assert not read_replies(desk, 120)
    assert desk.keep(180) is found
    assert found.until == NOW + 24 * HOUR
    desk.tell("there is a knife", BEN, 240)
    assert read_replies(desk, 240)
    assert [row["text"] for row in desk.table()] == ["there is a knife", "help", "who is this"]
    Answering(desk.store).settle(BEN, "ann", NOW + 300)
    assert read_replies(desk, 300)
    assert [row["state"] for row in desk.table()] == ["unread", "answered", "answered"]
    assert "answered" in desk.conversation(BEN)
    assert not read_replies(desk, 300)


def test_a_reply_of_which_nobody_knows_who_sent_it_is_shown_when_it_comes(desk: Desk) -> None:
    desk.keep()
    for count in (1, 2):
        desk.break_one(count)
        assert read_replies(desk, count)
        assert [row["text"] for row in desk.table()] == ["[too short]"] * count
    assert not list(desk.folder.glob("*.txt"))


def test_who_has_waited_for_too_long_is_shown_at_that_moment(desk: Desk) -> None:
    desk.tell("hello")
    desk.tell("STOP", BEN, 30)
    desk.keep(HOUR)
    assert not read_replies(desk, 24 * HOUR - 1)
    assert read_replies(desk, 24 * HOUR)
    assert {row["number"]: row["overdue"] for row in desk.table()} == {ANNA: "yes", BEN: "no"}
    desk.keep(25 * HOUR)
    assert not read_replies(desk, 26 * HOUR), "who has only opted out waits for nobody"
    assert read_replies(desk, HOUR), "the clock was put back"
    assert {row["overdue"] for row in desk.table()} == {"no"}


def test_a_hand_over_is_shown_with_its_state(desk: Desk) -> None:
    desk.tell("help")
    desk.keep()
    handovers = Handovers(desk.store)
    consent = Consent("yes", NOW, "phone")
    handovers.assign(Handover("3f9a2c", ANNA, "shelter", consent, "", "ann", NOW, NOW + HOUR))
    for later, expected in ((1, "shelter (3f9a2c): assigned"), (HOUR, "shelter (3f9a2c): assigned, overdue")):
        assert read_replies(desk, later)
        assert desk.table()[0]["handover"] == expected
        assert f"handed over to {expected}\n" in desk.conversation()
    handovers.close(handovers.get("3f9a2c"), "done", "ann", NOW + HOUR)
    assert read_replies(desk, HOUR)
    assert desk.table()[0]["handover"] == ""


def test_other_words_and_what_was_sent_since_are_shown_and_who_has_gone_is_not(desk: Desk) -> None:
    batch = NewBatch("line-42", "line-42.csv", "ab" * 32, "ann", NOW, released=True)
    Outbox(desk.store).enqueue(batch, [NewMessage(1, ANNA, "Hi", 1)], ())
    desk.tell("help")
    desk.tell("hello", BEN)
    assert desk.keep().answered == {"line-42": Replied({Kind.HELP: 1}, 0)}
    desk.files.use(WordList({Kind.DANGER: ["help"]}))
    assert desk.keep().answered == {"line-42": Replied({Kind.DANGER: 1}, 0)}
    with desk.store.writing() as conn:
        conn.execute("UPDATE messages SET state = 'sending', changed_at = changed_at + 1")
    assert read_replies(desk), "what was sent stands in the conversation"
    with desk.store.writing() as conn:
        conn.execute("UPDATE inbound SET reply_id = NULL")
        conn.execute("DELETE FROM replies WHERE recipient = ?", (BEN,))
    assert read_replies(desk)
    assert [path.name for path in desk.folder.glob("*.txt")] == [f"{ANNA}.txt"]


@hypothesis(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(came=st.lists(
    st.tuples(
        st.sampled_from(["knife", "help", "who is it", "STOP", "hello", ""]), st.sampled_from([ANNA, BEN, "Telco"]),
        st.sampled_from([0.0, 60.0, 3600.0]), st.sampled_from(["unread", "waiting", "answered", "arriving"]),
    ), max_size=12,
))  # fmt: skip
def test_the_table_is_in_the_order_of_reading_however_it_came_about(
    new_desk: Callable[[], Desk], came: list[tuple[str, str, float, str]]
) -> None:
    desk = new_desk()
    for n, (text, sender, later, state) in enumerate(came):
        desk.tell(text, sender, later, Content.TEXT if text else Content.DATA)
        with desk.store.writing() as conn:
            conn.execute("UPDATE replies SET state = ? WHERE id = ? AND state != 'kept'", (state, n))
        if n % 3 == 0:
            desk.keep()
    found = desk.keep()
    ordered = in_order(Replies(desk.store).find(), WORDS, NOW, 24)
    expected = [(one.reply.recipient, one.about.value, one.reply.state.value) for one in ordered]
    assert [(row["number"], row["about"], row["state"]) for row in desk.table()] == expected
    assert found.waiting.first == [one for one in ordered if one.open]
    assert found.waiting.count == len(found.waiting.first)
    desk.store.close()
