"""What is kept of SIMs and modems, and what people look at."""

import pytest

from daemon.core.batch import OutcomeRow, RejectedRow
from daemon.core.message import MessageState, SimState
from daemon.core.not_possible import NotPossible
from daemon.store.sims import Hold, ModemSeen
from drivers.types import ModemIdentity, SimIdentity


def test_a_hold_outlives_absence_and_restarts(desk):
    hold = Hold(SimState.BLOCKED, "a person must look", None, desk.NOW)
    desk.sims.block(desk.SIM, hold)
    desk.kill()
    desk.sims.begin()
    desk.sims.seen(SimIdentity(desk.SIM), desk.NOW + 9)
    assert desk.sims.hold(desk.SIM) == hold
    assert desk.sims.hold(desk.OTHER_SIM) is None
    desk.stops.resume_sim(desk.SIM, "anna", desk.NOW)
    assert desk.sims.hold(desk.SIM) is None
    with pytest.raises(NotPossible, match="never seen"):
        desk.stops.resume_sim("never seen", "anna", desk.NOW)


def test_rests_are_counted_until_a_part_is_accepted(desk):
    for _ in range(2):
        desk.sims.rest(desk.SIM, Hold(SimState.RESTING, "refused", desk.NOW + 60), desk.NOW)
    assert desk.sims.rests(desk.SIM) == 2
    desk.sims.forget_rests(desk.SIM)
    assert desk.sims.rests(desk.SIM) == desk.sims.rests("never seen") == 0


def test_a_sim_keeps_its_imsi_when_the_next_look_shows_none(desk):
    desk.sims.seen(SimIdentity(desk.SIM), desk.NOW + 9)
    row = desk.views.sims()[0]
    assert (row["iccid"], row["imsi"], row["first_seen"], row["last_seen"]) == (
        desk.SIM, "234100000000001", desk.NOW, desk.NOW + 9,
    )  # fmt: skip


def test_a_start_knows_of_no_modem_and_no_sim_in_place(desk):
    desk.sims.show(desk.SIM, SimState.WAITING, "quiet hours", desk.NOW + 60)
    for signal in (-90, -80):
        seen = ModemSeen("/dev/ttyUSB0", "ready", "", ModemIdentity("35"), desk.SIM, signal, "GiffGaff")
        desk.sims.show_modem(seen, desk.NOW)
    assert [(row["port"], row["signal_dbm"]) for row in desk.views.modems()] == [("/dev/ttyUSB0", -80)]
    desk.sims.begin()
    assert desk.views.modems() == []
    assert {(row["state"], row["reason"], row["until"]) for row in desk.views.sims()} == {("absent", "", None)}


def test_every_row_of_the_input_has_its_outcome_in_order(desk, make_message):
    bad = RejectedRow(2, "r2", "n/a", "hello", "no number")
    rows = [make_message(row, f"+44770090000{row}", ref=f"r{row}", text="hello") for row in (1, 3, 4)]
    twice = make_message(5, "+447700900001", text="hello", state=MessageState.SUPPRESSED, reason="duplicate of row 1")
    batch = desk.take(*rows, twice, rejected=(bad,))
    first, second = desk.claim(), desk.claim()
    desk.outbox.accepted(desk.submit(first), 7, desk.NOW + 1)
    desk.outbox.failed(desk.submit(second), "CMS 1", "no such number", desk.NOW + 2)
    desk.report(first.recipient, 7, at=desk.NOW + 5)
    sim = desk.SIM
    one, five = "+447700900001", "+447700900001"
    assert list(desk.views.outcomes(batch)) == [
        OutcomeRow("list", 1, "r1", one, "delivered", "", 1, desk.NOW + 1, desk.NOW + 5, sim, "hello"),
        OutcomeRow("list", 2, "r2", "n/a", "rejected", "no number", 0, None, None, "", "hello"),
        OutcomeRow("list", 3, "r3", "+447700900003", "failed", "no such number", 1, None, None, sim, "hello"),
        OutcomeRow("list", 4, "r4", "+447700900004", "queued", "", 1, None, None, "", "hello"),
        OutcomeRow("list", 5, "", five, "suppressed", "duplicate of row 1", 1, None, None, "", "hello"),
    ]


def test_counts_name_every_state_of_one_batch_or_of_all(desk, make_message):
    assert set(desk.views.counts()) == set(MessageState)
    desk.take(make_message(1), make_message(2))
    desk.take(make_message(3), released=False)
    assert (desk.views.counts()["queued"], desk.views.counts(2)["queued"], desk.views.counts(2)["held"]) == (2, 0, 1)
    newest, oldest = desk.views.batches()
    assert (newest["messages"]["held"], oldest["messages"]["queued"]) == (1, 2)
    assert (newest["released_at"], oldest["released_at"]) == (None, desk.NOW)


@pytest.mark.parametrize(
    ("batch", "state", "expected"),
    [(None, None, [1, 2, 3]), ("list-2", None, [3]), (None, "sending", [1]), ("list-2", "sending", [])],
)
def test_messages_are_listed_with_their_parts(desk, make_message, batch, state, expected):
    desk.take(make_message(1, parts=2), make_message(2))
    desk.take(make_message(3))
    desk.submit(desk.claim())
    listed = list(desk.views.messages(batch, state))
    assert [row["id"] for row in listed] == expected
    second = desk.views.messages(batch, state, after=1, most=1)
    assert [row["id"] for row in second] == [n for n in expected if n > 1][:1]
    if 1 in expected:
        assert [(part["seq"], part["state"]) for part in listed[0]["parts"]] == [(1, "submitting"), (2, "pending")]
