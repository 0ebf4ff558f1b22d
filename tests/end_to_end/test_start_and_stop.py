"""Signals end the service in order, and what it cannot start with it says, with the exit codes that scripts rely on."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys

import pytest

LONG = "Free, private help, day or night. " * 12  # three parts


def refused(station):
    """A start that must not succeed: its exit code, and what it says."""
    command = [sys.executable, "-m", "daemon.cli", "run", "--config", station.config]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    return done.returncode, done.stderr


def test_the_part_in_flight_ends_and_is_recorded(station, people):
    station = station(radio_delay=1, report_delay=0.5, ack_timeout=0.5)
    station.drop(people(3))
    station.start()
    station.until(lambda: len(station.network.recipients()) == 1)
    assert station.stop() == 0
    assert len(station.network.recipients()) == 1
    messages = station.messages()
    assert sorted(message["state"] for message in messages.values()) == ["queued", "queued", "sent"]
    assert messages[station.network.recipients()[0]]["parts"][0]["mr"] == 0
    assert station.counts() == {"queued": 2, "sent": 1}  # the files for people were written once more
    station.network.tell("delays", radio=0)
    station.start()
    station.until_counts(delivered=3)
    assert max(station.network.accepted().values()) == 1


def test_a_long_text_that_a_stop_cut_short_goes_on(station, number):
    station = station(radio_delay=1, ack_timeout=0.5)
    station.drop([(number(101), LONG)])
    station.start()
    station.until(lambda: len(station.network.recipients()) == 1)
    assert station.stop() == 0
    assert station.network.accepted() == {(number(101), 1): 1}
    assert [part["state"] for part in station.messages()[number(101)]["parts"]] == ["sent", "pending", "pending"]
    station.network.tell("delays", radio=0)
    station.start()
    station.until_counts(delivered=1)
    assert set(station.network.accepted().values()) == {1}


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_an_idle_service(station, number):
    station = station()
    station.start()
    station.signal(number)
    assert station.ended() == 0
    assert [line["event"] for line in station.said("stopping") + station.said("stopped")] == ["stopping", "stopped"]
    assert "Traceback" not in station.log()


def test_a_stop_while_no_port_can_be_opened(station):
    station = station()
    station.network.tell("unplug", modem=0)
    station.start(ready=False)
    station.until(lambda: station.said("ready") and station.said("port unusable"))
    assert station.stop() == 0


def test_a_second_service_is_refused(station, people):
    station = station()
    station.start()
    code, told = refused(station)
    assert code == 1
    assert "another outpost runs with this state_dir" in told
    station.drop(people(1))
    station.until_counts(delivered=1)


def test_every_fault_of_a_configuration_is_told_at_once_and_nothing_is_made(station):
    station = station()
    station.configure(station={"country": "UK"}, throttle={"parts_per_minuet": 4}, sending={"max_parts": "three"})
    code, told = refused(station)
    assert code == 2
    lines = station.config.read_text().splitlines()
    for key in ("country", "parts_per_minuet", "max_parts"):
        (line,) = (n for n, text in enumerate(lines, 1) if text.startswith(f"{key} = "))
        assert key in told
        assert str(line) in told
    assert not station.spool.exists()
    assert not (station.folder / "state").exists()


def test_a_database_of_a_newer_outpost_is_left_alone(station):
    station = station()
    station.start()
    station.stop()
    path = station.folder / "state" / "outpost.db"
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA user_version = 999")
    database.close()
    before = path.read_bytes()
    code, told = refused(station)
    assert code == 1
    assert "999" in told
    assert "newer" in told
    assert path.read_bytes() == before


def test_a_damaged_database_is_not_written_over(station):
    station = station()
    path = station.folder / "state" / "outpost.db"
    path.parent.mkdir()
    path.write_bytes(b"this is no database" * 1000)
    code, told = refused(station)
    assert code == 1
    assert str(path) in told
    assert "Traceback" not in told
    assert path.read_bytes().startswith(b"this is no database")


def test_folders_that_cannot_be_made(station):
    station = station()
    station.spool.write_text("a file lies where the folder should be")
    code, told = refused(station)
    assert code == 1
    assert str(station.spool) in told
    assert "Traceback" not in told
