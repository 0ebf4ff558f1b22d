"""What comes in is kept once, and each report finds its part, or none."""

from datetime import UTC, datetime

import pytest

from drivers.types import Concat, Deliver, Undecodable

MINUTE = 60.0


@pytest.fixture
def sent(desk, make_message):
    """A claimed message of one part, accepted with MR 7."""
    desk.take(make_message())
    item = desk.claim()
    desk.outbox.accepted(desk.submit(item), 7, desk.NOW)
    return item


def deliver(pdu, sender="+447700900001", text="who is this?"):
    return Deliver(pdu, sender, text, datetime.fromtimestamp(0, UTC), concat=Concat(9, 2, 1))


def kept(desk):
    return [tuple(row) for row in desk.store.conn.execute("SELECT iccid, pdu, kind FROM inbound ORDER BY id")]


def test_one_pdu_is_kept_once_for_each_sim(desk):
    for iccid in (desk.SIM, desk.SIM, desk.OTHER_SIM):
        assert desk.inbox.save(iccid, deliver("AA"), desk.NOW) is None
    assert kept(desk) == [(desk.SIM, "AA", "deliver"), (desk.OTHER_SIM, "AA", "deliver")]


def test_what_nobody_can_read_is_kept_raw(desk):
    desk.inbox.save(desk.SIM, Undecodable("ZZ", "not hexadecimal"), desk.NOW)
    assert kept(desk) == [(desk.SIM, "ZZ", "undecodable")]
    assert desk.column("SELECT reason FROM inbound") == ["not hexadecimal"]


def test_several_are_kept_in_one_commit_or_none(desk, sent, make_report):
    report = make_report(1, sent.recipient, 7)
    assert desk.inbox.save_all(desk.SIM, [deliver("AA"), report, deliver("BB")], desk.NOW).batches == {1}
    before = desk.dump()
    with pytest.raises(UnicodeEncodeError):
        desk.inbox.save_all(desk.SIM, [deliver("CC"), deliver("DD", text="\ud83d")], desk.NOW)
    assert desk.dump() == before


def test_a_report_settles_its_part_and_finishes_nothing_twice(desk, sent):
    assert desk.report(sent.recipient, 7, at=desk.NOW + 5) == sent.batch_id
    assert (desk.states(), desk.parts()) == (["delivered"], ["delivered"])
    assert desk.column("SELECT settled_at FROM parts") == [desk.NOW + 5]
    assert desk.report(sent.recipient, 7, status=0x46, at=desk.NOW + 9) in (None, sent.batch_id)
    assert desk.states() == ["delivered"]


def test_the_same_report_again_changes_nothing(desk, sent, make_report):
    report = make_report(1, sent.recipient, 7)
    assert desk.inbox.save(desk.SIM, report, desk.NOW) == sent.batch_id
    before = desk.dump()
    assert desk.inbox.save(desk.SIM, report, desk.NOW) is None
    assert desk.dump() == before


def test_while_the_smsc_still_tries_the_part_stays_sent(desk, sent):
    assert desk.report(sent.recipient, 7, status=0x30) == sent.batch_id
    assert desk.states() == ["sent"]
    desk.report(sent.recipient, 7, status=0x46)
    assert desk.states() == ["undelivered"]


@pytest.mark.parametrize(
    ("recipient", "mr", "iccid"),
    [("+447700900999", 7, "SIM"), ("+447700900001", 8, "SIM"), ("+447700900001", 7, "OTHER_SIM")],
    ids=["another recipient", "another MR", "another SIM"],
)
def test_a_report_that_does_not_fit_settles_nothing(desk, sent, recipient, mr, iccid):
    assert desk.report(recipient, mr, iccid=getattr(desk, iccid)) is None
    assert desk.states() == ["sent"]
    assert desk.column("SELECT part_id FROM inbound") == [None]


def test_after_the_mr_has_come_round_the_newest_open_part_is_meant(desk, make_message):
    number = "+447700900001"
    desk.take(make_message(1, number), make_message(2, number))
    for minutes in (0, 30):
        now = desk.NOW + minutes * MINUTE
        desk.outbox.accepted(desk.submit(desk.claim(now), now=now), 7, now)
    desk.report(number, 7, at=desk.NOW + 31 * MINUTE, scts=desk.NOW + 30 * MINUTE)
    assert desk.states() == ["sent", "delivered"]


# A report before our own record of the MR


