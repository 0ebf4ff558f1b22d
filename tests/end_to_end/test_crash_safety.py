"""Killed at any instant and started again: nobody is texted twice, nothing is lost, and a doubt is called a doubt."""

from __future__ import annotations

import json
import os
import random
import select
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

# The whole form, some twenty minutes: OUTPOST_KILLS=200 OUTPOST_PEOPLE=500 pytest -k random_instants
KILLS, PEOPLE = int(os.environ.get("OUTPOST_KILLS", "5")), int(os.environ.get("OUTPOST_PEOPLE", "40"))
SEEDS = [int(seed) for seed in os.environ.get("OUTPOST_SEEDS", "1").split(",")]
PATIENCE = 30
MINUTE, MINUTE_LIMIT = 60, 60
TRIED = ("submit", "refuse", "lost")  # what the network has seen of a part
RUNNER = Path(__file__).with_name("kill_at_commit.py")
AT_ONCE = 8  # stations, each of which mostly waits
LONG = "Free, private help, day or night. " * 6  # two parts
ROWS = [("+447700900101", LONG), ("+447700900102", "Support is free.")]
PARTS = {("+447700900101", 1), ("+447700900101", 2), ("+447700900102", 1)}


def whole(station, parts):
    """The recipients all of whose parts the network has."""
    taken = station.network.accepted()
    missing = {recipient for recipient, seq in parts if not taken[recipient, seq]}
    return {recipient for recipient, _ in parts} - missing


def as_the_network_knows(station, parts):
    """Whether what arrived whole is delivered, and all else in doubt: nothing lost, nothing made up."""
    delivered = len(whole(station, parts))
    doubtful = len({recipient for recipient, _ in parts}) - delivered
    expected = {"delivered": delivered, "in_doubt": doubtful}
    return station.counts() == {state: n for state, n in expected.items() if n}


def doubts(station):
    if not station.counts().get("in_doubt"):
        return []
    return json.loads(station.cli("messages", "--json", "--state", "in_doubt").stdout)["messages"]


def assert_taken_once(station, name="list.csv"):
    station.until(lambda: [path.name for path in (station.spool / "accepted").iterdir()] == [name])
    assert list((station.spool / "rejected").iterdir()) == []
    (batch,) = station.status()["batches"]
    station.until(lambda: Counter(row["state"] for row in station.outcomes(batch["name"])) == station.counts())


def run_to_the_kill(station, moment, n):
    """One run with the instrument: the store's functions that committed, up to the kill at the n-th commit."""
    trail = station.folder / "trail"
    station.drop(ROWS)
    station.start(command=(RUNNER, moment, str(n), trail), ready=False)
    station.until(lambda: station.service.poll() is not None or as_the_network_knows(station, PARTS))
    return trail.read_text().splitlines()


def kill_at(station, moment, n):
    """One kill and the restart after it; what is wrong then, None when nothing is."""
    committed = run_to_the_kill(station, moment, n)
    if station.service.poll() is None:
        return None  # this run had fewer commits
    station.start(ready=False)
    try:
        station.until(lambda: as_the_network_knows(station, PARTS))
        assert max(station.network.accepted().values()) == 1
        assert_taken_once(station)
        in_doubt = doubts(station)
        assert all(message["reason"] for message in in_doubt)
        assert len(in_doubt) == ((moment, committed[-1]) == ("after", "submitting"))
    except AssertionError as error:
        return f"killed {moment} commit {n} ({committed[-1]}): {error}"
    return None


@pytest.mark.timeout(300)
def test_killed_at_every_commit(station):
    first = station(name="unharmed", ack_timeout=0.5)
    commits = run_to_the_kill(first, "before", 0)
    assert {"enqueue", "claim", "submitting", "accepted", "save_all"} <= set(commits)

    def case(where):
        moment, n = where
        made = station(name=f"{moment}-{n}", ack_timeout=0.5)
        try:
            return kill_at(made, moment, n)
        finally:
            made.close()

    cases = [(moment, n) for n in range(1, len(commits) + 1) for moment in ("before", "after")]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        wrong = [fault for fault in pool.map(case, cases) if fault]
    assert not wrong, "\n\n".join(wrong)


