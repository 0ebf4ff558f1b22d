"""Whom the station does not text, whoever asked for it and however: by reply, by command, by file; and for how long."""

from __future__ import annotations

import json


def reply(station, sender, text):
    station.network.tell("inbound", sim=station.network.sims[0], **{"from": sender}, text=text)


def asked(station, *command):
    done = station.cli(*command, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_opt_outs_exclusions_and_unread_replies_hold_on_every_path(station, people, number):
    station = station()
    station.configure(sending={"optout_confirmation": "You will get no more texts from us."})
    station.start()
    hashed = station.cli("exclusions", "hash", number(101)).stdout.strip()
    wishes, witnesses = station.folder / "wishes.csv", station.folder / "witnesses.txt"
    wishes.write_text("name,number\nA,07700 900100\nB,not known\n")
    witnesses.write_text(f"{hashed}\n{number(109)}\n")
    done = station.cli("optouts", "add", wishes, number(108))
    assert done.returncode == 1
    assert "wishes.csv, line 3" in done.stderr
    assert "2 opted out" in done.stdout
    assert station.cli("exclusions", "add", witnesses, "--category", "witness").returncode == 0

    station.drop(people(4))
    station.until_counts(suppressed=2, delivered=2)
    assert station.network.recipients() == [number(102), number(103)]
    assert [row["reason"] for row in station.outcomes()[:2]] == ["opted out", "excluded"]

    reply(station, number(102), "Stop. Thank you")
    station.until_counts(suppressed=2, delivered=3)
    assert station.network.recipients()[2:] == [number(102)]
    reply(station, number(103), "I want to quit")
    station.until(lambda: station.said("a person must read this reply: nothing more goes to that number"))
    station.drop(people(2, "Again, {n}.", start=102), "again.csv")
    station.until_counts(suppressed=3, delivered=3, held=1)

    station.restart()
    station.until_counts(suppressed=3, delivered=3, held=1)
    assert station.cli("replies", "--seen", number(103)).returncode == 0
    station.until_counts(suppressed=3, delivered=4)
    assert station.cli("replies", "--seen", number(103)).returncode == 1
    reply(station, number(102), "START")
    station.until(lambda: station.said("opt-out taken back by reply"))
    station.drop(people(1, "Once more, {n}.", start=102), "more.csv")
    station.until_counts(suppressed=3, delivered=5)

    assert [one["source"][:5] for one in asked(station, "optouts")["optouts"]] == ["noted"] * 2
    assert len(asked(station, "optouts", "list", "07700900100")["optouts"]) == 1
    exclusions = asked(station, "exclusions")["exclusions"]
    assert exclusions["people"] == 2
    assert [(one["category"], one["people"]) for one in exclusions["categories"]] == [("witness", 2)]
    assert station.cli("optouts", "remove", number(100)).returncode == 0
    assert station.cli("exclusions", "remove", hashed).returncode == 0
    station.drop(people(2, "At last, {n}."), "last.csv")
    station.until_counts(suppressed=3, delivered=7)
    assert "witness" not in "".join(path.read_text() for path in station.spool.rglob("*") if path.is_file())
    assert "7700900" not in station.logs()
