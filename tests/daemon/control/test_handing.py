"""Handing a conversation over: never without consent or danger, never unsealed unless asked, and each step once."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime

import pytest

from daemon.control.handing import Handing
from daemon.control.server import Asker
from daemon.core.alarm import AlarmKind
from daemon.core.not_possible import NotPossible
from daemon.pages.alarms import station_alarms
from daemon.settings import Service, Settings, Station
from daemon.store import Inbox, Replies, Sims, Store, Views
from drivers.types import Content, Deliver, SimIdentity

NOW = 1_700_000_000.0
HOUR = 3600.0
SIM = "8944100000000000001"
ANNA, BEN = "+447700900001", "+447700900002"
BY_PHONE = {"consent": "to be rung", "phoned": ""}


class Desk:
    """A store in which two people have written, and what hands their conversations over."""

    def __init__(self, folder):
        self.store, self.now = Store(folder / "outpost.db"), NOW
        (folder / "handover").mkdir()
        self.packets = folder / "handover"
        services = {"jo": Service(answer_within_hours=2), "bad": Service(recipient="age1" + "q" * 58)}
        self.settings = Settings(Station(spool_dir=folder), services=services)
        self._handing = Handing(self.store, lambda: self.settings, lambda: self.now, lambda _: None)
        Sims(self.store).seen(SimIdentity(SIM, "234100000000001"), NOW)
        for number, (sender, text) in enumerate(((ANNA, "ring me"), (BEN, "who is this"))):
            told = Deliver(f"{number:08X}", sender, text, datetime.fromtimestamp(NOW, UTC), Content.TEXT, None)
            Inbox(self.store).save_all(SIM, [told], NOW, country="GB")

    def do(self, what, **request):
        return self._handing.actions[f"handover {what}"](Asker("ann", operator=True, admin=False), request)

    def assign(self, **request):
        return self.do("assign", **{"number": ANNA, "service": "jo", "plain": True, **request})

    def record(self):
        rows = self.store.conn.execute("SELECT entry FROM audit ORDER BY seq")
        return [json.loads(row[0]) for row in rows]


@pytest.fixture
def desk(tmp_path):
    made = Desk(tmp_path)
    with contextlib.closing(made.store):
        yield made


@pytest.mark.parametrize(("request_", "why"), [
    ({}, "without the person's consent"),
    ({"consent": "  "}, "without the person's consent"),
    ({"consent": "yes"}, "say how they agreed"),
    ({"consent": "yes", "reply": 2}, "none of this person's"),
    ({"consent": "yes", "phoned": "2999-01-01T10:00"}, "has yet to come"),
    ({"consent": "yes", "phoned": "at ten"}, "is no time"),
    ({**BY_PHONE, "service": "nobody"}, r"known: jo, bad"),
    ({**BY_PHONE, "number": "+447700900999"}, "has not texted this station"),
    ({**BY_PHONE, "plain": False}, "no recipient to seal to"),
    ({**BY_PHONE, "service": "bad", "plain": False}, "age"),
])  # fmt: skip
def test_what_may_not_be_handed_over_changes_nothing(desk, request_, why):
    with pytest.raises(NotPossible, match=why):
        desk.assign(**request_)
    assert desk.do("look", every=True) == {"handovers": []}
    assert (desk.record(), list(desk.packets.iterdir())) == ([], [])
    assert Replies(desk.store).counts()["unread"] == 2


def test_nothing_can_be_sealed_without_age_and_a_plain_file_is_offered(desk, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotPossible, match=r"apt install age.*--plain"):
        desk.assign(**BY_PHONE, service="bad", plain=False)


def test_consent_is_as_old_as_the_reply_or_the_call(desk):
    desk.now += HOUR
    desk.assign(consent="to be rung", reply=1)
    desk.assign(service="bad", consent="to be met", phoned="2023-11-14T22:30")
    one, other = sorted(desk.do("look")["handovers"], key=lambda found: found["service"], reverse=True)
    assert (one["consent"]["how"], one["consent"]["at"]) == ("reply 1", "2023-11-14T22:13:20+00:00")
    assert (other["consent"]["how"], other["consent"]["at"]) == ("phone", "2023-11-14T22:30:00+00:00")


def test_a_hand_over_is_late_until_it_is_taken_up_and_each_step_is_taken_once(desk):
    reference = desk.assign(**BY_PHONE)["reference"]
    assert Replies(desk.store).counts()["answered"] == 1
    with pytest.raises(NotPossible, match=f"as {reference}"):
        desk.assign(**BY_PHONE)

    def alarms():
        found = station_alarms(Views(desk.store), desk.settings, desk.now)
        return [(alarm.since, str(alarm.kind)) for alarm in found if alarm.kind == AlarmKind.HANDOVER_OVERDUE]

    desk.now = NOW + 2 * HOUR - 1
    assert alarms() == []
    desk.now += 1
    assert alarms() == [(desk.now, "handover_overdue")]
    desk.do("taken", reference=reference.upper(), who="Sam")
    assert alarms() == []
    desk.do("closed", reference=reference, outcome="met")
    for what in ("taken", "closed"):
        with pytest.raises(NotPossible, match="is closed already"):
            desk.do(what, reference=reference)
    with pytest.raises(NotPossible, match="there is no hand-over"):
        desk.do("taken", reference="ffffff")
    assert desk.do("look") == {"handovers": []}
    desk.assign(**BY_PHONE)
    assert [entry.get("state") for entry in desk.record()] == ["assigned", "taken", "closed", "assigned"]
    assert ANNA[1:] not in json.dumps(desk.record())


def test_people_who_wait_too_long_are_an_alarm_and_who_opted_out_is_not(desk):
    told = Deliver("FF", "+447700900003", "STOP!!", datetime.fromtimestamp(NOW, UTC), Content.TEXT, None)
    Inbox(desk.store).save_all(SIM, [told], NOW, country="GB")

    def late(hours):
        found = station_alarms(Views(desk.store), desk.settings, NOW + hours * HOUR)
        return [alarm for alarm in found if alarm.kind == AlarmKind.REPLIES_OVERDUE]

    assert late(23.9) == []
    (alarm,) = late(25)
    assert alarm.since == NOW + 24 * HOUR
    assert alarm.text.startswith("2 replies have waited 24 hours")
