"""Whom the station does not text: opt-outs and exclusions as keyed hashes, and those whose reply is unread."""

from __future__ import annotations

import sqlite3

import pytest

from daemon.core.message import MessageState
from daemon.store import Lists, Store, people
from daemon.store.people import BY_ITSELF_AT_MOST, UNREAD, Heard, Policy
from daemon.store.schema import _FILES
from daemon.store.submits import Withdrawn
from drivers.types import SimIdentity

NUMBER, OTHER = "+447700900001", "+447700900002"


def heed(desk, sender, text, now, **how):
    with desk.store.writing() as conn:
        return people.heed(conn, sender, text, now, **how)


def reasons(desk):
    return desk.column("SELECT reason FROM messages ORDER BY id")


@pytest.mark.parametrize("written", [NUMBER, "07700 900001", "00447700900001", "+44 (0)7700-900001", "447700900001"])
def test_an_opt_out_holds_however_its_number_is_written_and_leaves_no_number(desk, make_message, written):
    desk.lists.opt_out([written], "noted by anna", desk.NOW)
    assert not any(NUMBER[-9:] in line for line in desk.dump())
    desk.take(make_message(1, NUMBER), make_message(2, OTHER))
    assert desk.states() == ["suppressed", "queued"]
    assert reasons(desk)[0] == "opted out"
    assert len(desk.lists.optouts(["07700900001"])) == 1
    assert desk.lists.optouts([OTHER]) == []
    assert desk.lists.opt_in([written], "carol", "asked by letter", desk.NOW).people == 1
    assert desk.lists.opt_in([written], "carol", "", desk.NOW).people == 0
    desk.take(make_message(1, NUMBER))
    assert desk.states()[-1] == "queued"


def test_numbers_of_an_older_database_become_hashes(tmp_path):
    path = tmp_path / "outpost.db"
    with sqlite3.connect(path) as old:
        for statement in _FILES[0].read_text("utf-8").split("\n;\n"):
            old.execute(statement)
        old.execute("CREATE TABLE _sqlite_migrations (migration_set TEXT, name TEXT, applied_at TEXT)")
        old.execute("INSERT INTO _sqlite_migrations VALUES ('outpost', 'm001_first_light', '')")
        old.execute("INSERT INTO optouts VALUES (?, 5.0, 'reply')", (NUMBER,))
    old.close()
    store = Store(path)
    (one,) = Lists(store).optouts([NUMBER])
    assert (one.at, one.source) == (5.0, "reply")
    assert one.hash == Lists(store).hashed(NUMBER)
    assert not any(NUMBER[-9:] in line for line in store.conn.iterdump())
    store.close()
    again = Store(path)
    assert len(Lists(again).optouts([NUMBER])) == 1
    again.close()


def test_an_exclusion_counts_its_category_and_tells_nobody_else(desk, make_message):
    desk.take(make_message(1, NUMBER), make_message(2, OTHER), make_message(3))
    hashed = desk.lists.hashed(OTHER)
    assert desk.lists.exclude([NUMBER, hashed, NUMBER], "witness", "anna", desk.NOW).people == 2
    assert desk.lists.exclude([NUMBER], "lawyer", "anna", desk.NOW).people == 1
    assert desk.states() == ["suppressed", "suppressed", "queued"]
    assert set(reasons(desk)[:2]) == {"excluded"}
    assert [(one.name, one.people) for one in desk.lists.exclusions()] == [("lawyer", 1), ("witness", 2)]
    assert desk.lists.excluded() == 2
    assert desk.lists.include(["07700 900001"], "witness", "anna", "", desk.NOW).people == 1
    desk.take(make_message(1, NUMBER))
    assert desk.states()[-1] == "suppressed"
    assert desk.lists.include([NUMBER, hashed], None, "anna", "", desk.NOW).people == 2
    desk.take(make_message(1, NUMBER))
    assert desk.states()[-1] == "queued"