def test_a_report_settles_a_part_whose_answer_was_lost_with_the_process(desk, make_message):
    desk.take(make_message())
    item = desk.claim()
    desk.submit(item)
    desk.kill()
    desk.outbox.recover(desk.NOW)
    assert desk.states() == ["in_doubt"]
    assert desk.report(item.recipient, 7, at=desk.NOW + 10, scts=desk.NOW + 2) == item.batch_id
    assert (desk.states(), desk.parts(), desk.batch_state()) == (["delivered"], ["delivered"], "finished")
    assert desk.column("SELECT mr FROM parts") == desk.column("SELECT mr FROM submits") == [7]


def test_a_report_for_somebody_else_leaves_the_doubt(desk, make_message):
    desk.take(make_message())
    desk.submit(desk.claim())
    desk.kill()
    desk.outbox.recover(desk.NOW)
    assert desk.report("+447700900999", 7) is None
    assert desk.states() == ["in_doubt"]


def test_a_report_too_far_from_the_submit_leaves_the_doubt(desk, make_message):
    desk.take(make_message())
    item = desk.claim()
    desk.submit(item)
    desk.outbox.recover(desk.NOW)
    desk.report(item.recipient, 7, scts=desk.NOW - 30 * MINUTE)
    assert desk.states() == ["in_doubt"]


def test_an_early_report_waits_for_the_mr_of_its_own_recipient(desk, make_message):
    desk.take(make_message())
    item = desk.claim()
    submit = desk.submit(item)
    ill_timed = desk.NOW - 30 * MINUTE  # the station's clock runs ahead, so that time is no evidence
    desk.report("+447700900999", 7, status=0x46, scts=ill_timed)
    desk.report("07700900001", 7, scts=ill_timed)
    assert desk.states() == ["sending"]
    desk.outbox.accepted(submit, 7, desk.NOW)
    assert (desk.states(), desk.batch_state()) == (["delivered"], "finished")
    assert desk.column("SELECT part_id FROM inbound ORDER BY id") == [None, 1]


def test_a_confirmed_first_part_lets_the_rest_of_the_message_go_on(desk, make_message):
    desk.take(make_message(parts=2))
    item = desk.claim()
    desk.outbox.doubt(desk.submit(item), "no answer", desk.NOW)
    desk.report(item.recipient, 7)
    assert (desk.states(), desk.parts()) == (["queued"], ["delivered", "pending"])
    assert [part.state for part in desk.claim().parts] == ["delivered", "pending"]


@pytest.mark.parametrize("due_at", [None, 1_700_000_060.0], ids=["queued", "held"])
def test_a_report_for_the_first_part_leaves_a_waiting_message_waiting(desk, make_message, due_at):
    desk.take(make_message(parts=2))
    item = desk.claim()
    desk.outbox.accepted(desk.submit(item), 7, desk.NOW)
    desk.outbox.retry(desk.submit(item, 2), "CMS 41", "busy", due_at, desk.NOW)
    waiting = desk.states()
    desk.report(item.recipient, 7)
    assert (desk.states(), desk.parts()) == (waiting, ["delivered", "pending"])
    desk.outbox.wake_due(desk.NOW + 60)
    assert desk.claim().message_id == item.message_id


def test_a_report_for_the_second_try_does_not_speak_of_the_first(desk, make_message):
    desk.take(make_message())
    item = desk.claim()
    desk.outbox.doubt(desk.submit(item), "no answer", desk.NOW, resend_limit=3)
    later = desk.NOW + 30 * MINUTE
    desk.outbox.accepted(desk.submit(desk.claim(later), now=later), 8, later)
    desk.report(item.recipient, 8, at=later + 5)
    assert desk.column("SELECT outcome || ifnull(mr, '') FROM submits") == ["in_doubt", "accepted8"]
    assert desk.column("SELECT sent_at FROM parts") == [later]


# Opt-outs


def test_the_sender_of_a_reply_is_found_as_the_queue_writes_it(desk, make_message):
    desk.take(make_message(1, "+447700900001"), make_message(2, "+33700900001"))
    assert desk.inbox.texted_as("+447700900001") == "+447700900001"
    for written in ("07700900001", "447700900001", "00447700900001"):
        assert desk.inbox.texted_as(written) == "+447700900001"
    assert desk.inbox.texted_as("8700900001") == "+33700900001", "with a trunk prefix that is no zero"
    assert desk.inbox.texted_as("+617700900001") is None, "another country's number is another person"
    assert desk.inbox.texted_as("60777") is None
    assert desk.inbox.texted_as("SUPPORT") is None
