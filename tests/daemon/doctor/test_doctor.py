"""What a doctor sees of a station that is built for it, with the machine's /sys, /proc and /run of our own making."""

from __future__ import annotations

import contextlib
import json
import os
from datetime import UTC, datetime

import pytest

from daemon.access import ADMINS, OPERATORS
from daemon.core.message import SimState
from daemon.doctor import database, disks, folders, machine, modems
from daemon.doctor.examination import examine
from daemon.doctor.finding import Finding, State, bad, document, is_bad, lines, ok, warn
from daemon.settings import Approval, Modems, parse
from daemon.store import Store
from daemon.store.backup import back_up
from drivers.usb_ids import NO_MODEM_YET

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC).timestamp()
HOUR = 3600.0
CONFIG = '[station]\nstate_dir = "state"\nspool_dir = "spool"\nruntime_dir = "runtime"\n'
E3372 = ("12d1:1506", "HUAWEI_MOBILE HUAWEI_MOBILE", [(0, "ff/02/01", "ttyUSB0"), (2, "ff/02/02", "ttyUSB1")])


@pytest.fixture
def tree(usb_tree, tmp_path):
    return usb_tree(tmp_path / "machine")


@pytest.fixture
def settings(tmp_path):
    """A station whose folders are as they should be."""
    made = parse(CONFIG, tmp_path / "outpost.toml")
    made.station.state_dir.mkdir(mode=0o700)
    for name in folders.NEEDS:
        (made.station.spool_dir / name).mkdir(mode=0o770, parents=True)
        (made.station.spool_dir / name).chmod(0o770)
    made.station.spool_dir.chmod(0o750)
    return made


def only(findings) -> Finding:
    (finding,) = findings
    assert bool(finding.cure) is (finding.state is not State.OK), finding
    return finding


def states(findings) -> list[str]:
    return [finding.state.value for finding in findings]


def test_people_are_in_the_two_groups_or_nobody_can_release():
    full = {OPERATORS: frozenset({"alice", "outpost"}), ADMINS: frozenset({"carol"})}
    assert only(folders.check_groups(full, Approval.TWO_PERSON)).state is State.OK
    alone = {**full, ADMINS: frozenset()}
    assert "second person" in only(folders.check_groups(alone, Approval.TWO_PERSON)).what
    assert only(folders.check_groups(alone, Approval.NONE)).state is State.OK
    assert ADMINS in only(folders.check_groups({OPERATORS: frozenset()}, Approval.NONE)).what


def test_folders_are_there_are_the_service_s_and_closed_to_strangers(settings):
    station = settings.station
    assert only(folders.check_folders(settings, None)).state is State.OK
    (station.spool_dir / "incoming").chmod(0o777)
    (station.spool_dir / "replies").rmdir()
    station.state_dir.chmod(0o755)
    told = {finding.what: finding.cure for finding in folders.check_folders(settings, None)}
    assert any("chmod 700" in cure for cure in told.values())
    assert any("incoming is open to everybody" in what for what in told)
    assert any("replies does not exist" in what for what in told)
    station.state_dir.rmdir()
    assert "does not exist" in only(folders.check_folders(settings, None)).what


def test_folders_are_open_to_those_who_work_with_them(settings):
    incoming, mine = settings.station.spool_dir / "incoming", os.getegid()
    assert only(folders.check_folders(settings, mine)).state is State.OK
    incoming.chmod(0o700)
    assert f"chmod g+wx {incoming}" in only(folders.check_folders(settings, mine)).cure
    incoming.chmod(0o730)
    assert only(folders.check_folders(settings, mine)).state is State.OK
    assert all(f"chgrp {OPERATORS}" in finding.cure for finding in folders.check_folders(settings, mine + 1))


def test_word_lists_are_missed(tmp_path):
    assert "in danger looks like any other" in only(folders.check_word_lists(tmp_path / "none")).what
    (tmp_path / "english.toml").touch()
    assert only(folders.check_word_lists(tmp_path)).state is State.OK


def test_whoever_asks_is_in_a_group_and_has_logged_in_since():
    members = {OPERATORS: frozenset({"alice"}), ADMINS: frozenset()}
    assert "adduser mallory" in only(folders.check_user("mallory", frozenset(), members)).cure
    assert "after this login" in only(folders.check_user("alice", frozenset({"alice"}), members)).what
    assert states(folders.check_user("alice", frozenset({OPERATORS}), members)) == []


def mount(tree, folder, kind, device="8:1", source="/dev/sda1"):
    (tree.root / "proc/self").mkdir(exist_ok=True)
    (tree.root / "proc/self/mountinfo").write_text(
        "22 1 0:5 / / rw,relatime shared:1 - overlay overlay rw\n"
        f"23 22 {device} / {str(folder).replace(' ', chr(92) + '040')} rw - {kind} {source} rw\n"
    )


