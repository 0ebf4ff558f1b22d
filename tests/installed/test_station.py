"""The package on a clean Debian under a real systemd without network: from installation to the last trace of it."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.timeout(600)  # a machine boots, and a package is built, installed, replaced and removed

GROUPS = ("outpost", "outpost-operators", "outpost-admins")
PLACES = ("/", "/run", "/tmp", "/dev/shm")  # each file system of the machine
EXPOSED = 1.5  # of 10, by what systemd reckons
LIST = "to,text\n+447700900101,Support is free.\n+447700900102,Support is free.\n"
SPOOL = "/var/spool/outpost"


@pytest.mark.parametrize("release", ["bookworm", "trixie"])
def test_the_life_of_a_station(machine, network, deb, tmp_path):
    install(machine, deb)
    refuse_to_start_without_configuration(machine)
    start(machine, network)
    keep_everybody_in_their_place(machine)
    send(machine)
    hand_over(machine, network, tmp_path)
    replace(machine)
    leave_nothing(machine)


def install(machine, deb):
    machine.install(deb)
    assert machine.shown("ActiveState") == "inactive"  # nothing runs before somebody says so
    assert machine.surely("systemd-analyze", "verify", "outpost.service") == ""
    if "verify" in machine.surely("udevadm", "--help"):  # from systemd 254 on
        machine.surely("udevadm", "verify", "--no-style", "/usr/lib/udev/rules.d/70-outpost.rules")
    machine.surely("systemd-analyze", "security", f"--threshold={round(EXPOSED * 10)}", "outpost.service")
    assert "outpost, version" in machine.surely("outpost", "--version")
    for user, group in (("alice", "operators"), ("bob", "operators"), ("carol", "admins"), ("mallory", "")):
        machine.surely("useradd", "--create-home", *(["-G", f"outpost-{group}"] if group else []), user)


def refuse_to_start_without_configuration(machine):
    machine.surely("rm", "/etc/outpost/outpost.toml")
    assert machine.run("systemctl", "start", "outpost").returncode != 0
    assert (machine.shown("ExecMainStatus"), machine.shown("NRestarts")) == ("2", "0")
    assert "there is no such file" in machine.journal()
    machine.surely("systemctl", "reset-failed", "outpost")


def start(machine, network):
    machine.configure(network)
    machine.surely("systemctl", "enable", "--now", "outpost")
    machine.until(lambda: '"event": "modem ready"' in machine.journal())
    assert "SIM" in machine.shown("StatusText")


def keep_everybody_in_their_place(machine):
    machine.put(f"{SPOOL}/incoming/half.tmp", LIST, user="alice")
    for command in (
        f"ls {SPOOL}/incoming", f"cat {SPOOL}/incoming/half.tmp", f"rm -f {SPOOL}/incoming/half.tmp",
        f"echo x > {SPOOL}/incoming/half.tmp", f"echo x > {SPOOL}/outcomes/x", "cat /var/lib/outpost/outpost.db",
        "ls /etc/outpost/pins",
    ):  # fmt: skip
        for user in ("bob", "carol", "mallory"):
            assert machine.run("sh", "-c", command, user=user).returncode != 0, (user, command)
    for command in (f"ls {SPOOL}", f"echo x > {SPOOL}/incoming/x", "ls /run/outpost", "ls /var/lib/outpost"):
        assert machine.run("sh", "-c", command, user="mallory").returncode != 0, command
    for user in ("alice", "carol"):
        machine.surely("ls", SPOOL, f"{SPOOL}/outcomes", f"{SPOOL}/replies", user=user)
    machine.surely("rm", f"{SPOOL}/incoming/half.tmp", user="alice")


def send(machine):
    def batch():
        return json.loads(machine.surely("cat", f"{SPOOL}/status.json", user="alice"))["batches"][0]

    machine.put(f"{SPOOL}/incoming/list.csv", LIST, user="alice")
    machine.until(lambda: "list" in machine.surely("cat", f"{SPOOL}/status.json", user="alice"))
    assert (batch()["state"], batch()["owner"]) == ("awaiting_release", "alice")
    refused = machine.run("outpost", "release", "list", user="mallory")
    assert refused.returncode == 1
    assert "outpost-operators" in refused.stderr
    assert "dropped by alice" in machine.run("outpost", "release", "list", user="alice").stderr
    assert "list is released" in machine.surely("outpost", "release", "list", user="bob")
    machine.until(lambda: batch()["messages"].get("delivered") == 2)
    keep_what_was_taken(machine)
    (sim,) = json.loads(machine.surely("cat", f"{SPOOL}/status.json"))["sims"]
    machine.surely("outpost", "sim", "pause", sim["iccid"], user="carol")
    shown = json.loads(machine.surely("outpost", "messages", "--json", user="alice"))["messages"]
    assert [message["state"] for message in shown] == ["delivered", "delivered"]
    assert json.loads(machine.surely("outpost", "replies", "--json", user="alice")) == {"replies": []}
    assert "has not texted this station" in machine.run("outpost", "replies", "+447700900101", user="alice").stderr
    for what in ("messages", "replies"):
        assert machine.run("outpost", what, user="mallory").returncode == 1
    assert "categories" not in json.loads(machine.surely("outpost", "exclusions", "--json", user="alice"))["exclusions"]
    assert "categories" in json.loads(machine.surely("outpost", "exclusions", "--json", user="carol"))["exclusions"]
    disclose(machine)
    assert "mallory is in neither" in " ".join(machine.run("outpost", "doctor", user="mallory").stdout.split())
    checks = json.loads(machine.run("outpost", "doctor", "--json").stdout)["checks"]
    found = {check["name"]: check["state"] for check in checks}
    assert [found[name] for name in ("configuration", "groups", "folders", "database")] == ["ok"] * 4, checks
    assert "delivered" in machine.surely("cat", f"{SPOOL}/outcomes/list.csv", user="alice")
    assert machine.run("cat", f"{SPOOL}/outcomes/list.csv", user="mallory").returncode != 0


def hand_over(machine, network, folder):
    """An operator reads a reply and hands it over, sealed by the service within its sandbox; both under her name."""
    network.text("+447700900101", "yes please ring me")
    machine.until(lambda: "ring me" in machine.surely("outpost", "replies", user="alice"))
    key = '[services.shelter]\nrecipient = "age1' + "q" * 58 + '"\n'
    machine.surely("sh", "-c", "cat >> /etc/outpost/outpost.toml", given=key)
    machine.surely("systemctl", "reload", "outpost")
    assign = ("outpost", "handover", "assign", "+447700900101", "shelter", "--consent", "to be rung", "--phone")
    if shutil.which("age") is not None:
        machine.put("/usr/bin/age", Path(shutil.which("age")).read_bytes())
        machine.surely("chmod", "755", "/usr/bin/age")
        made = subprocess.run(["age-keygen", "-o", folder / "key"], capture_output=True, text=True, check=True)
        public = made.stderr.split("Public key: ")[1].strip()
        machine.surely("sed", "-i", f"s/age1q*/{public}/", "/etc/outpost/outpost.toml")
        machine.surely("systemctl", "reload", "outpost")
        packet = machine.surely(*assign, user="alice").rpartition(": ")[2].strip()
        (folder / "packet").write_text(machine.surely("cat", packet, user="bob"))
        opened = subprocess.run(["age", "--decrypt", "-i", folder / "key", folder / "packet"], capture_output=True,
                                text=True, check=True).stdout  # fmt: skip
        assert "yes please ring me" in opened
        assert machine.run("cat", packet, user="mallory").returncode != 0
        machine.surely("rm", "/usr/bin/age")
    else:
        assert "apt install age" in machine.run(*assign, user="alice").stderr
        machine.surely(*assign, "--plain", user="alice")
    (handed,) = json.loads(machine.surely("outpost", "handover", "--json", user="bob"))["handovers"]
    machine.put(f"{SPOOL}/handover/outgoing/{handed['reference']}.txt", "taken: Sam", user="bob")
    machine.until(lambda: "taken" in machine.surely("outpost", "handover", user="bob"))
    machine.surely("outpost", "audit", "export", "/root/record")
    entries = [json.loads(line)["entry"] for line in machine.surely("cat", "/root/record/audit.jsonl").splitlines()]
    found = {(entry["who"], entry["what"], entry.get("state")) for entry in entries}
    steps = {("alice", "consultation", None), ("alice", "disclosure", "assigned"), ("bob", "disclosure", "taken")}
    assert steps <= found


def keep_what_was_taken(machine):
    """A list is the service's once it is taken: who dropped it and administrators read it, and change it no more."""
    kept = f"{SPOOL}/accepted/list.csv"
    assert machine.surely("stat", "-c", "%U", kept) == "outpost\n"
    for user in ("alice", "carol"):
        assert machine.surely("cat", kept, user=user) == LIST
        for command in (f"echo x >> {kept}", f"chmod 666 {kept}", f"rm -f {kept}"):
            assert machine.run("sh", "-c", command, user=user).returncode != 0, (user, command)
    for user in ("bob", "mallory"):
        assert machine.run("cat", kept, user=user).returncode != 0
    for name in ("station.html", "status.json"):
        for user in ("bob", "carol"):
            machine.surely("cat", f"{SPOOL}/{name}", user=user)
        assert machine.run("cat", f"{SPOOL}/{name}", user="mallory").returncode != 0
    assert machine.run("sh", "-c", f"echo x > {SPOOL}/station.html", user="carol").returncode != 0


