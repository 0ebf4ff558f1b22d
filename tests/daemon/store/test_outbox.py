"""The queue: what each operation makes of a message, its parts, its SIM and its batch."""

import sqlite3

import pytest

from daemon.core.batch import NewBatch, RejectedRow, Taken, TakenBefore
from daemon.core.message import MessageState
from daemon.store.submits import Withdrawn
from drivers.types import SubmitPdu

REST = 3600.0


def of_message(desk, column, message_id=1):
    return desk.column(f"SELECT {column} FROM messages WHERE id = {message_id}")[0]


# Batches


def test_the_same_content_is_taken_once_and_named(desk, make_message):
    batch = NewBatch("list", "list.csv", "ab" * 32, "anna", desk.NOW, True)
    assert desk.outbox.enqueue(batch, [make_message()], []) == Taken(1, "list")
    assert desk.outbox.enqueue(batch, [make_message()], []) == TakenBefore("list")
    assert desk.states() == ["queued"]


def test_batches_of_one_name_are_told_apart(desk, make_message):
    for _ in range(3):
        desk.take(make_message())
    assert [row["name"] for row in desk.views.batches()] == ["list-3", "list-2", "list"]


def test_a_batch_is_taken_whole_or_not_at_all(desk, make_message):
    before = desk.dump()
    with pytest.raises(sqlite3.IntegrityError):
        desk.take(*map(make_message, range(1, 300)), make_message(299))
    assert desk.dump() == before


def test_an_unreleased_batch_waits_and_then_goes_at_its_times(desk, make_message):
    batch = desk.take(make_message(1), make_message(2, not_before=desk.NOW + 60), released=False)
    assert (desk.batch_state(), desk.states()) == ("awaiting_release", ["held", "held"])
    assert desk.outbox.claim(desk.SIM, desk.NOW) is None
    assert desk.outbox.standing(desk.SIM).due is None
    assert desk.outbox.release(batch, desk.NOW)
    assert (desk.batch_state(), desk.states()) == ("released", ["queued", "held"])
    assert desk.outbox.standing(desk.SIM).due == desk.NOW + 60
    assert desk.outbox.wake_due(desk.NOW + 59) == 0
    assert desk.outbox.wake_due(desk.NOW + 60) == 1
    assert desk.states() == ["queued", "queued"]
    assert not desk.outbox.release(batch, desk.NOW)


@pytest.mark.parametrize("released", [True, False])
def test_a_batch_of_which_nothing_may_be_texted_is_finished(desk, make_message, released):
    bad = RejectedRow(2, "", "999", "hello", "a short code")
    desk.take(make_message(1, state=MessageState.SUPPRESSED, reason="duplicate"), released=released, rejected=(bad,))
    assert desk.batch_state() == "finished"


# Claiming


def test_priority_comes_before_age_and_age_before_nothing(desk, make_message):
    desk.take(*[make_message(row, priority=priority) for row, priority in enumerate([0, 5, 5, -1], start=1)])
    assert [desk.claim().row for _ in range(4)] == [2, 3, 1, 4]
    assert desk.outbox.claim(desk.SIM, desk.NOW) is None


def test_a_message_that_was_submitted_stays_with_its_sim(desk, make_message):
    desk.take(make_message(1), make_message(2))
    desk.outbox.retry(desk.submit(desk.claim()), "CMS 41", "busy", None, desk.NOW)
    assert of_message(desk, "sim") == desk.SIM
    assert desk.claim(iccid=desk.OTHER_SIM).row == 2
    assert desk.outbox.claim(desk.OTHER_SIM, desk.NOW) is None
    again = desk.claim()
    assert (again.row, again.refusals, [part.state for part in again.parts]) == (1, 1, ["pending"])


def test_a_message_of_this_sim_yields_to_a_more_urgent_one_of_any(desk, make_message):
    desk.take(make_message(1), make_message(2, priority=1), make_message(3, priority=-1))
    urgent = desk.claim()
    desk.outbox.retry(desk.submit(desk.claim()), "CMS 41", "busy", None, desk.NOW)
    desk.outbox.give_back(urgent, desk.NOW)
    assert [desk.claim().row for _ in range(3)] == [2, 1, 3]


def test_a_message_given_back_untouched_is_free_for_any_sim(desk, make_message):
    desk.take(make_message())
    desk.outbox.give_back(desk.claim(), desk.NOW)
    assert of_message(desk, "sim") is None
    assert desk.claim(iccid=desk.OTHER_SIM).message_id == 1


