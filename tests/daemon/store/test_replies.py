"""What people text back becomes whole, is linked to the message that it answers, and nothing of it is lost."""

import itertools
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from daemon.core.not_possible import NotPossible
from daemon.store.answering import Answering
from daemon.store.people import Heard
from drivers import pdu
from drivers.types import Concat, Content, Deliver, Undecodable

ANNA, BEN = "+447700900001", "+447700900002"
EMOJI = "\N{WAVING HAND SIGN}"
MINUTE = 60.0
serial = itertools.count()


@pytest.fixture
def tell(desk):
    """Text to the station: one PDU, at this time; what it added."""

    def bring(
        text, sender=ANNA, *, at=desk.NOW, concat=None, iccid=desk.SIM, content=Content.TEXT, smsc="", **more
    ):  # fmt: skip
        raw = f"{next(serial):08X}"
        deliver = Deliver(raw, sender, text, datetime.fromtimestamp(at, UTC), content, concat, smsc=smsc, **more)
        return desk.inbox.save_all(iccid, [deliver], at, country="GB")

    return bring


def shown(desk):
    return [(reply.text, str(reply.state), reply.complete) for reply in desk.replies.find()]


def test_a_text_is_unread_then_waits_then_is_answered(desk, tell, make_message):
    batch = desk.take(make_message(1, ANNA), make_message(2, BEN))
    desk.outbox.accepted(desk.submit(desk.claim()), 1, desk.NOW)
    tell("who is this?", at=desk.NOW + MINUTE)
    (reply,) = desk.replies.find()
    assert (reply.number, reply.recipient, reply.iccid, reply.text) == (ANNA, ANNA, desk.SIM, "who is this?")
    assert (reply.message_id, reply.batch) == (1, desk.column("SELECT name FROM batches")[0])
    assert (reply.sent_at, reply.received_at, reply.complete) == (desk.NOW + MINUTE, desk.NOW + MINUTE, True)
    answering = Answering(desk.store)
    assert answering.read(ANNA, "ann", desk.NOW) == ANNA
    assert desk.replies.get(reply.reply_id).state == "waiting"
    answering.settle("07700 900001", "ann", desk.NOW)
    with pytest.raises(NotPossible, match="waits for no answer"):
        answering.settle(ANNA, "ann", desk.NOW)
    assert desk.replies.counts() == {
        "arriving": 0, "unread": 0, "waiting": 0, "answered": 1, "kept": 0, "undecodable": 0
    }  # fmt: skip
    assert batch == 1


def test_a_reply_answers_the_newest_message_that_left(desk, tell, make_message):
    desk.take(make_message(1, ANNA))
    desk.submit(desk.claim())
    desk.take(make_message(1, ANNA), released=False)
    tell("hello")
    tell("hello", BEN)
    assert [(reply.message_id, reply.batch) for reply in desk.replies.find()] == [(1, "list"), (None, "")]


def test_a_conversation_is_one_however_a_network_writes_the_number(desk, tell, make_message):
    desk.take(make_message(1, ANNA, text="here is support"))
    desk.outbox.accepted(desk.submit(desk.claim()), 1, desk.NOW)
    for n, written in enumerate((ANNA, "07700900001", "447700900001"), start=1):
        tell(f"{n}", written, at=desk.NOW + n)
    turns = desk.replies.conversation(ANNA)
    assert [(turn.ours, turn.text) for turn in turns] == [
        (True, "here is support"), (False, "1"), (False, "2"), (False, "3")
    ]  # fmt: skip
    tell("new here", "07700900009", at=desk.NOW + 9)
    tell("Your bill", "Telco")
    tell("code", "60777")
    assert set(desk.replies.standings()) == {"+447700900009", ANNA, "Telco", "60777"}


