"""When nobody can know whether a part left: it is in doubt, evidence settles it, and a person decides the rest."""

from __future__ import annotations

import re

import pytest

ANSWER_SECONDS = 2


@pytest.fixture
def doubtful(station):
    """A station that waits two seconds for an answer, under a script for the network."""

    def make(*rules, **sending):
        made = station()
        made.configure(modems={"answer_seconds": ANSWER_SECONDS}, sending=sending)
        made.network.tell("script", rules=rules)
        return made

    return make


def run(station, rows, **counts):
    station.drop(rows)
    station.start()
    station.until_counts(**counts)
    return station.messages()


def assert_references_are_the_networks(station, messages):
    """Every MR that the service recorded is the one that the network gave to that very recipient."""
    given = {event["recipient"]: event["mr"] for event in station.network.events("submit")}
    known = {to: part["mr"] for to, message in messages.items() for part in message["parts"] if part["mr"] is not None}
    assert known
    assert all(given[to] == mr for to, mr in known.items())


def test_no_answer_and_the_network_never_had_it(doubtful, people, number):
    station = doubtful({"do": "answer", "mode": "never-lost", "recipient": number(102)})
    messages = run(station, people(3), delivered=2, in_doubt=1)
    assert messages[number(102)]["state"] == "in_doubt"
    assert "did not answer within 2 seconds" in messages[number(102)]["reason"]
    [submit] = messages[number(102)]["parts"][0]["submits"]
    assert re.fullmatch(r"> AT\+CMGS=\d+ < > > \[\d+ hex digits\]", submit["exchanged"])
    (outcome,) = (row for row in station.outcomes() if row["state"] == "in_doubt")
    assert outcome["to"] == number(102)
    assert outcome["reason"]
    assert station.status()["batches"][0]["state"] == "released"
    assert_references_are_the_networks(station, messages)
    station.restart()
    station.until_counts(delivered=2, in_doubt=1)
    assert len(station.network.events("lost")) == 1


def test_no_answer_and_no_report(doubtful, people, number):
    station = doubtful(
        {"do": "answer", "mode": "never", "recipient": number(101)},
        {"do": "report", "mode": "never", "recipient": number(101)},
    )
    messages = run(station, people(2), delivered=1, in_doubt=1)
    assert messages[number(101)]["reason"]
    assert max(station.network.accepted().values()) == 1


def test_no_answer_but_a_status_report_settles_it(doubtful, people, number):
    station = doubtful({"do": "answer", "mode": "never", "recipient": number(101)})
    messages = run(station, people(4), delivered=4)
    assert_references_are_the_networks(station, messages)
    assert max(station.network.accepted().values()) == 1
    assert station.status()["batches"][0]["state"] == "finished"


@pytest.mark.parametrize(("seconds", "busy", "whose"), [
    pytest.param(1, True, 101, id="within"),
    pytest.param(3, True, 101, id="after, deaf meanwhile"),
    pytest.param(3, False, 103, id="after, with nothing behind it"),
])  # fmt: skip
def test_a_late_answer_is_credited_to_its_own_part(doubtful, people, number, seconds, busy, whose):
    station = doubtful(
        {"do": "answer", "mode": "late", "seconds": seconds, "busy": busy, "recipient": number(whose)},
        {"do": "report", "mode": "never", "recipient": number(whose)},
    )
    messages = run(station, people(4), delivered=3, sent=1)
    assert messages[number(whose)]["state"] == "sent"
    assert_references_are_the_networks(station, messages)
    assert bool(station.said("part in doubt")) == (seconds > ANSWER_SECONDS)
    assert max(station.network.accepted().values()) == 1


def test_a_long_text_goes_on_once_its_doubt_is_settled(doubtful, number):
    station = doubtful({"do": "answer", "mode": "never", "recipient": number(101), "times": 1})
    messages = run(station, [(number(101), "Free, private help, day or night. " * 12)], delivered=1)
    assert [part["state"] for part in messages[number(101)]["parts"]] == ["delivered"] * 3
    assert set(station.network.accepted().values()) == {1}


def test_on_doubt_resend(doubtful, people, number):
    station = doubtful(
        {"do": "answer", "mode": "never-lost", "recipient": number(101), "times": 1},
        {"do": "answer", "mode": "never-lost", "recipient": number(102)},
        on_doubt="resend",
    )
    station.configure(modems={"answer_seconds": 1}, sending={"on_doubt": "resend"})
    messages = run(station, people(3), delivered=2, in_doubt=1)
    lost = [event["recipient"] for event in station.network.events("lost")]
    assert lost.count(number(101)) == 1
    assert lost.count(number(102)) == 3  # then a person decides all the same
    assert messages[number(102)]["state"] == "in_doubt"
    assert messages[number(102)]["reason"]


@pytest.mark.parametrize("accepted", [True, False], ids=["had-it", "never-had-it"])
def test_a_network_time_out_is_a_doubt(doubtful, people, number, accepted):
    station = doubtful({"do": "refuse", "code": 332, "accepted": accepted, "recipient": number(101)})
    if accepted:
        run(station, people(3), delivered=3)
        assert max(station.network.accepted().values()) == 1
    else:
        messages = run(station, people(3), delivered=2, in_doubt=1)
        assert "CMS 332" in messages[number(101)]["reason"]


def test_the_port_goes_before_the_answer(doubtful, people, number):
    station = doubtful({"do": "answer", "mode": "drop", "seconds": 0.5, "recipient": number(101)})
    messages = run(station, people(4), delivered=4)
    assert_references_are_the_networks(station, messages)
    assert max(station.network.accepted().values()) == 1
