"""What comes in: texts kept once and their slots freed, opt-outs heeded, and status reports of every kind matched."""

from __future__ import annotations

import json
import signal
import sqlite3

import pytest

EMOJI = "\N{WAVING HAND SIGN}"
HOUR = 3600


def unread(station):
    """How many replies nobody has read, as status.json has it; none while there is no such file yet."""
    return station.status().get("station", {}).get("replies", {}).get("unread", 0)


@pytest.fixture
def kept():
    """The inbound texts that a station's database holds: (sender, text) in the order of their coming."""

    def look(station):
        with sqlite3.connect(f"file:{station.folder}/state/outpost.db?mode=ro", uri=True) as database:
            rows = database.execute("SELECT number, text FROM inbound WHERE kind = 'deliver' ORDER BY id").fetchall()
        database.close()
        return rows

    return look


@pytest.fixture
def replies():
    """The replies that a station's database holds, in the order of their coming."""

    def look(station):
        with sqlite3.connect(f"file:{station.folder}/state/outpost.db?mode=ro", uri=True) as database:
            database.row_factory = sqlite3.Row
            rows = database.execute("SELECT * FROM replies ORDER BY id").fetchall()
        database.close()
        return rows

    return look


@pytest.fixture
def two_slots(station, tmp_path):
    """A station whose SIM has room for two texts only."""
    sims = tmp_path / "sims.json"
    sims.write_text(json.dumps([{"slots": 2}]))
    return station(sims=sims)


def test_texts_are_kept_once_and_their_slots_freed(two_slots, kept, number):
    station = two_slots
    (sim,) = station.network.sims
    for n in range(3):  # more than the SIM can hold: the third waits in the network
        station.network.tell("inbound", sim=sim, **{"from": number(n)}, text=f"before the start {n}")
    station.start()
    station.until(lambda: len(station.said("text received")) == 3)
    long = f"A long one {EMOJI} " * 12
    parts = station.network.tell("inbound", sim=sim, **{"from": "07700 900005".replace(" ", "")}, text=long)["parts"]
    station.network.tell("inbound", sim=sim, **{"from": number(6)}, text=EMOJI)
    station.until(lambda: len(station.said("text received")) == 3 + parts + 1)
    assert station.network.tell("stats")["waiting"] == {sim: 0}
    texts = kept(station)
    assert [text for _, text in texts[:3]] == [f"before the start {n}" for n in range(3)]
    assert "".join(text for sender, text in texts if sender == "07700900005") == long
    assert texts[-1] == (number(6), EMOJI)
    station.restart()
    station.until(lambda: station.sim().get("state") == "ready")
    assert kept(station) == texts


def test_replies_of_every_kind_are_linked_and_shown(station, people, replies, number):
    station = station()
    station.configure(modems={"part_seconds": 1})
    station.drop(people(2))
    station.start()
    station.until_counts(delivered=2)
    (sim,) = station.network.sims
    long = f"My mum says {EMOJI} thank you. " * 6
    for sender, order in ((number(100), [3, 1, 2, 1]), (number(101), [2, 3])):
        station.network.tell("inbound", sim=sim, **{"from": sender}, text=long, ref_bits=16, order=order)
    station.network.tell("inbound_pdu", sim=sim, pdu="0791FFFF")
    wap_push = "0791447758100650400C914497716279770004622181318143000B0605040B8423F0AABBCCDDEE"
    station.network.tell("inbound_pdu", sim=sim, pdu=wap_push)
    station.until(lambda: station.status().get("station", {}).get("replies", {}) == {
        "arriving": 0, "unread": 2, "waiting": 0, "answered": 0, "kept": 2, "undecodable": 1
    })  # fmt: skip
    assert "replies: 2 unread, 2 kept, 1 undecodable" in station.cli("status").stdout
    whole, half, broken, push = replies(station)
    assert (whole["recipient"], whole["text"], whole["complete"]) == (number(100), long, 1)
    assert (half["recipient"], half["complete"]) == (number(101), 0)
    assert half["text"].startswith("[…]")
    assert [whole["message_id"], half["message_id"]] == [1, 2]
    assert (broken["kind"], broken["number"], push["kind"], push["text"]) == ("undecodable", "", "data", "")
    assert broken["reason"]
    station.network.tell("inbound", sim=sim, **{"from": number(101)}, text="and this")
    station.until(lambda: unread(station) == 3)
    assert station.network.tell("stats")["waiting"] == {sim: 0}


def test_a_flood_during_a_long_send_and_a_kill_loses_nothing(station, people, replies, number, tmp_path):
    sims = tmp_path / "sims.json"
    sims.write_text(json.dumps([{"slots": 20}]))
    station = station(sims=sims)
    (sim,) = station.network.sims
    station.network.tell("answer", mode="late", seconds=2, recipient=number(100))
    station.drop(people(3))
    station.start()
    station.until(lambda: station.network.events("submit"))  # and its answer is still to come
    for n in range(500):
        station.network.tell("inbound", sim=sim, **{"from": number(n)}, text=f"{n}")
    station.until(lambda: unread(station) > 100)
    station.restart()
    station.until(lambda: unread(station) == 500)
    station.until_settled()
    assert set(station.network.accepted().values()) == {1}
    assert sorted(row["text"] for row in replies(station)) == sorted(map(str, range(500)))
    assert station.network.tell("stats")["waiting"] == {sim: 0}


