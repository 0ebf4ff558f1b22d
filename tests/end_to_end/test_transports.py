"""The same work over every kind of bad line: each text goes out once, answers are understood, replies come in."""

from __future__ import annotations

import pytest

LONG = "Free, private help, day or night. " * 6
REPLY = "Thank you, please call me \N{WAVING HAND SIGN} [today] {or} tomorrow."
LINES = {
    "ideal": {},
    "one byte at a time": {"one_byte": True},
    "echo": {"forced_echo": True},
    "noise between lines": {"noise": "lines"},
    "noise at the prompt": {"noise": "prompt"},
    "CR LF split": {"split_crlf": True},
    "late": {"late": 0.05},
    "everything at once": {"noise": "lines", "split_crlf": True, "forced_echo": True, "late": 0.02},
}


@pytest.mark.parametrize("faults", LINES.values(), ids=LINES)
def test_the_whole_work(station, people, number, faults):
    station = station()
    station.network.tell("transport", **faults)
    station.network.tell("undelivered", recipient=number(102))
    station.drop([*people(4), (number(110), LONG), (number(111), "Cymorth \N{LATIN SMALL LETTER W WITH CIRCUMFLEX}")])
    station.start()
    station.network.tell("inbound", sim=station.network.sims[0], **{"from": number(103)}, text=REPLY)
    station.until_counts(delivered=5, undelivered=1)
    station.until(lambda: station.said("text received"))

    messages = station.messages()
    assert messages[number(102)]["state"] == "undelivered"
    assert set(station.network.accepted().values()) == {1}
    given = {
        (event["recipient"], (event["concat"] or {"seq": 1})["seq"]): event["mr"]
        for event in station.network.events("submit")
    }
    known = {(to, part["seq"]): part["mr"] for to, message in messages.items() for part in message["parts"]}
    assert known == given
    texts = {event["recipient"]: event["text"] for event in station.network.events("submit") if not event["concat"]}
    assert texts[number(111)].endswith("ŵ")
    assert len(station.said("text received")) == 1
    assert station.network.tell("stats")["waiting"] == {station.network.sims[0]: 0}
    assert station.stop() == 0
    assert not station.said("part in doubt")
