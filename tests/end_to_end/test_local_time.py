"""Quiet hours are those of the people who are texted, wherever they live."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

RUNNER = Path(__file__).with_name("set_clock.py")
HERE, AMERICA, AUSTRALIA = "+447700900101", "+14155550123", "+61491570156"


def test_nobody_is_texted_in_the_night_of_their_own_country(station):
    station = station()
    station.configure(
        station={"timezone": "UTC"}, sending={"international": True}, quiet_hours={"start": "20:00", "end": "09:00"}
    )
    offset = station.folder / "offset"
    now = datetime.now(UTC)
    tomorrow = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)

    def set_clock(hour):
        """So many hours after the coming midnight, UTC."""
        (station.folder / ".offset").write_text(str((tomorrow + timedelta(hours=hour) - now).total_seconds()))
        (station.folder / ".offset").rename(offset)

    def texted():
        return station.network.recipients()

    def all_wait():
        return station.sim().get("reason") == "quiet hours"

    set_clock(11)  # 3 or 4 in California, 21 or 22 in Sydney
    station.drop([(AUSTRALIA, "Support is free."), (AMERICA, "Support is free."), (HERE, "Support is free.")])
    station.start(command=(RUNNER, offset))
    station.until_counts(delivered=1, queued=2)
    station.until(all_wait)
    assert texted() == [HERE]
    opens = datetime.fromisoformat(station.sim()["next_allowed_at"]) - tomorrow
    assert opens in (timedelta(hours=16), timedelta(hours=17)), "9 in California"

    set_clock(18)  # 10 or 11 in California, 5 in the morning in Sydney
    station.until_counts(delivered=2, queued=1)
    assert texted() == [HERE, AMERICA]
    set_clock(28)  # 4 in the night here, 20 or 21 in California, 12 in Perth and later in Sydney
    station.drop([(HERE, "Help is free."), (AMERICA, "Help is free.")], "again.csv")
    station.until_counts(delivered=3, queued=2)
    station.until(all_wait)
    assert texted() == [HERE, AMERICA, AUSTRALIA]
