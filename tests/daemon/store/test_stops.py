"""Stop now: what is paused or cancelled for a SIM or the station, what had left, and alarms that outlive a restart."""

import pytest

from daemon.core.alarm import Alarm
from daemon.core.message import SimState
from daemon.core.not_possible import NotPossible
from daemon.store.sims import Hold
from daemon.store.stops import Left, Retired
from daemon.store.submits import Withdrawn


@pytest.fixture
def begun(desk, make_message):
    """A long message whose first part has left through SIM, and two that wait."""
    desk.take(make_message(1, parts=2), make_message(2), make_message(3))
    item = desk.claim()
    desk.outbox.accepted(desk.submit(item), 7, desk.NOW)
    return item


def test_the_station_is_paused_before_the_next_part_and_over_restarts(desk, begun):
    assert desk.stops.pause_station("anna", desk.NOW) == Left(1, 2)
    assert desk.stops.pause_station("bob", desk.NOW + 9) == Left(1, 2)
    with pytest.raises(Withdrawn):
        desk.submit(begun, 2)
    desk.kill()
    assert (desk.stops.station_pause().by, desk.stops.station_pause().at) == ("anna", desk.NOW)
    desk.stops.resume_station("anna", desk.NOW)
    assert desk.stops.station_pause() is None
    desk.submit(begun, 2)
    with pytest.raises(NotPossible, match="not paused"):
        desk.stops.resume_station("anna", desk.NOW)


@pytest.mark.parametrize("hold", ["paused", "blocked"])
def test_a_sim_is_held_before_the_next_part(desk, begun, hold):
    if hold == "paused":
        assert desk.stops.pause_sim(desk.SIM, "anna", desk.NOW) == Left(1, 0)
        desk.sims.rest(desk.SIM, Hold(SimState.RESTING, "refused", desk.NOW + 60), desk.NOW)
        desk.sims.end_rest(desk.SIM, desk.NOW + 61)
    else:
        desk.sims.block(desk.SIM, Hold(SimState.BLOCKED, "barred", None, desk.NOW))
    assert desk.sims.hold(desk.SIM).state == hold
    with pytest.raises(Withdrawn):
        desk.submit(begun, 2)
    desk.stops.resume_sim(desk.SIM, "anna", desk.NOW)
    desk.submit(begun, 2)


def test_what_a_line_has_ready_still_waits(desk, begun):
    desk.submit(begun, 2)
    ready = desk.claim()
    assert desk.stops.pause_station("anna", desk.NOW) == Left(1, 2)
    desk.stops.resume_station("anna", desk.NOW)
    assert desk.stops.cancel_sim(desk.SIM, "anna", desk.NOW) == Left(1, 0)
    assert desk.states() == ["sending", "sending", "queued"], "any SIM may send it"
    desk.submit(ready)
    assert desk.stops.pause_sim(desk.SIM, "anna", desk.NOW) == Left(2, 0)


def test_the_station_is_cancelled(desk, begun, make_message):
    desk.take(make_message(4), released=False)
    desk.submit(begun, 2)  # in the network's hands: its outcome is still to come
    other = desk.claim(iccid=desk.OTHER_SIM)
    assert desk.stops.cancel_station("anna", desk.NOW) == Left(1, 0, (1, 2))
    assert desk.states() == ["sending", "cancelled", "cancelled", "cancelled"]
    with pytest.raises(Withdrawn):
        desk.submit(other, iccid=desk.OTHER_SIM)
    desk.outbox.accepted(2, 8, desk.NOW)
    assert desk.states()[0] == "sent"
    assert desk.column("SELECT DISTINCT state FROM batches") == ["cancelled"]


def test_what_waits_for_one_sim_is_cancelled(desk, begun):
    desk.outbox.give_back(begun, desk.NOW)
    assert desk.views.waiting_for() == {desk.SIM: 1}
    assert desk.stops.cancel_sim(desk.SIM, "anna", desk.NOW) == Left(1, 0, (1,))
    assert desk.states() == ["cancelled", "queued", "queued"]
    assert desk.views.waiting_for() == {}
    with pytest.raises(NotPossible, match="outpost sims"):
        desk.stops.cancel_sim("never seen", "anna", desk.NOW)


def test_a_sim_that_is_gone_for_good_lets_its_people_go(desk, begun, make_message):
    desk.outbox.accepted(desk.submit(desk.claim()), 8, desk.NOW)
    desk.outbox.accepted(desk.submit(desk.claim(iccid=desk.OTHER_SIM), iccid=desk.OTHER_SIM), 1, desk.NOW)
    desk.outbox.give_back(begun, desk.NOW)
    desk.take(make_message(2), make_message(3))
    sims = "SELECT sim FROM messages WHERE batch_id > 1 ORDER BY id"
    assert desk.column(sims) == [desk.SIM, desk.OTHER_SIM]
    with pytest.raises(NotPossible, match="in a modem"):
        desk.stops.retire_sim(desk.SIM, "carol", "lost", desk.NOW)
    desk.sims.begin()
    assert desk.stops.retire_sim(desk.SIM, "carol", "lost", desk.NOW) == Retired(1, 1, (2,))
    assert desk.column(sims) == [None, desk.OTHER_SIM]
    assert desk.views.waiting_for() == {desk.SIM: 1, desk.OTHER_SIM: 1}, "what had begun waits"
    [entry] = desk.column("SELECT entry FROM audit WHERE entry LIKE '%retirement%'")
    assert all(fact in entry for fact in ('"who":"carol"', '"why":"lost"', '"freed":1', '"begun":1'))
    assert desk.sims.hold(desk.SIM).reason == "retired by carol: lost"
    desk.outbox.accepted(desk.submit(desk.claim(iccid=desk.OTHER_SIM), iccid=desk.OTHER_SIM), 2, desk.NOW)
    desk.take(make_message(1), make_message(2))
    assert desk.column(sims)[2:] == [None, desk.OTHER_SIM], "who was texted from another one stays there"
    desk.stops.resume_sim(desk.SIM, "carol", desk.NOW)
    desk.take(make_message(1), make_message(2))
    assert desk.column(sims)[4:] == [desk.SIM, desk.OTHER_SIM], "it came back"


def test_an_alarm_keeps_its_time_until_it_is_cleared_or_ends(desk):
    assert desk.alarms.set("clock_differs", "", "two hours", desk.NOW)
    assert not desk.alarms.set("clock_differs", "", "three hours", desk.NOW + 5)
    assert desk.alarms.set("clock_jumped", "", "a day", desk.NOW + 1, until=desk.NOW + 10)
    desk.kill()
    assert desk.alarms.standing(desk.NOW + 9) == [
        Alarm(desk.NOW, "clock_differs", "three hours"), Alarm(desk.NOW + 1, "clock_jumped", "a day"),
    ]  # fmt: skip
    assert desk.alarms.clear("clock_differs")
    assert not desk.alarms.clear("clock_differs")
    assert desk.alarms.standing(desk.NOW + 10) == []
    assert desk.alarms.set("clock_jumped", "", "again", desk.NOW + 11), "the one before had ended"
