"""A conversation is handed over with the person's consent, sealed; it is taken up, or seen to be late; it is erased."""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import shutil
import sqlite3
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

CONSENT = "agreed to be rung about housing"


@pytest.fixture
def key(tmp_path):
    """A service's key for age: its file, and its public part. Skips where there is no age (apt install age)."""
    if shutil.which("age") is None:
        pytest.skip("no age on this machine: apt install age")
    file = tmp_path / "key"
    done = subprocess.run(["age-keygen", "-o", file], capture_output=True, text=True, check=True)
    return file, done.stderr.split("Public key: ")[1].strip()


@pytest.fixture
def opened(key):
    """A packet as the service reads it."""
    return lambda packet: subprocess.run(
        ["age", "--decrypt", "-i", key[0], packet], capture_output=True, text=True, check=True
    ).stdout


@pytest.fixture
def station(station, people, number, key):
    """A station whose first two people have written; the first has agreed to be rung."""
    station = station(modems=1)
    station.configure(
        services__shelter={"recipient": key[1], "contact": "Duty desk", "answer_within_hours": 0.001},
        services__jo={"answer_within_hours": 24},
    )
    (sim,) = station.network.sims
    station.drop("to,text,ref\n" + "".join(f'{to},"{text}",A-{to[-3:]}\n' for to, text in people(2)), "line-42.csv")
    station.start()
    station.until_counts(delivered=2)
    for n, text in ((100, "help, yes ring me about a room"), (101, "who is this")):
        station.network.tell("inbound", sim=sim, **{"from": number(n)}, text=text)
    station.until(lambda: station.status()["station"]["replies"]["unread"] == 2)
    return station


def disclosures(station):
    with contextlib.closing(sqlite3.connect(station.folder / "state" / "outpost.db")) as database:
        entries = [json.loads(entry) for (entry,) in database.execute("SELECT entry FROM audit ORDER BY seq")]
    return [entry for entry in entries if entry["what"] == "disclosure" and entry["kind"] == "hand-over"]


def packets(station):
    return sorted(path.name for path in (station.spool / "handover").iterdir() if path.is_file())


def late(station):
    return [alarm for alarm in station.status()["alarms"] if alarm["kind"] == "handover_overdue"]


def test_a_conversation_goes_sealed_to_a_service_with_consent_and_is_followed(station, number, opened):
    asked = json.loads(station.cli("replies", number(100), "--json").stdout)
    (reply,) = [turn["id"] for turn in asked["turns"] if not turn["ours"]]
    refuse(station, number)
    name = hand_over(station, number, reply, opened)
    reference = show_that_it_is_late(station, number, name)
    take_up(station, reference, opened)
    station.stop()
    hand_over_in_danger(station, number)
    look_at_the_record(station, reply)
    erase(station, name)


def refuse(station, number):
    refused = station.cli("handover", "assign", number(100), "shelter")
    assert refused.returncode == 1
    assert "without the person's consent" in refused.stderr
    assert station.cli("handover", "assign", number(100), "shelter", "--consent", CONSENT).returncode == 2
    assert (packets(station), disclosures(station)) == ([], [])


def hand_over(station, number, reply, opened):
    done = station.cli("handover", "assign", number(100), "shelter", "--consent", CONSENT, "--reply", reply)
    assert done.returncode == 0, done.stderr
    (name,) = packets(station)
    packet = station.spool / "handover" / name
    assert b"room" not in packet.read_bytes()
    text = opened(packet)
    for words in (
        "Hand-over", "from Test", "shelter, Duty desk", number(100), CONSENT, f"by reply {reply}", "line-42", "A-100",
        "Support is free, 0.", "ring me about a room",
    ):  # fmt: skip
        assert words in text
    assert number(101) not in text
    assert "who is this" not in text
    return name


def show_that_it_is_late(station, number, name):
    (shown,) = station.until(lambda: station.status()["station"]["handovers"])
    due = datetime.fromisoformat(shown["due_at"])
    station.until(lambda: datetime.now(UTC) > due + timedelta(seconds=1))
    assert station.cli("replies", number(101)).returncode == 0  # the pages are written for it, not only by the clock
    station.until(lambda: station.status()["station"]["handovers"][0]["overdue"])
    assert late(station)
    assert shown["reference"] in name
    page = (station.spool / "station.html").read_text()
    assert shown["reference"] in page
    assert number(100) not in page
    station.until(lambda: "assigned, overdue" in (station.spool / "replies" / "replies.csv").read_text())
    conversation = station.spool / "replies" / f"{number(100)}.txt"
    assert f"handed over to shelter ({shown['reference']}): assigned, overdue" in conversation.read_text()
    waiting = json.loads(station.cli("replies", "--json").stdout)["replies"]
    assert [one["number"] for one in waiting] == [number(101)], "the other waits for the service"
    return shown["reference"]


def take_up(station, reference, opened):
    notes = station.spool / "handover" / "outgoing"
    (notes / f"{reference}.txt").write_text("taken: Sam\n")
    (notes / "+447700900555.txt").write_text("service: shelter\nconsent: yes\nphone: now\n")
    (problem,) = station.until(lambda: station.problems("handover-of-555.txt"))
    assert "[number] has not texted this station" in problem["reason"]
    station.until(lambda: not late(station))
    assert packets(station) == [], "they have it"
    again = station.cli("handover", "packet", reference)
    assert again.returncode == 0, again.stderr
    assert "ring me" in opened(station.spool / "handover" / packets(station)[0])


def hand_over_in_danger(station, number):
    """Also while no service runs."""
    why = f"a child is in danger, says {number(101)}"
    plain = station.cli("handover", "assign", number(100), "jo", "--without-consent", why, "--plain")
    assert plain.returncode == 0, plain.stderr
    assert "No consent:   a child is in danger" in Path(plain.stdout.split(": ")[1].strip()).read_text()
    (open_one, newest) = json.loads(station.cli("handover", "--json").stdout)["handovers"]
    assert (open_one["state"], open_one["taken_by"], open_one["consent"]["words"]) == ("taken", "Sam", CONSENT)
    assert station.cli("handover", "closed", newest["reference"], "--outcome", "met on Monday").returncode == 0
    assert len(json.loads(station.cli("handover", "--all", "--json").stdout)["handovers"]) == 2


def look_at_the_record(station, reply):
    entries = disclosures(station)
    by = f"reply {reply}"
    assert [(entry["service"], entry["state"], entry["consent"]) for entry in entries] == [
        ("shelter", "assigned", by), ("shelter", "taken", by), ("shelter", "taken", by), ("jo", "assigned", "none"),
        ("jo", "closed", "none"),
    ]  # fmt: skip
    assert {entry["who"] for entry in entries} == {pwd.getpwuid(os.getuid()).pw_name}
    assert entries[3]["why"] == "a child is in danger, says [number]"
    assert {entry["batch"] for entry in entries} == {"line-42"}


def erase(station, name):
    assert packets(station) == [name]
    assert station.cli("erase", "line-42", "--yes").returncode == 0
    assert packets(station) == [], "a sealed packet goes too"
    assert json.loads(station.cli("handover", "--all", "--json").stdout) == {"handovers": []}
    assert station.cli("audit", "verify").returncode == 0
