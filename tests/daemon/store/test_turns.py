"""Which message goes next, and which SIM a person is texted from."""

import pytest

from daemon.core.batch import NewBatch
from daemon.core.message import Resolution
from daemon.core.not_possible import NotPossible
from daemon.store import Wanted
from daemon.store.decisions import Decisions
from daemon.store.submits import Withdrawn

ANNA, BEN = "+447700900001", "+447700900002"


def send(desk, iccid=None, wanted=None):
    """One message through a SIM; its (batch, row)."""
    iccid = iccid or desk.SIM
    item = desk.outbox.claim(iccid, desk.NOW, wanted or Wanted())
    if item is None:
        return None
    for seq in range(1, item.part_count + 1):
        desk.outbox.accepted(desk.submit(item, seq, iccid=iccid), 7, desk.NOW)
    return item.batch_id, item.row


def test_batches_take_turns_within_a_priority(desk, make_message):
    desk.take(*map(make_message, range(1, 5)))
    assert [send(desk), send(desk)] == [(1, 1), (1, 2)]
    desk.take(make_message(11), make_message(12, priority=1))
    desk.take(make_message(21))
    assert [send(desk) for _ in range(6)] == [(2, 12), (3, 21), (1, 3), (2, 11), (1, 4), None]


def test_a_big_batch_never_holds_up_a_reply(desk, make_message):
    desk.take(*map(make_message, range(1, 400)))
    send(desk)
    desk.take(make_message(500))
    assert send(desk) == (2, 500), "even with no priority of its own"
    desk.take(make_message(501, priority=10))
    assert send(desk) == (3, 501)


def test_a_turn_is_taken_when_something_leaves_and_not_when_it_is_given_back(desk, make_message):
    desk.take(make_message(1), make_message(2))
    desk.take(make_message(3))
    desk.outbox.give_back(desk.claim(), desk.NOW)
    assert [send(desk), send(desk), send(desk)] == [(1, 1), (2, 3), (1, 2)]


def test_a_person_is_texted_from_one_sim_in_every_batch_and_waits_for_it(desk, make_message):
    desk.take(make_message(1, ANNA), make_message(2, BEN))
    assert send(desk, desk.OTHER_SIM) == (1, 1)
    desk.take(make_message(1, ANNA), make_message(2, "+447700900003"))
    assert desk.column("SELECT sim FROM messages WHERE batch_id = 2 ORDER BY row") == [desk.OTHER_SIM, None]
    assert [send(desk), send(desk), send(desk)] == [(2, 2), (1, 2), None]
    assert desk.views.waiting_for() == {desk.OTHER_SIM: 1}
    assert send(desk, desk.OTHER_SIM) == (2, 1)


def test_what_waits_for_a_person_follows_the_first_message_to_them(desk, make_message):
    desk.take(make_message(1, ANNA))
    desk.take(make_message(1, ANNA))
    desk.take(make_message(1, ANNA), released=False)
    first, second = desk.claim(), desk.claim(iccid=desk.OTHER_SIM)
    desk.submit(first)
    with pytest.raises(Withdrawn):
        desk.submit(second, iccid=desk.OTHER_SIM)
    desk.outbox.give_back(second, desk.NOW)
    assert desk.column("SELECT sim FROM messages ORDER BY id") == [desk.SIM] * 3


def test_a_refusal_moves_nobody_to_another_sim(desk, make_message):
    desk.take(make_message(1, ANNA))
    desk.outbox.failed(desk.submit(desk.claim()), "CMS 38", "no", desk.NOW)
    desk.take(make_message(1, ANNA))
    assert send(desk, desk.OTHER_SIM) is None
    assert send(desk) == (2, 1)


def test_a_batch_may_ask_for_its_sim(desk, make_message):
    desk.take(make_message(1, ANNA))
    send(desk, desk.OTHER_SIM)
    asked = NewBatch("for-one", "f", "ab" * 32, "anna", desk.NOW, True, sim=desk.SIM)
    desk.outbox.enqueue(asked, [make_message(1, ANNA), make_message(2, BEN)], [])
    assert send(desk, desk.OTHER_SIM) is None
    assert [send(desk), send(desk)] == [(2, 1), (2, 2)]
    unseen = NewBatch("unseen", "u", "cd" * 32, "anna", desk.NOW, True, sim="8944100000000000077")
    desk.outbox.enqueue(unseen, [make_message(3)], [])
    assert send(desk) is None
    assert desk.views.waiting_for() == {"8944100000000000077": 1}


