"""Release by folder and by command: nobody lets go what they dropped, and a release holds for what was read."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

ANNA, BEN = 45_001, 45_002  # users that the machine need not know


@pytest.fixture
def shared():
    """A folder that other users may enter."""
    folder = Path(tempfile.mkdtemp(prefix="outpost-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)  # the service may still be writing in it


def as_user(uid, *command):
    done = subprocess.run([*map(str, command)], user=uid, group=uid, extra_groups=[], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr


def request(station, name="list"):
    """The request for a batch, as it lies in awaiting/; empty while there is none."""
    path = station.spool / "awaiting" / f"{name}.txt"
    return path.read_text() if path.exists() else ""


@pytest.mark.skipif(os.geteuid() != 0, reason="takes root, to act as two other users")
def test_the_owner_of_a_folder_releases_by_moving_the_request_and_never_their_own_list(station, people, shared):
    station = station()
    station.spool = shared / "spool"
    station.configure(station={"spool_dir": str(station.spool)}, sending={"approval": "two-person"})
    station.start()
    for name in ("incoming", "awaiting"):
        (station.spool / name).chmod(0o777)  # as a group does for its members
    for path in (station.spool, station.spool / "released"):
        path.chmod(0o755)
    folders = {uid: station.spool / "released" / str(uid) for uid in (ANNA, BEN)}
    for uid, folder in folders.items():
        folder.mkdir(mode=0o755)
        os.chown(folder, uid, uid)
    waiting = station.spool / "awaiting" / "list.txt"

    rows = people(2, "Support is free {n}.")
    (shared / "list.csv").write_text("to,text\n" + "".join(f"{to},{text}\n" for to, text in rows))
    as_user(ANNA, "cp", shared / "list.csv", station.spool / "incoming" / "list.csv")
    station.until(lambda: "people who would be texted  2" in request(station))
    as_user(ANNA, "mv", waiting, folders[ANNA] / "ben.txt")
    station.until(lambda: f"NOT RELEASED. uid {ANNA} tried" in request(station))

    folders[BEN].chmod(0o777)
    as_user(ANNA, "mv", waiting, folders[BEN] / "list.txt")
    station.until(lambda: "others than its owner may write" in request(station))
    folders[BEN].chmod(0o755)
    assert station.counts() == {"held": 2}
    assert station.network.recipients() == []

    as_user(BEN, "mv", waiting, folders[BEN] / "anything.txt")
    station.until_counts(delivered=2)
    (batch,) = station.status()["batches"]
    assert (batch["owner"], batch["released_by"]) == (f"uid {ANNA}", f"uid {BEN}")
    assert not waiting.exists()


def test_a_release_is_void_when_the_exclusions_change(station, people, number):
    station = station(radio_delay=0.2)
    station.configure(sending={"approval": "one-person"})
    station.drop(people(20))
    station.start()
    station.until(lambda: "people who would be texted  20" in request(station))
    old = request(station)
    assert station.cli("exclusions", "add", number(119), "--category", "witness").returncode == 0
    station.until(lambda: "people who would be texted  19" in request(station))
    (stale,) = re.findall(r"^request +(\w+)", old, re.MULTILINE)
    refused = station.cli("release", "list", "--request", stale[:16])
    assert refused.returncode == 1
    assert "has changed since" in refused.stderr

    (station.spool / "awaiting" / "list.txt").rename(station.spool / "released" / "list.txt")
    station.until(station.network.recipients)
    assert station.cli("exclusions", "remove", number(119)).returncode == 0
    station.until(lambda: "that release is void" in request(station))
    station.until(lambda: station.counts().keys() == {"held", "delivered", "suppressed"})
    assert "other rows: 1, excluded" in request(station)
    left = 19 - len(station.network.recipients())
    done = station.cli("release", "list", "--json")
    assert json.loads(done.stdout)["people"] == left
    station.until_counts(delivered=19, suppressed=1)
    assert max(station.network.accepted().values()) == 1