def block(tree, place, device="8:1", **files):
    """A disk with one partition, as /sys shows it."""
    partition = tree.root / "sys/devices" / place / "block/sda/sda1"
    partition.mkdir(parents=True)
    (partition / "partition").write_text("1\n")
    for name, text in {"removable": "0", **files}.items():
        file = partition.parent / name.replace("__", "/")
        file.parent.mkdir(exist_ok=True)
        file.write_text(text + "\n")
    (tree.root / "sys/dev/block").mkdir(parents=True)
    (tree.root / "sys/dev/block" / device).symlink_to(partition)


@pytest.mark.parametrize(("kind", "state"), [
    ("ext4", "ok"), ("nfs4", "bad"), ("cifs", "bad"), ("vfat", "bad"), ("tmpfs", "bad"),
])  # fmt: skip
def test_the_kind_of_the_file_system(tree, tmp_path, kind, state):
    folder = tmp_path / "a folder"
    folder.mkdir()
    mount(tree, folder, kind)
    assert only(disks.check_media("spool", folder / "incoming", tree.root)).state == state


@pytest.mark.parametrize(("place", "files", "state"), [
    ("pci0000:00/0000:00:17.0/ata1", {}, "ok"),
    ("pci0000:00/0000:00:14.0/usb2/2-1", {}, "warn"),
    ("pci0000:00/0000:00:17.0/ata1", {"removable": "1"}, "warn"),
])  # fmt: skip
def test_a_disk_that_can_be_pulled_out(tree, tmp_path, place, files, state):
    mount(tree, tmp_path, "ext4")
    block(tree, place, **files)
    assert only(disks.check_media("spool", tmp_path, tree.root)).state == state


def test_the_health_that_disk_and_file_system_tell(tree, tmp_path):
    mount(tree, tmp_path, "ext4")
    assert states(disks.check_health(tmp_path, tree.root, lambda _: None)) == []  # on no disk that is known
    block(tree, "ata1", device__life_time="0x01 0x02")
    asked = []
    assert only(disks.check_health(tmp_path, tree.root, asked.append)).state is State.OK
    assert asked == ["sda"]
    failing = "SMART overall-health self-assessment test result: FAILED!"
    assert "SMART" in only(disks.check_health(tmp_path, tree.root, lambda _: failing)).what
    (tree.root / "sys/devices/ata1/block/sda/device/life_time").write_text("0x01 0x0b\n")
    assert "worn out" in only(disks.check_health(tmp_path, tree.root, lambda _: None)).what
    (tree.root / "sys/fs/ext4/sda1").mkdir(parents=True)
    (tree.root / "sys/fs/ext4/sda1/errors_count").write_text("3\n")
    assert "3 errors" in only(disks.check_health(tmp_path, tree.root, lambda _: None)).what


def test_room_is_counted_where_the_folders_lie(settings):
    station = settings.station
    found = [*disks.check_room(station.state_dir, station.spool_dir), *disks.check_one_spool(station.spool_dir)]
    disk = os.statvfs(station.state_dir)
    assert f"{disk.f_bavail * disk.f_frsize >> 20} MiB"[:2] in found[0].what
    assert len(found) == 2


def test_a_modem_is_plugged_in_and_stays_awake(tree):
    assert only(modems.check_plugged(Modems(), tree.root)).state is State.BAD
    tree.plug("1-1", *E3372)
    assert only(modems.check_plugged(Modems(), tree.root)).state is State.OK
    assert states(modems.check_plugged(Modems(ports=("/dev/ttyS9",)), tree.root)) == ["bad", "ok"]
    assert [*modems.check_autosuspend(tree.root)] == []
    control = tree.root / "sys/devices/usb1/1-1/power/control"
    control.parent.mkdir()
    control.write_text("auto\n")
    assert "12d1" in only(modems.check_autosuspend(tree.root)).cure
    control.write_text("on\n")
    assert [*modems.check_autosuspend(tree.root)] == []


@pytest.mark.parametrize("ids", NO_MODEM_YET, ids=":".join)
def test_a_stick_that_is_no_modem_yet_has_its_cure(tree, ids):
    tree.plug("1-1", ":".join(ids))
    assert only(modems.check_plugged(Modems(), tree.root)).state is State.BAD


def test_who_else_uses_the_ports(tree):
    assert only(modems.check_modem_manager(tree.root)).state is State.OK
    tree.run(100, "ModemManager")
    assert only(modems.check_modem_manager(tree.root)).state is State.BAD
    rules = tree.root / modems.RULES[0]
    rules.mkdir(parents=True)
    (rules / modems.RULE).write_text("")
    assert only(modems.check_modem_manager(tree.root)).state is State.OK
    leader, follower = os.openpty()
    try:
        port = tree.root / "dev/ttyUSB1"
        port.parent.mkdir()
        port.symlink_to(os.ttyname(follower))
        tree.run(101, "minicom", [os.ttyname(follower)])
        assert "minicom" in only(modems.check_ports(Modems(ports=("/dev/ttyUSB1",)), tree.root)).what
    finally:
        os.close(leader)
        os.close(follower)