@pytest.mark.parametrize("change", ["opt_out", "exclude", "heed"])
def test_what_is_said_after_the_claim_holds_at_the_moment_of_submission(desk, make_message, change):
    desk.take(make_message(1, NUMBER, parts=2))
    item = desk.claim()
    desk.outbox.accepted(desk.submit(item), 1, desk.NOW)
    match change:
        case "opt_out":
            desk.lists.opt_out([NUMBER], "noted by anna", desk.NOW)
        case "exclude":
            desk.lists.exclude([NUMBER], "witness", "anna", desk.NOW)
        case _:
            heed(desk, NUMBER, "I'm scared", desk.NOW)
    with pytest.raises(Withdrawn):
        desk.submit(item, 2)
    bar = desk.outbox.barred(item, desk.NOW)
    assert bar.state is (MessageState.HELD if change == "heed" else MessageState.SUPPRESSED)
    desk.outbox.end(item, bar.state, bar.reason, desk.NOW)
    assert desk.states() == [bar.state]


def test_a_disclosure_holds_every_batch_until_a_person_has_read_it(desk, make_message):
    desk.take(make_message(1, NUMBER), make_message(2, OTHER))
    assert heed(desk, NUMBER, "stop them hurting me", desk.NOW)[0] is Heard.PERSON
    assert (desk.states(), reasons(desk)) == (["held", "queued"], [UNREAD, ""])
    desk.take(make_message(1, NUMBER))                     # a later batch: held when its turn comes
    desk.take(make_message(1, NUMBER), released=False)
    desk.kill()
    desk.claim()
    item = desk.claim()
    assert item.recipient == NUMBER
    assert desk.outbox.barred(item, desk.NOW).reason == UNREAD
    desk.outbox.end(item, MessageState.HELD, UNREAD, desk.NOW)
    assert desk.outbox.wake_due(desk.NOW + 1e9) == 0
    assert len(desk.lists.seen("07700 900001", desk.NOW)) == 2
    assert desk.states() == ["queued", "sending", "queued", "held"]
    assert desk.claim(iccid=desk.OTHER_SIM).recipient == NUMBER
    assert desk.lists.seen(NUMBER, desk.NOW) is None


def test_stop_and_start_and_one_confirmation_each_time(desk, make_message):
    desk.lists.obey(Policy(confirmation="No more texts from us.", confirmation_parts=1))
    desk.take(make_message(1, NUMBER))
    heard, batches = heed(desk, NUMBER, "Stop. Thank you", desk.NOW)
    assert (heard, len(batches)) == (Heard.STOP, 2)
    assert heed(desk, NUMBER, "STOP", desk.NOW)[0] is Heard.STOP
    item = desk.claim()
    assert (item.recipient, item.text) == (NUMBER, "No more texts from us.")
    assert desk.outbox.barred(item, desk.NOW) is None
    desk.outbox.accepted(desk.submit(item), 1, desk.NOW)
    assert desk.batch_state() == "finished"
    assert desk.outbox.claim(desk.SIM, desk.NOW) is None, "confirmed once"
    for turn in range(10):
        assert heed(desk, NUMBER, "START", desk.NOW + turn)[0] is Heard.START
        heed(desk, NUMBER, "STOP", desk.NOW + turn)
    assert desk.states().count("queued") == BY_ITSELF_AT_MOST - 1
    desk.lists.opt_out([OTHER], "noted by anna", desk.NOW)
    assert OTHER not in desk.column("SELECT recipient FROM messages")


def test_a_confirmation_goes_to_nobody_who_is_excluded(desk):
    desk.lists.obey(Policy(confirmation="No more texts from us.", confirmation_parts=1))
    desk.lists.exclude([NUMBER], "witness", "anna", desk.NOW)
    heed(desk, NUMBER, "STOP", desk.NOW)
    assert desk.outbox.barred(desk.claim(), desk.NOW).reason == "excluded"


@pytest.mark.parametrize("own", [NUMBER, "07700900001"])
def test_a_sim_of_the_station_is_never_texted(desk, make_message, own):
    desk.take(make_message(1, NUMBER), make_message(2, OTHER))
    desk.sims.seen(SimIdentity(desk.OTHER_SIM, "234100000000001", own_number=own), desk.NOW)
    assert desk.outbox.barred(desk.claim(), desk.NOW).reason == "a SIM of this station"
    desk.take(make_message(1, NUMBER))
    assert desk.states() == ["sending", "queued", "suppressed"]


def test_of_a_text_that_is_not_whole_only_a_call_for_help_is_heeded(desk, make_message):
    desk.take(make_message(1, NUMBER))
    assert heed(desk, NUMBER, "STOP", desk.NOW, whole=False)[0] is Heard.NOTHING
    assert heed(desk, NUMBER, "he will hurt", desk.NOW, whole=False)[0] is Heard.PERSON
    assert desk.states() == ["held"]
