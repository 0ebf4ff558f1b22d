"""What people text back, as an operator finds it in the folder `replies` and on the station's page."""

from __future__ import annotations

import csv
from pathlib import Path

TRIAGE = Path(__file__).resolve().parents[2] / "config" / "triage"


def table(station):
    try:
        with (station.spool / "replies" / "replies.csv").open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
    except FileNotFoundError:
        return []


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