@pytest.mark.timeout(PATIENCE * KILLS + 600)
@pytest.mark.parametrize("seed", SEEDS)
def test_killed_at_random_instants(station, people, seed):
    """The network's own log is the witness. Answers come late or never, and some texts never arrive."""
    chance = random.Random(seed)
    station = station(modems=2, radio_delay=0.05, report_delay=0.1, ack_timeout=0.5, seed=seed)
    station.configure(modems={"answer_seconds": 3}, throttle={"parts_per_minute": MINUTE_LIMIT})
    rows = [(number, LONG if n % 10 == 0 else text) for n, (number, text) in enumerate(people(PEOPLE))]
    parts = {(number, seq) for number, text in rows for seq in ((1, 2) if text == LONG else (1,))}
    station.network.tell("script", rules=[
        {"do": "answer", "mode": mode, "recipient": number, "seconds": seconds, "times": 1}
        for number, _ in chance.sample(rows, PEOPLE // 10)
        for mode, seconds in [chance.choice([("never-lost", 0), ("never", 0), ("late", 1), ("late", 4)])]
    ])  # fmt: skip
    station.drop(rows)
    for _ in range(KILLS):
        station.network.tell("delays", radio=chance.uniform(0.05, 0.2))
        station.start(ready=False)
        wanted = len(station.network.events(*TRIED)) + chance.randrange(1, max(2, 2 * PEOPLE // KILLS))
        end = time.monotonic() + chance.uniform(PATIENCE / 2, PATIENCE)  # what waits for its minute is not tried
        station.until(
            lambda wanted=wanted, end=end: len(station.network.events(*TRIED)) >= wanted or time.monotonic() > end
        )
        wait_for_end(station.service, chance.uniform(0, 0.2))
        station.kill()
    station.start()
    station.until(lambda: as_the_network_knows(station, parts), seconds=PATIENCE + 2 * MINUTE * PEOPLE / MINUTE_LIMIT)
    assert max(station.network.accepted().values()) == 1
    assert_no_minute_is_too_full(station)
    assert_taken_once(station)
    in_doubt = doubts(station)
    assert all(message["reason"] for message in in_doubt)
    assert len(in_doubt) <= KILLS * 2 + PEOPLE // 10
    assert station.stop() == 0


def assert_no_minute_is_too_full(station):
    """A part counts from the commit of `submitting`, which lies between its prompt and its end."""
    tried = station.network.events(*TRIED)
    for iccid in station.network.sims:
        mine = [event for event in tried if event["iccid"] == iccid]
        for first, last in zip(mine, mine[MINUTE_LIMIT:], strict=False):
            assert last["t"] - first["t_prompt"] >= MINUTE


def wait_for_end(process, seconds):
    """Let a process run on for so long."""
    descriptor = os.pidfd_open(process.pid)
    try:
        select.select([descriptor], [], [], seconds)
    finally:
        os.close(descriptor)


def test_killed_with_a_big_list_in_hand(station):
    station = station()
    station.configure(sending={"approval": "two-person"})
    station.drop([(f"+4474{n:08d}", "Support is free.") for n in range(8000)], "big.csv")
    station.start(ready=False)
    claimed = station.spool / ".claimed"
    station.until(lambda: claimed.is_dir() and any(claimed.glob("*/big.csv")))
    station.kill()
    assert not list((station.spool / "accepted").iterdir())
    station.start(ready=False)
    station.until_counts(held=8000)
    station.until(lambda: any((station.spool / "accepted").iterdir()))
    assert_taken_once(station, "big.csv")
    assert not any(claimed.glob("*/*"))


def test_killed_and_the_log_damaged_in_its_midst(station, people):
    """SQLite drops all that follows the damage: what had been sent looks as if it waited. Nobody is texted twice."""
    station = station(report_delay=0.1)
    station.configure(throttle={"parts_per_hour": 5})
    station.start()
    station.drop(people(8))
    station.until_counts(delivered=5, queued=3)
    station.kill()
    log = station.folder / "state" / "outpost.db-wal"
    octets = bytearray(log.read_bytes())
    octets[len(octets) * 3 // 4] ^= 1
    log.write_bytes(octets)

    station.configure()
    station.start()
    [said] = station.said("the disk has lost the newest entries of the database")
    assert said["in_doubt"] > 3
    assert station.counts()["in_doubt"] == said["in_doubt"]
    assert "entries_lost" in [alarm["kind"] for alarm in station.status()["alarms"]]
    message = doubts(station)[-1]
    assert station.cli("resolve", message["id"], "--resend").returncode == 0
    station.until(lambda: len(station.network.recipients()) == 6)
    station.until(lambda: station.counts()["in_doubt"] == said["in_doubt"] - 1)
    assert station.network.recipients() == [to for to, _ in people(5)] + [message["to"]]