def test_a_message_given_back_after_its_first_part_left_stays_with_its_sim(desk, make_message):
    desk.take(make_message(parts=2))
    item = desk.claim()
    desk.outbox.accepted(desk.submit(item), 7, desk.NOW)
    desk.outbox.give_back(item, desk.NOW)
    assert desk.outbox.claim(desk.OTHER_SIM, desk.NOW) is None
    again = desk.claim()
    assert again.begun
    assert [part.state for part in again.parts] == ["sent", "pending"]


def test_a_message_can_be_given_back_until_a_time(desk, make_message):
    desk.take(make_message())
    desk.outbox.give_back(desk.claim(), desk.NOW, due_at=desk.NOW + 60, reason="later")
    assert (desk.states(), of_message(desk, "reason")) == (["held"], "later")
    assert desk.outbox.standing(desk.SIM).due == desk.NOW + 60


def test_giving_back_does_not_undo_a_doubt(desk, make_message):
    desk.take(make_message())
    item = desk.claim()
    desk.outbox.doubt(desk.submit(item), "no answer", desk.NOW)
    desk.outbox.give_back(item, desk.NOW)
    assert (desk.states(), desk.parts()) == (["in_doubt"], ["in_doubt"])


def test_giving_back_does_not_shorten_a_pause(desk, make_message):
    desk.take(make_message())
    item = desk.claim()
    desk.outbox.retry(desk.submit(item), "CMS 41", "busy", desk.NOW + 60, desk.NOW)
    desk.outbox.give_back(item, desk.NOW)
    assert (desk.states(), desk.outbox.standing(desk.SIM).due) == (["held"], desk.NOW + 60)


def test_giving_back_while_an_answer_is_missing_leaves_a_doubt(desk, make_message):
    desk.take(make_message())
    item = desk.claim()
    desk.submit(item)
    desk.outbox.give_back(item, desk.NOW)
    assert (desk.states(), desk.parts()) == (["in_doubt"], ["in_doubt"])
    assert desk.outbox.claim(desk.SIM, desk.NOW) is None


@pytest.mark.parametrize("state", [MessageState.SUPPRESSED, MessageState.EXPIRED, MessageState.FAILED])
def test_ending_the_last_message_finishes_its_batch(desk, make_message, state):
    desk.take(make_message())
    desk.outbox.end(desk.claim(), state, "because", desk.NOW)
    assert (desk.states(), of_message(desk, "reason"), desk.batch_state()) == ([state], "because", "finished")


def test_what_is_no_longer_claimed_is_not_ended(desk, make_message):
    desk.take(make_message())
    item = desk.claim()
    desk.outbox.doubt(desk.submit(item), "no answer", desk.NOW)
    desk.outbox.end(item, MessageState.FAILED, "because", desk.NOW)
    assert desk.states() == ["in_doubt"]


def test_what_waited_too_long_expires_unless_a_part_of_it_left(desk, make_message):
    end = desk.NOW + 60
    desk.take(make_message(1, not_after=end), make_message(2, parts=2, not_after=end), make_message(3))
    untouched, begun = desk.claim(), desk.claim()
    desk.outbox.give_back(untouched, desk.NOW)
    desk.outbox.accepted(desk.submit(begun), 7, desk.NOW)
    desk.outbox.give_back(begun, desk.NOW)
    assert desk.outbox.expire(end - 1) == 0
    assert desk.outbox.expire(end) == 1
    assert desk.states() == ["expired", "queued", "queued"]


# Submitting


def test_a_part_is_submitted_once(desk, make_message):
    desk.take(make_message())
    item = desk.claim()
    submit = desk.submit(item)
    for _ in range(2):
        with pytest.raises(Withdrawn):
            desk.submit(item)
        desk.outbox.accepted(submit, 7, desk.NOW)
    assert desk.column("SELECT count(*) FROM submits") == [1]


def test_the_parts_of_a_message_are_stored_at_its_first_prompt(desk, make_message):
    desk.take(make_message(parts=3))
    item = desk.claim()
    assert desk.parts() == []
    first = desk.submit(item)
    assert desk.parts() == ["submitting", "pending", "pending"]
    desk.outbox.accepted(first, 1, desk.NOW)
    desk.outbox.accepted(desk.submit(item, 2), 2, desk.NOW)
    assert desk.states() == ["sending"]
    desk.outbox.accepted(desk.submit(item, 3), 3, desk.NOW)
    assert (desk.states(), desk.batch_state()) == (["sent"], "finished")


def test_a_message_whose_recipient_opted_out_since_the_claim_does_not_leave(desk, make_message):
    desk.take(make_message())
    item = desk.claim()
    desk.lists.opt_out([item.recipient], "reply", desk.NOW)
    before = desk.dump()
    with pytest.raises(Withdrawn):
        desk.submit(item)
    assert desk.dump() == before


