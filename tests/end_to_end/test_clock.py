"""The wall clock is set forward and back in the midst of a run: limits hold, nothing goes while it is behind, and it is
said."""

from __future__ import annotations

from pathlib import Path

RUNNER = Path(__file__).with_name("set_clock.py")
HOUR = 3600


def alarms(station):
    return {alarm["kind"]: alarm["text"] for alarm in station.status().get("alarms", ())}


def test_the_clock_is_put_forward_and_back(station, people, number):
    station = station()
    station.configure(throttle={"parts_per_hour": 3})
    offset = station.folder / "offset"

    def set_clock(seconds):
        (station.folder / ".offset").write_text(str(seconds))
        (station.folder / ".offset").rename(offset)

    def start():
        station.start(command=(RUNNER, offset))

    set_clock(0)
    station.drop(people(6))
    start()
    station.until_counts(delivered=3, queued=3)
    assert alarms(station) == {}

    set_clock(26 * HOUR)  # a day and more: by the wall clock every window is empty
    station.until(lambda: "clock_jumped" in alarms(station))
    assert "1 day" in alarms(station)["clock_jumped"]
    station.kill()
    start()
    station.until(lambda: station.sim().get("reason") == "parts_per_hour")
    assert len(station.network.recipients()) == 3, "the hour has not passed, whatever the wall clock says"

    station.configure(throttle={"parts_per_hour": 4})
    station.kill()
    start()
    station.until_counts(delivered=4, queued=2)
    station.until(lambda: "clock_differs" in alarms(station))
    assert "ahead of the network's" in alarms(station)["clock_differs"]

    set_clock(0)  # right again, and before the newest event
    station.configure()
    station.kill()
    start()
    station.until(lambda: "clock_behind" in alarms(station) and "clock" in station.sim().get("reason", ""))
    assert len(station.network.recipients()) == 4

    set_clock(27 * HOUR)
    station.until_counts(delivered=6)
    station.until(lambda: "clock_behind" not in alarms(station))
    assert set(station.network.accepted().values()) == {1}
