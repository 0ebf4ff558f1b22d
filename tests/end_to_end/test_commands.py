"""The commands that read: with the service and without it, for people and for programs, with their exit codes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

LIST = Path(__file__).parents[2] / "config" / "examples" / "contacts.csv"


def test_status_and_messages_with_and_without_the_service(station, people, number):
    station = station()
    for command in ("status", "messages"):
        before = station.cli(command)
        assert before.returncode == 1
        assert "the service has not run yet" in before.stderr
    station.network.tell("undelivered", recipient=number(101))
    station.drop(people(3))
    station.start()
    station.until_counts(delivered=2, undelivered=1)
    running = json.loads(station.cli("messages", "--json").stdout)
    assert json.loads(station.cli("status", "--json").stdout)["messages"] == station.status()["messages"]
    told = station.cli("status")
    assert told.returncode == 0
    assert "list" in told.stdout
    assert station.network.sims[0] in told.stdout
    why = {row["to"]: row["reason"] for row in station.outcomes()}
    assert why == {number(100): "", number(101): "not obtainable", number(102): ""}
    ask_without_the_right_to_read_the_database(station)
    examined = json.loads(station.cli("doctor", "--json").stdout)["checks"]
    assert {"configuration", "database", "clock"} <= {check["name"] for check in examined if check["state"] != "bad"}
    assert [check["what"] for check in examined if check["name"] == "SIMs"] == [f"{station.network.sims[0]} is ready"]

    assert station.stop() == 0
    assert json.loads(station.cli("messages", "--json").stdout) == running
    assert json.loads(station.cli("status", "--json").stdout)["messages"] == station.status()["messages"]
    assert number(101) in station.cli("messages", "--state", "undelivered").stdout
    assert number(100) not in station.cli("messages", "--state", "undelivered").stdout
    chosen = json.loads(station.cli("messages", "--json", "--batch", "list", "--state", "delivered").stdout)
    assert len(chosen["messages"]) == 2

    station.start()
    station.kill()
    assert json.loads(station.cli("messages", "--json").stdout) == running


def ask_without_the_right_to_read_the_database(station):
    """Other users get the same documents from the service: here of a state_dir that is closed even to this one."""
    closed = station.folder / "closed"
    closed.mkdir(mode=0)
    config = station.folder / "other-user.toml"
    config.write_text(station.config.read_text().replace('state_dir = "state"', f'state_dir = "{closed}"'))
    without_privilege = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.geteuid() == 0 else []

    def asked(*command):
        line = [*without_privilege, sys.executable, "-m", "daemon.cli", *command, "--config", config]
        return subprocess.run(line, capture_output=True, text=True, timeout=90, check=False)

    for command in (("messages", "--batch", "list"), ("batches",), ("optouts",), ("exclusions",)):
        told = asked(*command, "--json")
        assert told.returncode == 0, told.stderr
        assert told.stdout == station.cli(*command, "--json").stdout
    assert "there is no batch none" in asked("messages", "--batch", "none").stderr
    examined = json.loads(asked("doctor", "--json").stdout)["checks"]
    assert {"access", "SIMs"} <= {check["name"] for check in examined}
    config.write_text(config.read_text().replace("runtime_dir = ", f'runtime_dir = "{station.folder}/none" # '))
    assert asked("status").returncode == 3
    closed.rmdir()


def test_exit_codes(station):
    station = station()
    station.start()
    assert station.cli("messages", "--state", "lost").returncode == 2
    assert station.cli("messages", "--batch", "none").returncode == 1
    assert station.cli("status", "--jsn").returncode == 2
    assert station.cli("no-such-command").returncode == 2
    assert station.cli("check", station.folder / "no-such-file.csv").returncode == 1
    assert station.cli("--help").returncode == 2  # --config belongs behind a command that knows it
    station.config = station.folder / "no-such.toml"
    missing = station.cli("status")
    assert missing.returncode == 2
    assert "no-such.toml" in missing.stderr


def test_check_says_what_would_become_of_a_file_and_changes_nothing(station, people):
    station = station()
    checked = station.cli("check", LIST, "--json")
    assert checked.returncode == 1  # some rows are bad
    document = json.loads(checked.stdout)
    assert document["rows"] == 120
    assert document["good"] + document["rejected"] + document["duplicates"] == 120
    assert document["rejected"]
    assert document["duplicates"] == 1
    assert document["parts"] > document["good"]
    assert all(problem["reason"] and problem["line"] for problem in document["problems"])
    assert not station.spool.exists()
    assert not (station.folder / "state").exists()

    good = station.folder / "good.csv"
    good.write_text("to,text\n+447700900101,Support is free.\n")
    for running in (False, True):
        if running:
            station.start()
        told = station.cli("check", good)
        assert told.returncode == 0
        assert "would be taken" in told.stdout
        assert good.exists()
    assert station.network.recipients() == []


def test_what_acts_needs_the_service(station):
    station = station()
    for command in (("release", "list"), ("pause", "list"), ("sim", "pause", station.network.sims[0])):
        done = station.cli(*command)
        assert done.returncode == 3
        assert "no service answers" in done.stderr


def test_a_batch_is_released_paused_resumed_and_cancelled(station, people):
    station = station(radio_delay=0.3)
    station.configure(sending={"approval": "one-person"})
    station.drop(people(12))
    station.start()
    station.until_counts(held=12)
    assert station.cli("pause", "list").returncode == 1  # it was not released yet
    assert station.cli("release", "list").returncode == 0
    station.until(station.network.recipients)
    assert station.cli("pause", "list").returncode == 0
    station.until(lambda: station.counts().keys() <= {"held", "delivered"})
    assert station.cli("release", "list").returncode == 1
    assert station.cli("resume", "list").returncode == 0
    out = len(station.network.recipients())
    station.until(lambda: len(station.network.recipients()) > out)
    assert station.cli("cancel", "list").returncode == 0
    station.until(lambda: station.counts().keys() == {"cancelled", "delivered"})
    assert station.counts()["delivered"] == len(station.network.recipients()) < 12
    station.until(lambda: {row["state"] for row in station.outcomes()} == {"cancelled", "delivered"})


def test_who_dropped_a_list_may_not_release_it_alone(station, people):
    station = station()
    station.configure(sending={"approval": "two-person"})
    station.drop(people(1))
    station.start()
    station.until_counts(held=1)
    done = station.cli("release", "list")
    assert done.returncode == 1
    assert "somebody else must release it" in done.stderr
    assert station.network.recipients() == []


def test_a_person_resolves_a_doubt_and_lets_a_blocked_sim_go(station, people, number):
    station = station()
    station.network.tell("script", rules=[
        {"do": "refuse", "code": 332, "recipient": number(100), "times": 1},
        {"do": "refuse", "code": 332, "recipient": number(101)},
        {"do": "refuse", "code": 8, "recipient": number(102), "times": 1},
    ])  # fmt: skip
    station.drop(people(4))
    station.start()
    station.until_counts(in_doubt=2, queued=2)
    messages = station.messages()
    assert station.cli("resolve", messages[number(100)]["id"], "--resend").returncode == 0
    assert station.cli("resolve", "--sent").returncode == 2
    told = station.cli("resolve", "--batch", "list", "--sent")
    assert told.stdout == "list: 1 that were in doubt: sent.\n", told.stderr
    assert station.cli("resolve", messages[number(101)]["id"], "--resend").returncode == 1  # it is no longer in doubt
    assert station.cli("sim", "resume", station.network.sims[0]).returncode == 0
    station.until_counts(delivered=3, sent=1)
    assert max(station.network.accepted().values()) == 1
    assert station.cli("sim", "pause", station.network.sims[0]).returncode == 0
    station.until(lambda: station.sim()["state"] == "paused")