def test_a_message_that_another_sim_holds_does_not_leave(desk, make_message):
    desk.take(make_message())
    item = desk.claim()
    with pytest.raises(Withdrawn):
        desk.submit(item, iccid=desk.OTHER_SIM)


def test_an_opt_out_stops_what_waits(desk, make_message):
    number = "+447700900001"
    desk.take(make_message(1, number), make_message(2, number, not_before=desk.NOW + 60))
    desk.lists.opt_out([number], "reply", desk.NOW)
    assert len(desk.lists.optouts([number])) == 1
    assert (desk.states(), desk.batch_state()) == (["suppressed", "suppressed"], "finished")


# Answers


def test_a_refusal_for_good_fails_the_message(desk, make_message):
    desk.take(make_message(parts=2))
    item = desk.claim()
    desk.outbox.failed(desk.submit(item), "CMS 1", "no such number", desk.NOW)
    assert (desk.states(), desk.parts(), desk.batch_state()) == (["failed"], ["refused", "pending"], "finished")
    assert of_message(desk, "reason") == "no such number"


def test_a_refusal_for_now_holds_the_message_and_may_encode_it_anew(desk, make_message):
    desk.take(make_message(parts=2))
    item = desk.claim()
    desk.outbox.accepted(desk.submit(item), 7, desk.NOW)
    shorter = [SubmitPdu("AA", 1), SubmitPdu("BB", 1)]
    desk.outbox.retry(desk.submit(item, 2), "CMS 198", "no validity", desk.NOW + 60, desk.NOW, pdus=shorter)
    assert (desk.states(), desk.parts()) == (["held"], ["sent", "pending"])
    assert desk.outbox.standing(desk.SIM).due == desk.NOW + 60
    desk.outbox.wake_due(desk.NOW + 60)
    assert [part.pdu.hex for part in desk.claim().parts] == ["0001", "BB"]


@pytest.mark.parametrize("last", ["accepted", "failed", "retry", "doubt"])
def test_a_late_answer_ends_a_doubt(desk, make_message, last):
    desk.take(make_message())
    submit = desk.submit(desk.claim())
    desk.outbox.doubt(submit, "no answer", desk.NOW)
    answers = {
        "accepted": lambda: desk.outbox.accepted(submit, 7, desk.NOW),
        "failed": lambda: desk.outbox.failed(submit, "CMS 1", "no such number", desk.NOW),
        "retry": lambda: desk.outbox.retry(submit, "CMS 41", "busy", None, desk.NOW),
        "doubt": lambda: desk.outbox.doubt(submit, "still none", desk.NOW),
    }
    answers[last]()
    ends = {"accepted": "sent", "failed": "failed", "retry": "queued", "doubt": "in_doubt"}
    assert desk.states() == [ends[last]]


@pytest.mark.parametrize("last", ["accepted", "failed", "retry", "doubt"])
def test_an_answer_changes_nothing_after_the_report(desk, make_message, last):
    desk.take(make_message())
    item = desk.claim()
    submit = desk.submit(item)
    desk.report(item.recipient, 7)
    before = desk.dump()
    answers = {
        "accepted": lambda: desk.outbox.accepted(submit, 9, desk.NOW),
        "failed": lambda: desk.outbox.failed(submit, "CMS 1", "no such number", desk.NOW),
        "retry": lambda: desk.outbox.retry(submit, "CMS 41", "busy", None, desk.NOW),
        "doubt": lambda: desk.outbox.doubt(submit, "no answer", desk.NOW),
    }
    answers[last]()
    assert desk.states() == ["delivered"]
    assert desk.dump() == before


@pytest.mark.parametrize("last", ["failed", "retry", "doubt"])
def test_the_rest_waits_when_the_report_and_the_answer_contradict_each_other(desk, make_message, last):
    desk.take(make_message(parts=2))
    item = desk.claim()
    submit = desk.submit(item)
    desk.report(item.recipient, 7)
    answers = {
        "failed": lambda: desk.outbox.failed(submit, "CMS 1", "no such number", desk.NOW),
        "retry": lambda: desk.outbox.retry(submit, "CMS 41", "busy", None, desk.NOW),
        "doubt": lambda: desk.outbox.doubt(submit, "no answer", desk.NOW),
    }
    answers[last]()
    assert (desk.states(), desk.parts()) == (["queued"], ["delivered", "pending"])
    assert desk.claim().message_id == item.message_id


def test_with_resend_a_doubtful_part_is_queued_again_up_to_the_limit(desk, make_message):
    desk.take(make_message())
    for expected in ("queued", "queued", "in_doubt"):
        desk.outbox.doubt(desk.submit(desk.claim()), "no answer", desk.NOW, resend_limit=3)
        assert desk.states() == [expected]
    assert desk.column("SELECT count(*) FROM submits") == [3]


