"""A full disk: nothing is claimed or submitted, it is said once, and work goes on by itself when there is room."""

from __future__ import annotations

import errno
import subprocess

import pytest

SIZE = "12m"
WATCHED_SECONDS = 1.0
NOT_SENT = "disk full: nothing is claimed or sent until there is room"
NOT_TAKEN = "no file is taken before there is room; free some space on the disk"


@pytest.fixture
def small_disk(tmp_path):
    """A file system of its own, with little room; skips where it cannot be mounted."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "outpost-test", folder]
    try:
        mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    except OSError as error:
        pytest.skip(f"needs mount: {error}")
    if mounted.returncode:
        pytest.skip(f"needs the right to mount a small file system: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.fixture
def filler(small_disk):
    """Fills the small disk to the last byte, and frees it again."""
    path = small_disk / "filler"

    def fill():
        with path.open("ab", buffering=0) as file:
            for size in (2**16, 2**12, 1):
                try:
                    while True:
                        file.write(bytes(size))
                except OSError as error:
                    assert error.errno == errno.ENOSPC

    fill.free = path.unlink
    return fill


@pytest.fixture
def on_small_disk(station, small_disk):
    made = station(radio_delay=0.1)
    made.spool = small_disk / "spool"
    made.configure(station={"spool_dir": str(small_disk / "spool"), "state_dir": str(small_disk / "state")})
    return made


def test_full_in_the_midst_of_a_run(on_small_disk, filler, people):
    station = on_small_disk
    station.drop(people(12))
    station.start()
    station.until(lambda: len(station.network.recipients()) >= 3)
    station.drop(people(5, start=200), "second.csv")
    filler()
    station.until(lambda: station.said(NOT_SENT) and station.said(NOT_TAKEN))
    out = len(station.network.recipients())
    with pytest.raises(AssertionError):
        station.until(lambda: len(station.network.recipients()) > out, seconds=WATCHED_SECONDS)
    filler.free()
    station.until_counts(delivered=17)
    assert max(station.network.accepted().values()) == 1
    assert len(station.said(NOT_SENT)) == len(station.said(NOT_TAKEN)) == 1
    assert not station.said("line failed; trying again")
    station.until(lambda: len(station.outcomes()) == 12 and len(station.outcomes("second")) == 5)


def test_full_at_the_start(on_small_disk, filler, people):
    station = on_small_disk
    station.drop(people(3))
    station.start()
    station.until_counts(delivered=3)
    station.kill()
    filler()
    station.start(ready=False)
    waiting = "Make room; it tries again"
    station.until(lambda: waiting in station._log_path(2).read_text(), seconds=30)
    station.stop()
    assert station.service.returncode == 0

    station.start(ready=False)
    station.until(lambda: waiting in station._log_path(3).read_text(), seconds=30)
    filler.free()
    station.drop(people(2, start=200), "second.csv")
    station.until_counts(delivered=5)
    assert max(station.network.accepted().values()) == 1