def test_what_the_service_says_of_modems_and_sims():
    seen = [
        {"port": "/dev/ttyUSB1", "state": "ready", "reason": ""},
        {"port": "/dev/ttyUSB2", "state": "ready", "reason": "not registered"},
        {"port": "/dev/ttyUSB3", "state": "lost", "reason": "no SIM is in the modem. Put one in."},
    ]
    sims = [{"state": state, "iccid": "8944", "reason": ""} for state in SimState]
    found = [*modems.check_seen(seen, sims)]
    assert states(found) == ["warn", "bad", "ok", "ok", "warn", "bad", "warn", "bad"]
    assert found[1].cure == "Put one in."
    assert all(finding.cure for finding in found if finding.state is not State.OK)
    assert "no SIM is in use" in only(modems.check_seen([], sims[5:6])).what


def test_the_clock(tree):
    assert only(machine.check_clock(NOW, NOW - 1, tree.root)).state is State.WARN  # nothing keeps it
    (tree.root / "sys/class/rtc/rtc0").mkdir(parents=True)
    assert only(machine.check_clock(NOW, None, tree.root)).state is State.OK
    assert "2026-06-01 12:01" in only(machine.check_clock(NOW, NOW + 60, tree.root)).what
    assert only(machine.check_clock(0.0, None, tree.root)).state is State.BAD


@pytest.mark.parametrize(("active", "enabled", "found"), [
    ("active", "enabled", ["ok"]), ("active", "disabled", ["ok", "warn"]), ("inactive", "enabled", ["bad"]),
    ("failed", "enabled", ["bad"]), ("", "", ["bad", "warn"]),
])  # fmt: skip
def test_the_unit(tree, active, enabled, found):
    def told(command):
        return {"is-active": active, "is-enabled": enabled}[command]

    assert states(machine.check_unit(told, tree.root)) == []  # no systemd here
    (tree.root / "run/systemd/system").mkdir(parents=True)
    assert states(machine.check_unit(told, tree.root)) == found


def test_the_log_and_the_backups_of_the_database(settings):
    path = settings.station.database
    with contextlib.closing(Store(path)) as store:
        assert only(database.check_database(path, store.damage())).state is State.OK
        assert only(database.check_wal(path)).state is State.OK
        assert "there is none" in only(database.check_backups(settings, NOW)).what
        back_up(path, settings.backup_folder, NOW, 1)
    assert only(database.check_backups(settings, NOW + 30 * HOUR)).state is State.OK
    assert "3 days old" in only(database.check_backups(settings, NOW + 72 * HOUR)).what
    assert "future" in only(database.check_backups(settings, NOW - HOUR)).what
    with path.with_name("outpost.db-wal").open("wb") as wal:
        wal.truncate(database.LONG_WAL)
    assert only(database.check_wal(path)).state is State.WARN


def test_a_damaged_database_is_told_with_the_way_out_and_all_else_too(settings, tree, tmp_path):
    config = tmp_path / "outpost.toml"
    config.write_text(CONFIG)
    path = settings.station.database
    Store(path).close()
    back_up(path, settings.backup_folder, NOW, 1)
    assert "database" not in {found.name for found in examine(config, NOW, tree.root) if found.state is State.BAD}
    for garbage in (b"\xff" * 100, path.read_bytes()[:8192] + os.urandom(path.stat().st_size - 8192)):
        path.write_bytes(garbage)
        (found,) = [found for found in examine(config, NOW, tree.root) if found.name == "database"]
        assert found.state is State.BAD
        assert "outpost restore" in found.cure
    path.unlink()
    assert is_bad(found for found in examine(config, NOW, tree.root) if found.name == "database")


def test_a_configuration_that_cannot_be_used_is_told_fault_by_fault(tree, tmp_path):
    config = tmp_path / "outpost.toml"
    config.write_text('[station]\nname = 1\ncolour = "red"\n')
    found = [one for one in examine(config, NOW, tree.root) if one.name == "configuration"]
    assert states(found) == ["bad", "bad"]
    assert "colour" in found[1].what


def test_for_programs_and_for_terminals():
    found = [ok("a", "is well"), warn("b", "is " + "so " * 40 + "so", "do this"), bad("c", "is not", "do that")]
    assert json.loads(json.dumps(document(found)))["checks"][2] == {
        "name": "c", "state": "bad", "what": "is not", "cure": "do that",
    }  # fmt: skip
    shown = [*lines(found, 60)]
    assert max(map(len, shown)) <= 60
    assert shown[0] == "ok    a: is well"
    assert shown[-1].strip() == "-> do that"
    assert is_bad(found)
    assert not is_bad(found[:2])