def test_texts_that_come_while_the_service_is_down(two_slots, kept, number):
    station = two_slots
    (sim,) = station.network.sims
    station.start()
    station.kill()
    for n in range(4):
        station.network.tell("inbound", sim=sim, **{"from": number(n)}, text=f"{n}")
    station.start()
    station.until(lambda: len(station.said("text received")) == 4)
    assert sorted(kept(station)) == [(number(n), f"{n}") for n in range(4)]


def test_a_stop_holds_for_what_waits_and_for_what_comes(station, number):
    station = station()
    station.configure(throttle={"min_gap_seconds": HOUR})
    station.drop([(number(101), "first")], "one.csv")
    station.start()
    station.until_counts(delivered=1)
    station.drop([(number(101), "second"), (number(102), "second")], "two.csv")
    station.until_counts(delivered=1, queued=2)
    station.network.tell("inbound", sim=station.network.sims[0], **{"from": "07700900101"}, text="Stop. Thank you")
    station.until_counts(delivered=1, queued=1, suppressed=1)
    (row,) = station.until(lambda: [row for row in station.outcomes("two") if row["state"] == "suppressed"])
    assert row["to"] == number(101)
    assert "opted out" in row["reason"]

    station.drop([(number(101), "third")], "three.csv")
    station.configure()
    station.signal(signal.SIGHUP)
    station.until_counts(delivered=2, suppressed=2)
    assert station.network.recipients() == [number(101), number(102)]


def test_a_disclosure_is_no_stop_and_waits_for_a_person(station, number):
    station = station()
    station.start()
    station.network.tell(
        "inbound", sim=station.network.sims[0], **{"from": number(101)}, text="please stop them hurting me"
    )
    station.until(lambda: station.said("text received"))
    station.drop([(number(101), "We are here.")])
    station.until_counts(held=1)
    assert "until a person has read" in station.messages()[number(101)]["reason"]
    assert station.cli("replies", "--seen", number(101)).returncode == 0
    station.until_counts(delivered=1)


def test_reports_of_every_kind(station, people, number):
    station = station()
    station.network.tell("script", rules=[
        {"do": "report", "mode": "early", "recipient": number(101)},
        {"do": "undelivered", "recipient": number(102)},
        {"do": "report", "mode": "temporary", "seconds": 0.3, "recipient": number(103)},
        {"do": "report", "mode": "twice", "recipient": number(104)},
        {"do": "report", "mode": "never", "recipient": number(105)},
        {"do": "report", "mode": "late", "seconds": 0.5, "recipient": number(106)},
        {"do": "report", "mode": "undelivered", "status": 0x62, "recipient": number(107)},  # the SC gave up
    ])  # fmt: skip
    station.drop(people(8))
    station.start()
    station.until_counts(delivered=5, undelivered=2, sent=1)
    states = {to: message["state"] for to, message in station.messages().items()}
    assert states[number(102)] == states[number(107)] == "undelivered"
    assert states[number(105)] == "sent"


def test_no_reports_are_asked_for_when_nobody_wants_them(station, people):
    station = station()
    station.configure(sending={"status_reports": False})
    station.drop(people(2))
    station.start()
    station.until_counts(sent=2)
    assert station.network.events("report") == []


def test_reports_that_come_after_a_restart(station, people):
    station = station(report_delay=1, ack_timeout=0.5)
    station.drop(people(3))
    station.start()
    station.until(lambda: len(station.network.recipients()) == 3)
    station.restart()
    station.until_counts(delivered=3)


def test_reports_that_a_modem_stored_while_nobody_listened(station, people):
    station = station(report_delay=3)
    station.drop(people(3))
    station.start()
    station.until(lambda: len(station.network.recipients()) == 3)
    station.kill()
    station.network.tell("reboot", modem=0, seconds=0.1)  # and so it forgets that it should pass reports on
    station.until(lambda: [event["where"][:2] for event in station.network.events("report")] == ["SR"] * 3)
    station.start()
    station.until_counts(delivered=3)
    assert station.network.tell("stats")["waiting"] == {station.network.sims[0]: 0}


def test_references_that_wrap_are_matched(station, tmp_path, people):
    sims = tmp_path / "sims.json"
    sims.write_text(json.dumps([{"first_mr": 250}]))
    station = station(sims=sims, report_delay=0.2)
    station.drop(people(12))
    station.start()
    station.until_counts(delivered=12)
    assert {event["mr"] for event in station.network.events("submit")} >= {250, 255, 0, 5}
