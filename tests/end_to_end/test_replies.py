"""What people text back, as an operator finds it in the folder `replies` and on the station's page."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import pwd
import sqlite3
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

TRIAGE = Path(__file__).resolve().parents[2] / "config" / "triage"


def table(station):
    try:
        with (station.spool / "replies" / "replies.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    except FileNotFoundError:
        return []


def record(station):
    """What is on record, oldest entry first."""
    with contextlib.closing(sqlite3.connect(station.folder / "state" / "outpost.db")) as database:
        return [json.loads(entry) for (entry,) in database.execute("SELECT entry FROM audit ORDER BY seq")]


def test_replies_are_shown_in_their_conversations_the_most_pressing_first(station, people, number):
    station = station(modems=1)
    station.configure(replies={"triage_dir": str(TRIAGE)})
    (sim,) = station.network.sims
    station.drop(people(3), "line-42.csv")
    station.start()
    station.until_counts(delivered=3)
    for n, text in ((100, "=who is this?"), (101, "help me get clean"), (102, "im 13, he has a knife")):
        station.network.tell("inbound", sim=sim, **{"from": number(n)}, text=text)
    station.until(lambda: len(table(station)) == 3)
    found = table(station)
    assert [row["about"] for row in found] == ["danger", "help", "wrong_number"]
    assert [row["number"] for row in found] == [number(102), number(101), number(100)]
    assert {(row["state"], row["batch"], row["sim"]) for row in found} == {("unread", "line-42", sim)}
    assert found[2]["text"] == "'=who is this?"
    conversation = (station.spool / "replies" / f"{number(102)}.txt").read_text("utf-8")
    assert conversation.index("Support is free, 2.") < conversation.index("im 13, he has a knife")
    assert "1 waiting for an answer; about: danger" in conversation
    page = station.until(
        lambda: (text := (station.spool / "station.html").read_text("utf-8")).count(">danger<") and text
    )
    assert "knife" not in page
    assert number(102) not in page


def test_a_word_list_that_cannot_be_used_is_named(station, tmp_path):
    folder = tmp_path / "triage"
    folder.mkdir()
    (folder / "en.toml").write_text('danger = ["knife"]\nscary = ["boo"]\n')
    station = station(modems=1)
    station.configure(replies={"triage_dir": str(folder)})
    station.start(ready=False)
    assert station.ended() == 1
    assert "en.toml" in station.log()
    assert "scary: is no kind of reply" in station.log()


def test_an_answer_goes_to_who_wrote_through_the_sim_they_wrote_to(station, people, number):
    station = station(modems=2)
    station.configure(replies={"triage_dir": str(TRIAGE)}, sending={"approval": "none"})
    station.drop(people(2), "line-42.csv")
    station.start()
    station.until_counts(delivered=2)
    by = {event["recipient"]: event["iccid"] for event in station.network.events("submit")}
    asked, other = by[number(100)], number(101)
    for n, text in ((100, "can you call me"), (101, "STOP")):
        station.network.tell("inbound", sim=asked, **{"from": number(n)}, text=text)
    station.until(lambda: len(table(station)) == 2)
    listed = json.loads(station.cli("replies", "--json").stdout)["replies"]
    assert (listed[0]["number"], listed[0]["about"], listed[0]["state"]) == (number(100), "help", "unread")

    read = station.cli("replies", number(100))
    assert "can you call me" in read.stdout
    assert "Support is free, 0." in read.stdout
    again = json.loads(station.cli("replies", "07700 900100", "--json").stdout)
    assert [turn["text"] for turn in again["turns"]] == ["Support is free, 0.", "can you call me"]
    assert again["number"] == again["replies"][0]["number"] == number(100)
    station.until(lambda: {row["state"] for row in table(station) if row["number"] == number(100)} == {"waiting"})

    done = station.cli("reply", number(100), "Yes. We ring you at ten.")
    assert done.returncode == 0, done.stderr
    station.until_counts(delivered=3)
    sent = [event for event in station.network.events("submit") if event["recipient"] == number(100)][-1]
    assert (sent["iccid"], sent["text"]) == (asked, "Yes. We ring you at ten.")
    station.until(lambda: {row["state"] for row in table(station) if row["number"] == number(100)} == {"answered"})
    conversation = (station.spool / "replies" / f"{number(100)}.txt").read_text("utf-8")
    assert "Yes. We ring you at ten." in conversation

    for whom, text, why in (
        (other, "but wait", "has opted out"), (number(777), "hello", "has not texted this station"),
        (number(100), "long " * 200, "max_parts is 3"),
    ):  # fmt: skip
        refused = station.cli("reply", whom, text)
        assert refused.returncode == 1
        assert why in refused.stderr
    assert len(station.network.recipients()) == 3

    me = pwd.getpwuid(os.getuid()).pw_name
    consulted = [entry for entry in record(station) if entry["what"] == "consultation"]
    assert {entry["who"] for entry in consulted} == {me}
    assert [entry.get("replies") for entry in consulted] == [2, None, None]
    station.stop()
    assert station.cli("replies", "--done", other).returncode == 0
    assert station.cli("replies", other).stdout.count("STOP") == 1
    assert json.loads(station.cli("replies", "--json").stdout) == {"replies": []}
    last, before = record(station)[:-3:-1]
    assert (last["what"], last["who"], before["why"]) == ("consultation", me, "no answer is due")
    assert station.cli("audit", "verify").returncode == 0


def test_the_first_text_of_a_conversation_is_acknowledged_once(station, people, number):
    station = station(modems=1)
    station.configure(
        replies={"triage_dir": str(TRIAGE), "acknowledgement": "Not watched. In danger call 999."},
        sending={"approval": "none"},
    )
    (sim,) = station.network.sims
    station.drop(people(1), "line-42.csv")
    station.start()
    station.until_counts(delivered=1)
    for text in ("hello", "is anybody there", "please"):
        station.network.tell("inbound", sim=sim, **{"from": number(100)}, text=text)
    station.network.tell("inbound", sim=sim, **{"from": "Vodafone"}, text="You have won")
    station.until(lambda: len(table(station)) == 4)
    station.until_counts(delivered=2)
    station.restart()
    station.network.tell("inbound", sim=sim, **{"from": number(100)}, text="hello again")
    station.until(lambda: len(table(station)) == 5)
    station.until_counts(delivered=2)
    assert station.network.recipients().count(number(100)) == 2


def test_an_answer_by_folder_is_sent_once_and_a_bad_one_says_why(station, people, number):
    station = station(modems=1)
    station.configure(replies={"triage_dir": str(TRIAGE)}, sending={"approval": "none"})
    (sim,) = station.network.sims
    station.drop(people(1), "line-42.csv")
    station.start()
    station.until_counts(delivered=1)
    station.network.tell("inbound", sim=sim, **{"from": number(100)}, text="yes please")
    station.until(lambda: len(table(station)) == 1)
    texts, outgoing = station.spool / "texts", station.spool / "replies" / "outgoing"
    texts.mkdir(exist_ok=True)
    (texts / "call.txt").write_text("---\nowner: Ann\nverified: 2999-01-01\n---\nWe call you at ten.\n")
    (outgoing / f"{number(100)}.txt").write_text("text: call")
    (outgoing / f"{number(555)}.txt").write_text("hello")
    (outgoing / ".half").write_text("no")
    station.until_counts(delivered=2)
    assert station.network.events("submit")[-1]["text"] == "We call you at ten."
    (problem,) = station.until(lambda: station.problems("answer-to-555.txt"))
    assert "has not texted this station" in problem["reason"]
    assert not any(number(555)[-9:] in f"{path}{path.read_text()}" for path in (station.spool / "rejected").iterdir())
    station.until(lambda: {path.name for path in outgoing.iterdir()} == {".half", ".taken"})
    station.restart()
    station.until(lambda: station.sim().get("state") == "ready")
    assert station.network.recipients().count(number(100)) == 2


@pytest.mark.parametrize("grace", [1, 0])
def test_an_answer_goes_in_quiet_hours_when_the_person_wrote_lately(station, people, number, grace):
    now = datetime.now(ZoneInfo("Europe/London"))
    quiet = {"start": f"{now - timedelta(hours=1):%H:%M}", "end": f"{now + timedelta(hours=2):%H:%M}"}
    station = station(modems=1)
    station.configure(
        replies={"triage_dir": str(TRIAGE), "reply_grace": grace}, quiet_hours=quiet, sending={"approval": "none"}
    )
    (sim,) = station.network.sims
    station.drop(people(1), "line-42.csv")
    station.start()
    station.until_counts(queued=1)
    station.network.tell("inbound", sim=sim, **{"from": number(500)}, text="hello?")
    station.until(lambda: len(table(station)) == 1)
    assert station.cli("reply", number(500), "We are here.").returncode == 0
    station.until_counts(**({"queued": 1, "delivered": 1} if grace else {"queued": 2}))
    assert station.sim()["reason"] == "quiet hours"
    assert station.network.recipients() == [number(500)] * grace
