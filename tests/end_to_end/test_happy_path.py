"""The main job: the example list is dropped, everybody on it is texted once, and the outcomes lie there."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

LIST = Path(__file__).parents[2] / "config" / "examples" / "contacts.csv"
OUTCOME_COLUMNS = ["batch", "row", "ref", "to", "state", "reason", "parts", "sent_at", "delivered_at", "sim", "text"]


@pytest.fixture
def done(station):
    """A station that has worked through the example list."""
    station = station(modems=2)
    station.drop(LIST.read_bytes(), "contacts.csv")
    station.start()
    station.until_settled()
    return station


def test_the_example_list_is_texted(done):
    ends = {"delivered", "rejected", "suppressed"}
    done.until(lambda: {row["state"] for row in done.outcomes("contacts")} == ends)
    outcomes = done.outcomes("contacts")
    states = Counter(row["state"] for row in outcomes)
    assert len(outcomes) == 120
    assert states["suppressed"] == 1
    assert [int(row["row"]) for row in outcomes] == list(range(1, 121))
    assert list(outcomes[0]) == OUTCOME_COLUMNS

    delivered = [row for row in outcomes if row["state"] == "delivered"]
    assert all(row["sent_at"] and row["delivered_at"] and row["sim"] in done.network.sims for row in delivered)
    assert all(row["reason"] for row in outcomes if row["state"] != "delivered")
    assert all(not row["sent_at"] and not row["sim"] for row in outcomes if row["state"] != "delivered")

    taken = done.network.accepted()
    assert set(taken.values()) == {1}
    assert taken.keys() == {(row["to"], seq) for row in delivered for seq in range(1, int(row["parts"]) + 1)}
    assert {event["iccid"] for event in done.network.events("submit")} == set(done.network.sims)

    assert [path.name for path in (done.spool / "accepted").iterdir()] == ["contacts.csv"]
    assert list((done.spool / "incoming").iterdir()) == []
    problems = done.problems("contacts.csv")
    assert len({problem["line"] for problem in problems}) == states["rejected"]
    assert all(problem["reason"] for problem in problems)

    assert_documents(done, outcomes)
    assert done.stop() == 0


def assert_documents(station, outcomes):
    """`status --json`, status.json and `messages --json` have the shapes that others rely on."""
    status = json.loads(station.cli("status", "--json").stdout)
    assert status.keys() == station.status().keys() == {
        "station", "sims", "modems", "messages", "batches", "alarms",
    }
    for sim in status["sims"]:
        assert sim.keys() == {
            "iccid", "imsi", "label", "state", "reason", "next_allowed_at", "next_reason", "used", "left", "limits",
        }
        assert sim["state"] == "ready"
    assert status["messages"]["delivered"] == sum(row["state"] == "delivered" for row in outcomes)
    assert len(status["messages"]) == 11
    for modem in status["modems"]:
        keys = {"port", "imei", "model", "state", "iccid", "signal_dbm", "network"}
        assert keys <= modem.keys()
        assert modem["state"] == "ready"
        assert modem["iccid"] in station.network.sims
        assert modem["signal_dbm"] == -73
    (batch,) = status["batches"]
    assert batch["state"] == "finished"

    messages = json.loads(station.cli("messages", "--json").stdout)
    assert messages.keys() == {"messages"}
    assert len(messages["messages"]) == sum(row["state"] != "rejected" for row in outcomes)
    for message in messages["messages"]:
        assert message.keys() == {"id", "batch", "row", "to", "state", "reason", "sim", "parts"}
        for part in message["parts"]:
            assert part.keys() == {"seq", "state", "mr", "sent_at", "submits"}
    long = [message for message in messages["messages"] if len(message["parts"]) > 1]
    assert long
    assert all(part["state"] == "delivered" for message in long for part in message["parts"])


def test_the_same_content_again_is_refused_and_named(station, people):
    station = station()
    station.start()
    station.drop(people(2))
    station.until_counts(delivered=2)
    station.drop(people(2), "again.csv")
    (problem,) = station.until(lambda: station.problems("again.csv"))
    assert "batch list" in problem["reason"]
    assert len(station.network.recipients()) == 2


def test_priority_flash_and_times(station, number):
    station = station(radio_delay=0.05)
    station.drop(
        "to,text,priority,flash,not_before\n"
        f"{number(1)},one,,,\n{number(2)},two,5,,\n{number(3)},three,9,yes,\n{number(4)},later,,,2999-01-01 12:00\n"
    )
    station.start()
    station.until_counts(delivered=3, held=1)
    assert [(event["recipient"], event["flash"]) for event in station.network.events("submit")] == [
        (number(3), True), (number(2), False), (number(1), False),
    ]  # fmt: skip


def test_a_list_that_needs_release_waits(station, people):
    station = station()
    station.configure(sending={"approval": "two-person"})
    station.drop(people(2))
    station.start()
    station.until_counts(held=2)
    assert station.status()["batches"][0]["state"] == "awaiting_release"
    assert station.network.recipients() == []
