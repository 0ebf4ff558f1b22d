"""SIMs share messages by the room that each has left; a person is texted from one number, for as long as it exists."""

from __future__ import annotations

import signal


def test_sims_share_by_room_and_a_person_keeps_to_one_sim_until_it_is_retired(station, people):
    station = station(modems=2)
    first, second = station.network.sims
    station.configure(**{f"sims__{first}": {"parts_per_day": 2}, f"sims__{second}": {"parts_per_day": 4}})

    def senders():
        """For each person, the SIMs that texted them, in order."""
        found = {}
        for event in station.network.events("submit"):
            found.setdefault(event["recipient"], []).append(event["iccid"])
        return found

    station.drop(people(6))
    station.start()
    station.until_counts(delivered=6)
    known = {to: sims[0] for to, sims in senders().items()}
    assert sorted(known.values()) == [first] * 2 + [second] * 4

    station.drop(people(6, text="More help is here, {n}."), "again.csv")
    station.until_counts(delivered=6, queued=6)
    assert {sim["reason"] for sim in (station.sim(0), station.sim(1))} == {"parts_per_day"}
    station.configure()
    station.signal(signal.SIGHUP)
    station.until_counts(delivered=12)
    assert senders() == {to: [sim] * 2 for to, sim in known.items()}

    station.network.tell("unplug", modem=0)
    station.until(lambda: station.sim(0).get("state") == "absent")
    station.drop(people(6, text="The last word, {n}."), "third.csv")
    station.until_counts(delivered=16, queued=2)
    [text] = station.until(lambda: [alarm["text"] for alarm in station.status()["alarms"]])
    assert text.startswith("2 messages wait for SIM")
    assert f"outpost sim retire {first} --reason" in text
    assert station.cli("sim", "retire", second, "--reason", "a slip").returncode == 1, "it is in a modem"
    done = station.cli("sim", "retire", first, "--reason", "stolen with its stick")
    assert (done.returncode, "2 messages" in done.stdout) == (0, True), done.stderr
    station.until_counts(delivered=18)
    assert {sims[2] for sims in senders().values()} == {second}
    station.until(lambda: station.status().get("alarms") == [])
