"""From one version to the next and back on a station that is sending: nobody is texted twice, and nothing is lost."""

from __future__ import annotations

import re
from collections import Counter

import pytest

pytestmark = pytest.mark.timeout(600)  # a machine boots, and two packages are installed

SPOOL = "/var/spool/outpost"
BACKUPS = "/var/lib/outpost/backups"
PEOPLE = [f"+4477009{n:05}" for n in range(200)]
SLOWLY = 0.5  # seconds for each answer: neither version sends the whole list in its time
STATES = "import sqlite3, sys; print(*sqlite3.connect(sys.argv[1]).execute('SELECT DISTINCT state FROM messages'))"


def test_up_and_down_in_the_midst_of_a_list(machine, network, deb, newer):
    machine.install(deb)
    machine.configure(network, approval="none")
    machine.surely("systemctl", "start", "outpost")
    network.answer_after(SLOWLY)
    rows = "".join(f"{person},Support is free.\n" for person in PEOPLE)
    machine.put(f"{SPOOL}/incoming/.list.csv", f"to,text\n{rows}")
    machine.surely("mv", f"{SPOOL}/incoming/.list.csv", f"{SPOOL}/incoming/list.csv")
    more_is_sent(machine, network)

    upgrade(machine, newer)
    more_is_sent(machine, network)
    told = downgrade(machine, deb)
    sent = len(network.accepted())

    # What the service says is what brings the station back.
    machine.surely("sh", "-c", told)
    machine.surely("systemctl", "start", "outpost")
    more_is_sent(machine, network)
    assert sent < len(PEOPLE)
    network.answer_after(0)
    machine.until(lambda: machine.counts() == {"delivered": len(PEOPLE)})
    assert network.accepted() == Counter(PEOPLE)


def more_is_sent(machine, network):
    before = len(network.accepted())
    machine.until(lambda: len(network.accepted()) > before + 2)


def upgrade(machine, newer):
    schema = machine.schema()
    machine.install(newer)
    assert machine.shown("ActiveState") == "active", machine.journal()
    assert machine.schema() == schema + 1
    assert "+next" in machine.surely("dpkg-query", "--show", "outpost")
    assert "discover = false" in machine.surely("cat", "/etc/outpost/outpost.toml")  # the station's own
    # As it was with the old version: some sent, some not, none between.
    kept = f"{BACKUPS}/before-upgrade-from-schema-{schema}.db"
    states = machine.surely("python3", "-c", STATES, kept)
    assert "queued" in states
    assert "delivered" in states
    assert "sending" not in states


def downgrade(machine, deb):
    """The old version over the new one: it does not start, and says how to go back. That command."""
    machine.install(deb, "--allow-downgrades")
    assert (machine.shown("ActiveState"), machine.shown("ExecMainStatus")) == ("failed", "1")
    assert machine.shown("NRestarts") == "0"
    found = re.findall(r"made by a newer Outpost.+`(outpost restore [^`]+)`", machine.journal())
    return found[-1]
