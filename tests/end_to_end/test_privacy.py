"""No line of the log, at any level, carries a whole number or any text of a message, whatever the day brings."""

from __future__ import annotations

import re

TEXTS = ("Foxglove is free.", "Larkspur talks.", "Marigold listens. " * 12, "Hyacinth \N{WAVING HAND SIGN} waits.")
REPLIES = ("Columbine please call me", "STOP", "Snowdrop and yet more " * 12)
WORDS = ("Foxglove", "Larkspur", "Marigold", "Hyacinth", "Columbine", "Snowdrop", "Bluebell", "Primrose")
LETTERS = "0770O 90O 1O5"


def forms(number):
    """The ways in which one number may be written: international, national, and as the half-octets of a PDU."""
    digits = number.lstrip("+")
    national = digits.removeprefix("44")
    padded = digits + "F" * (len(digits) % 2)
    swapped = "".join(padded[n + 1] + padded[n] for n in range(0, len(padded), 2))
    return {number, digits, f"0{national}", national, swapped, swapped.lower()}


def test_a_whole_day_at_debug(station, people, number):
    station = station(modems=2, ack_timeout=0.5)
    sim = station.network.sims[0]
    station.configure(modems={"answer_seconds": 2})
    station.network.tell("script", rules=[
        {"do": "refuse", "code": 1, "recipient": number(101)},
        {"do": "refuse", "code": 41, "recipient": number(102), "times": 1},
        {"do": "answer", "mode": "never-lost", "recipient": number(103), "times": 1},
        {"do": "answer", "mode": "late", "seconds": 3, "recipient": number(104)},
        {"do": "undelivered", "recipient": number(105)},
    ])  # fmt: skip
    rows = [(who, TEXTS[n % len(TEXTS)]) for n, (who, _) in enumerate(people(12))]
    bad = [(LETTERS, "Bluebell"), ("0115 496 0123", "Bluebell"), (number(100), "Primrose"), (number(150), "")]
    station.drop([*rows, *bad], f"{number(140)} and 07700900141.csv")
    station.drop(f'to,text\n"{number(142)},Bluebell', "broken.csv")
    station.start(level="DEBUG")
    for text in REPLIES:
        for sender in (number(100), "07700900160", "Marigold"):
            station.network.tell("inbound", sim=sim, **{"from": sender}, text=text)
    station.network.tell("inbound_pdu", sim=sim, pdu="07911326040000F0040B911346610089F60000208062917314080CC8F71D1496")
    station.until(lambda: station.said("part in doubt") and station.said("late answer ends a doubt"))
    station.until(lambda: not {"queued", "sending"} & station.counts().keys() and "delivered" in station.counts())
    station.until(lambda: len(station.said("text received")) >= 9)
    station.network.tell("unplug", modem=1)
    station.until(lambda: station.said("port unusable"))
    station.kill()
    station.start(level="DEBUG", ready=False)
    station.until(lambda: station.said("modem ready") and station.said("port unusable"))
    station.stop()

    log = station.logs()
    numbers = [*map(number, (*range(100, 112), 140, 141, 142, 150, 160)), "+441154960123"]
    found = {form for one in numbers for form in forms(one) if form in log}
    assert not found
    assert not [word for word in (*WORDS, LETTERS, "0115 496") if word.casefold() in log.casefold()]
    pdus = [event["pdu"] for event in station.network.events("submit", "refuse", "lost", "deliver", "report")]
    assert len(pdus) > 20
    assert not [pdu for pdu in pdus if pdu[-20:].casefold() in log.casefold()]
    assert re.search(r"…101#[0-9a-f]{6}", log)  # and yet a person can be followed through the day
    assert station.folder.joinpath("state", "outpost.db").stat().st_mode & 0o007 == 0
    for folder in ("accepted", "rejected", "outcomes", "replies"):
        assert (station.spool / folder).stat().st_mode & 0o007 == 0