def test_what_does_not_fit_a_sim_holds_up_nothing_else(desk, make_message):
    desk.take(make_message(7, parts=3), make_message(2, ANNA))
    assert send(desk, wanted=Wanted(most_parts=2)) == (1, 2)
    desk.take(make_message(1, BEN), make_message(2, ANNA))
    assert send(desk, wanted=Wanted(known_since=desk.NOW - 1)) == (2, 2)
    assert send(desk, wanted=Wanted(known_since=desk.NOW)) is None
    assert send(desk, wanted=Wanted(shared=False)) is None
    assert {send(desk), send(desk)} == {(1, 7), (2, 1)}


# Evidence that comes while a part waits to be sent again


@pytest.fixture
def again(desk, make_message):
    """A long message whose first part was in doubt and shall be sent again; gives the submit in doubt."""
    desk.take(make_message(1, ANNA, parts=2))
    submit = desk.submit(desk.claim())
    desk.outbox.doubt(submit, "no answer", desk.NOW, exchanged="> AT+CMGS=23 < >")
    Decisions(desk.store).resolve(1, Resolution.RESEND, "anna", desk.NOW)
    assert (desk.states(), desk.parts()) == (["queued"], ["pending", "pending"])
    return submit


@pytest.mark.parametrize("claimed", [False, True])
def test_a_report_stops_the_second_send(desk, again, claimed):
    held = desk.claim() if claimed else None
    desk.report(ANNA, 9, at=desk.NOW + 5, scts=desk.NOW + 2)
    assert desk.parts() == ["delivered", "pending"]
    if claimed:
        with pytest.raises(Withdrawn):
            desk.submit(held)
        desk.outbox.give_back(held, desk.NOW)
    item = desk.claim()
    desk.outbox.accepted(desk.submit(item, 2), 10, desk.NOW)
    assert desk.states() == ["sent"]
    assert desk.column("SELECT outcome FROM submits ORDER BY id") == ["accepted", "accepted"]


def test_a_late_answer_stops_the_second_send(desk, again):
    desk.outbox.accepted(again, 9, desk.NOW)
    assert desk.parts() == ["sent", "pending"]
    assert desk.states() == ["queued"]


def test_a_report_of_failure_lets_the_second_send_go(desk, again):
    desk.report(ANNA, 9, status=0x46, at=desk.NOW + 5, scts=desk.NOW + 2)
    assert desk.parts() == ["pending", "pending"]
    assert desk.column("SELECT outcome FROM submits") == ["accepted"]
    item = desk.claim()
    desk.outbox.accepted(desk.submit(item), 10, desk.NOW)
    assert desk.parts() == ["sent", "pending"]


def test_a_report_for_either_of_two_doubts_settles_their_part(desk, again):
    desk.outbox.doubt(desk.submit(desk.claim(), now=desk.NOW + 30), "no answer", desk.NOW + 30)
    desk.report(ANNA, 9, at=desk.NOW + 60, scts=desk.NOW + 31)
    assert desk.parts()[0] == "delivered"
    assert desk.column("SELECT outcome FROM submits ORDER BY id") == ["in_doubt", "accepted"]


def test_a_resend_is_a_submit_of_its_own_linked_to_the_first(desk, again):
    desk.submit(desk.claim())
    (message,) = desk.views.messages()
    first, second = message["parts"][0]["submits"]
    assert (first["outcome"], first["exchanged"], first["again_of"]) == ("in_doubt", "> AT+CMGS=23 < >", None)
    assert (second["outcome"], second["again_of"]) == ("submitting", first["id"])


def test_nothing_of_a_cancelled_batch_is_sent_again(desk, make_message):
    desk.take(make_message(1))
    desk.outbox.doubt(desk.submit(desk.claim()), "no answer", desk.NOW)
    decisions = Decisions(desk.store)
    decisions.cancel("list", "ben", desk.NOW)
    with pytest.raises(NotPossible, match="cancelled"):
        decisions.resolve(1, Resolution.RESEND, "anna", desk.NOW)


def test_what_waits_for_one_sim_in_an_older_database_is_counted_once(desk, make_message):
    desk.outbox.enqueue(
        NewBatch("for-one", "f", "ab" * 32, "anna", desk.NOW, True, sim=desk.SIM),
        [make_message(row) for row in range(1, 4)], [],
    )  # fmt: skip
    for trigger in ("messages_waiting", "messages_waited"):
        desk.store.conn.execute(f"DROP TRIGGER {trigger}")
    desk.store.conn.execute("DROP TABLE waiting")
    desk.claim()
    desk.store.conn.execute("DELETE FROM _sqlite_migrations WHERE name = 'm018_waiting'")
    desk.store.conn.execute("PRAGMA user_version = 17")
    desk.store.close()
    desk.open(desk.path)
    assert desk.views.waiting_for() == {desk.SIM: 3}
    desk.claim()
    assert desk.views.waiting_for() == {desk.SIM: 3}, "what is being sent waits, too"