def disclose(machine):
    """Administrators take out of the station what others may not, into files of their own."""
    for command in (
        ("audit", "verify"), ("audit", "export", "case"), ("report", "list", "--to", "case"),
        ("exclusions", "hash", "+447700900101"),
    ):  # fmt: skip
        assert machine.run("sh", "-c", f"cd && outpost {' '.join(command)}", user="alice").returncode == 1, command
        machine.surely("sh", "-c", f"cd && outpost {' '.join(command)}", user="carol")
    own = machine.surely("sh", "-c", "cd && stat -c '%U %n' case/* && cd case && sha256sum -c SHA256SUMS", user="carol")
    assert {"carol case/audit.head.sig", "carol case/report.html", "outcomes.csv: OK"} <= set(own.splitlines())
    assert "+447700900101" in machine.surely("cat", "/home/carol/case/outcomes.csv")


def replace(machine):
    """A new version over the old one, while the service runs."""
    assert "Warning" not in machine.journal()  # Python's, of what a later version will not do any more
    before = machine.shown("MainPID")
    assert "examined" in machine.surely("outpost", "backup")
    machine.surely("apt-get", "install", "-y", "--reinstall", "/root/outpost.deb")
    assert machine.shown("ActiveState") == "active"
    assert machine.shown("MainPID") != before


def leave_nothing(machine):
    theirs = ["-uid", machine.surely("id", "-u", "outpost").strip(), "-o"]
    for name in GROUPS:
        theirs += ["-gid", machine.surely("getent", "group", name).split(":")[2], "-o"]
    machine.surely("apt-get", "remove", "-y", "outpost")
    assert machine.run("systemctl", "is-active", "outpost").stdout.strip() != "active"
    machine.surely("test", "-s", "/var/lib/outpost/outpost.db")
    machine.surely("apt-get", "purge", "-y", "outpost")
    machine.surely("rm", "-r", "/etc/systemd/system/outpost.service.d", "/root/outpost.deb")  # the test's own
    assert machine.surely("find", *PLACES, "-xdev", "(", *theirs, "-iname", "*outpost*", ")") == ""
    assert "outpost" not in machine.surely("getent", "passwd") + machine.surely("getent", "group")
    assert "outpost" not in machine.surely("systemctl", "list-units", "--all") + machine.surely("dpkg", "--list")