@pytest.mark.parametrize(
    ("batch", "expected"), [("released", "queued"), ("paused", "held"), ("cancelled", "cancelled")]
)
def test_a_message_waits_again_as_its_batch_stands(desk, make_message, batch, expected):
    desk.take(make_message())
    submit = desk.submit(desk.claim())
    with desk.store.writing() as conn:
        conn.execute("UPDATE batches SET state = ?", (batch,))
    desk.outbox.retry(submit, "CMS 41", "busy", None, desk.NOW)
    assert desk.states() == [expected]
    assert desk.outbox.standing(desk.SIM).due is None


# After a start


def test_recovery_puts_in_doubt_what_may_have_left_and_queues_the_rest(desk, make_message):
    desk.take(*map(make_message, range(1, 4)), make_message(4, parts=2))
    desk.submit(desk.claim())
    desk.claim()
    desk.outbox.accepted(desk.submit(desk.claim()), 7, desk.NOW)
    desk.outbox.accepted(desk.submit(desk.claim()), 8, desk.NOW)
    desk.kill()
    assert desk.outbox.recover(desk.NOW) == 1
    assert desk.states() == ["in_doubt", "queued", "sent", "queued"]
    assert "between the prompt" in of_message(desk, "reason", 1)
    assert [of_message(desk, "sim", n) for n in (2, 4)] == [None, desk.SIM]
    assert desk.outbox.recover(desk.NOW) == 0


def test_recovery_before_a_line_of_one_sim_leaves_the_others_alone(desk, make_message):
    desk.take(*map(make_message, range(1, 5)))
    desk.submit(desk.claim())
    desk.claim()
    desk.claim(iccid=desk.OTHER_SIM)
    desk.submit(desk.claim(iccid=desk.OTHER_SIM), iccid=desk.OTHER_SIM)
    assert desk.outbox.recover(desk.NOW, iccid=desk.SIM) == 1
    assert desk.states() == ["in_doubt", "queued", "sending", "sending"]


def test_recovery_with_resend_queues_what_may_have_left(desk, make_message):
    desk.take(make_message())
    desk.submit(desk.claim())
    desk.kill()
    assert desk.outbox.recover(desk.NOW, resend_limit=3) == 1
    assert (desk.states(), desk.parts()) == (["queued"], ["pending"])


# What the lines ask


def test_history_holds_every_submit_of_the_sim_since_then(desk, make_message):
    desk.take(*map(make_message, range(1, 4)))
    first = desk.claim()
    desk.outbox.doubt(desk.submit(first, now=desk.NOW), "no answer", desk.NOW)
    second = desk.claim()
    desk.outbox.failed(desk.submit(second, now=desk.NOW + 5), "CMS 1", "no", desk.NOW)
    third = desk.claim(iccid=desk.OTHER_SIM)
    desk.submit(third, now=desk.NOW + 6, iccid=desk.OTHER_SIM)
    assert desk.outbox.history(desk.SIM, 0) == [(desk.NOW, first.recipient), (desk.NOW + 5, second.recipient)]
    assert desk.outbox.history(desk.SIM, desk.NOW) == [(desk.NOW + 5, second.recipient)]
    assert desk.outbox.newest_event() == desk.NOW + 6


def test_the_newest_event_is_also_what_came_in(desk):
    assert desk.outbox.newest_event() == 0
    desk.report("+447700900001", 1, at=desk.NOW + 9)
    assert desk.outbox.newest_event() == desk.NOW + 9


def test_refusals_in_a_row_end_with_an_accepted_part_or_a_rest(desk, make_message):
    desk.take(*map(make_message, range(1, 7)))

    def refuse(*, against_sim=True):
        item = desk.claim()
        desk.outbox.failed(desk.submit(item), "CMS 50", "no", desk.NOW, against_sim=against_sim)
        return item.recipient

    refuse()
    desk.outbox.accepted(desk.submit(desk.claim()), 7, desk.NOW)
    assert desk.outbox.refused_in_a_row(desk.SIM, "nobody") == 0
    last = refuse()
    refuse(against_sim=False)
    refuse()
    assert desk.outbox.refused_in_a_row(desk.SIM, "nobody") == 2
    assert desk.outbox.refused_in_a_row(desk.SIM, last) == 1
    assert desk.outbox.refused_in_a_row(desk.OTHER_SIM, "nobody") == 0
    with desk.store.writing() as conn:
        conn.execute("UPDATE sims SET rested_at = ?", (desk.NOW + REST,))
    assert desk.outbox.refused_in_a_row(desk.SIM, "nobody") == 0