def test_a_conversation_stands_otherwise_after_anything_in_it_has_changed(desk, tell, make_message):
    desk.take(make_message(1, ANNA))
    before = desk.replies.standings()
    assert before == {}, "who never wrote has no conversation"

    def changed():
        nonlocal before
        now, last = desk.replies.standings(), before
        before = now
        return {
            (person, whose) for person in now for whose in ("theirs", "ours")
            if getattr(now[person], whose) != getattr(last.get(person), whose, None)
        }  # fmt: skip

    tell("hello", concat=Concat(1, 2, 1))
    tell("hello", BEN)
    assert {person for person, _ in changed()} == {ANNA, BEN}
    desk.replies.publish_incomplete(desk.NOW)
    assert changed() == {(ANNA, "theirs")}
    Answering(desk.store).read(BEN, "ann", desk.NOW)
    assert changed() == {(BEN, "theirs")}
    with desk.store.writing() as conn:
        conn.execute("UPDATE messages SET state = 'sending'")
    assert changed() == {(ANNA, "ours")}
    desk.inbox.save_all(desk.SIM, [Undecodable("FF", "too short")], desk.NOW)
    assert changed() == {("", "theirs"), ("", "ours")}
    with desk.store.writing() as conn:
        conn.execute("UPDATE messages SET recipient = ''")
    assert changed() == {(ANNA, "theirs"), (ANNA, "ours")}, "they are on another list than before"
    gone = before[BEN]
    with desk.store.writing() as conn:
        conn.execute("UPDATE inbound SET reply_id = NULL")
        conn.execute("DELETE FROM replies WHERE recipient = ?", (BEN,))
    assert set(desk.replies.standings()) == {"", ANNA}
    tell("hello again", BEN, at=desk.NOW + 1)
    assert desk.replies.standings()[BEN] != gone, "what begins anew is another one"


def test_what_is_no_text_is_kept_raw_and_counted(desk, tell):
    tell("", content=Content.DATA, data=b"\x01\x06")
    tell("", content=Content.INDICATION, at=desk.NOW + 1)
    desk.inbox.save_all(desk.SIM, [Undecodable("FF", "too short")] * 2, desk.NOW + 2)
    assert [(str(reply.kind), reply.text, reply.reason) for reply in desk.replies.find()] == [
        ("data", "", ""), ("indication", "", ""), ("undecodable", "", "too short"),
    ]  # fmt: skip
    assert shown(desk) == [("", "kept", True)] * 3
    assert desk.replies.counts()["undecodable"] == 1
    assert desk.column("SELECT pdu FROM inbound WHERE kind = 'undecodable'") == ["FF"]


@pytest.mark.parametrize("bits", [8, 16])
@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_parts_of_several_people_in_any_order_with_copies(new_desk, tmp_path_factory, bits, data):
    desk = new_desk(tmp_path_factory.mktemp("desk"))
    texts = {ANNA: "please " * 40, BEN: f"{EMOJI} help " * 20}
    parts = [
        (sender, piece, Concat(77, len(_cut(text)), seq, bits))
        for sender, text in texts.items() for seq, piece in enumerate(_cut(text), start=1)
    ]  # fmt: skip
    copies = [(part, smsc) for part in parts for smsc in ("+447785016005", "+447785016006")]  # of two service centres
    came = [(part, "+447785016005") for part in parts] + data.draw(st.lists(st.sampled_from(copies), max_size=6))
    when = datetime.fromtimestamp(desk.NOW, UTC)
    for n, ((sender, piece, concat), smsc) in enumerate(data.draw(st.permutations(came))):
        one = pdu.encode_deliver(sender, piece, when, concat=concat, smsc=smsc)
        desk.inbox.save_all(desk.SIM, [pdu.decode(one)], desk.NOW + n)
    assert {reply.number: (reply.text, str(reply.state)) for reply in desk.replies.find()} == {
        sender: (text, "unread") for sender, text in texts.items()
    }
    assert len(desk.replies.find()) == 2
    desk.store.close()


def _cut(text, size=50):
    return [text[at : at + size] for at in range(0, len(text), size)]


def test_a_character_cut_between_parts_is_whole_again(desk, tell):
    first, second = "help \ud83d".encode("utf-16-be", "surrogatepass"), "\ude4f".encode("utf-16-be", "surrogatepass")
    tell("\ufffd", concat=Concat(1, 2, 2), encoding="ucs2", data=second)
    tell("help \ufffd", concat=Concat(1, 2, 1), encoding="ucs2", data=first)
    assert shown(desk) == [("help \U0001f64f", "unread", True)]


def test_a_part_that_never_comes_is_published_without_it_and_finds_its_text_later(desk, tell):
    tell("I need ", concat=Concat(5, 3, 1))
    tell("to", concat=Concat(5, 3, 3), at=desk.NOW + 10)
    assert shown(desk) == [("I need […]to", "arriving", False)]
    assert desk.replies.publish_incomplete(desk.NOW + 9) == []
    (given_up,) = desk.replies.publish_incomplete(desk.NOW + 10)
    assert (given_up.text, given_up.state) == ("I need […]to", "unread")
    assert desk.replies.publish_incomplete(desk.NOW + 99) == []
    Answering(desk.store).read(ANNA, "ann", desk.NOW + MINUTE)
    tell("somebody ", concat=Concat(5, 3, 2), at=desk.NOW + 20 * MINUTE)
    assert shown(desk) == [("I need somebody to", "unread", True)], "there is more of it: it is unread again"


def test_a_reference_that_is_used_again_makes_another_text(desk, tell):
    for text in ("one", "two"):
        for seq in (1, 2):
            tell(f"{text}{seq}", concat=Concat(7, 2, seq), at=desk.NOW + (60 if text == "two" else 0))
    tell("late", concat=Concat(7, 2, 1), at=desk.NOW + 5 * 3600)
    tell("other SIM", concat=Concat(7, 2, 2), iccid=desk.OTHER_SIM)
    assert [reply.text for reply in desk.replies.find()] == ["one1one2", "[…]other SIM", "two1two2", "late[…]"]


def test_the_same_text_by_another_path_is_one_and_the_same_words_later_are_two(desk, tell):
    tell("yes", smsc="+447700900111")
    assert tell("yes", smsc="+447700900222").arrivals == ()
    tell("yes", at=desk.NOW + 1)
    assert len(desk.replies.find()) == 2


# STOP


def test_a_stop_holds_from_the_commit_that_keeps_it(desk, tell, make_message):
    desk.take(make_message(1, ANNA), make_message(2, BEN))
    saved = tell("Stop. Thank you", "07700900001")
    assert (saved.arrivals[0].heard, saved.batches) == (Heard.STOP, {1})
    assert desk.states() == ["suppressed", "queued"]
    assert len(desk.lists.optouts([ANNA])) == len(desk.lists.optouts()) == 1


def test_a_stop_in_parts_holds_when_it_is_whole_and_half_of_one_never(desk, tell, make_message):
    desk.take(make_message(1, ANNA), make_message(2, BEN))
    tell("stop", concat=Concat(1, 2, 1))
    tell("stop", BEN, concat=Concat(1, 2, 1))
    desk.replies.publish_incomplete(desk.NOW + MINUTE)
    assert desk.states() == ["queued", "queued"]
    tell(" texting me", concat=Concat(1, 2, 2), at=desk.NOW + 2 * MINUTE)
    tell(" them hurting me", BEN, concat=Concat(1, 2, 2), at=desk.NOW + 2 * MINUTE)
    assert desk.states() == ["suppressed", "held"]


def test_a_killed_process_has_kept_a_text_whole_or_not_at_all(desk, tell, make_message):
    desk.take(make_message(1, ANNA))
    tell("stop")
    desk.kill()
    assert desk.states() == ["suppressed"]
    assert shown(desk) == [("stop", "unread", True)]
