"""What may be asked of the running service, and by whom."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

import structlog

from daemon.control.readings import READINGS, Readings
from daemon.control.request import filled, word, words
from daemon.control.server import Action, Asker, Forbidden
from daemon.core.message import Resolution
from daemon.core.not_possible import NotPossible
from daemon.intake import wording
from daemon.intake.readers.items import Unreadable
from daemon.services.answering import Answerer
from daemon.services.station import Station
from daemon.settings import Approval
from daemon.store import Store
from daemon.store.decisions import Decisions
from daemon.store.lists import Change
from daemon.store.pins import PinTries
from daemon.store.stops import Left

READ = "read "
"""Before the names of actions that change nothing: see readings.py."""


class Actions:
    """Each action is one committed decision, then a ring for whom it concerns; or a document that is read."""

    def __init__(
        self, station: Station, store: Store, decisions: Decisions, pin_tries: PinTries, answerer: Answerer,
        others: Mapping[str, Action],
    ) -> None:  # fmt: skip
        """`others` are actions that do without a running service too."""
        self._station = station
        self._store = store
        self._decisions = decisions
        self._pin_tries = pin_tries
        self._answerer = answerer
        self._log = structlog.get_logger()
        self._known: dict[str, Action] = {
            "release": self._release,
            "pause": self._pause,
            "resume": self._resume,
            "cancel": self._cancel,
            "resolve": self._resolve,
            "station pause": self._station_pause,
            "station resume": self._station_resume,
            "station cancel": self._station_cancel,
            "sim pause": self._sim_pause,
            "sim resume": self._sim_resume,
            "sim pin-again": self._sim_pin_again,
            "sim cancel": self._sim_cancel,
            "sim retire": self._sim_retire,
            "optouts add": self._optouts_add,
            "optouts remove": self._optouts_remove,
            "exclusions add": self._exclusions_add,
            "exclusions remove": self._exclusions_remove,
            "seen": self._seen,
            "reply": self._reply,
            **{READ + what: partial(self._read, what) for what in READINGS},
            **others,
        }

    def act(self, asker: Asker, request: dict[str, Any]) -> dict[str, Any]:
        """Carry out one request.

        Raises Forbidden, NotPossible, StoreFull.
        """
        name = request.get("do")
        action = self._known.get(name) if isinstance(name, str) else None
        if action is None:
            raise NotPossible(f"the service knows no action {name!r}.")
        if not asker.operator:
            raise Forbidden(f"{asker.user} is in neither outpost-operators nor outpost-admins.")
        answer = action(asker, request)
        self._log.info("asked", action=name, user=asker.user)
        if not str(name).startswith(READ):
            self._station.ring_lines()
        return answer

    def _read(self, what: str, asker: Asker, request: dict[str, Any]) -> dict[str, Any]:
        station = self._station
        readings = Readings(self._store, station.settings, station.clock.now(), running=True, admin=asker.admin)
        return readings.document(what, request)

    def _release(self, asker: Asker, request: dict[str, Any]) -> dict[str, Any]:
        two_person = self._station.settings.sending.approval is Approval.TWO_PERSON
        wanted = word(request, "request") if "request" in request else ""
        try:
            released = self._decisions.release(
                word(request, "batch"), asker.user, self._station.clock.now(), two_person=two_person, request=wanted
            )
        finally:
            self._station.changed(None)
        return {"sha256": released.sha256, "people": released.people, "released_by": asker.user}

    def _resume(self, asker: Asker, request: dict[str, Any]) -> dict[str, Any]:
        self._station.changed(self._decisions.resume(word(request, "batch"), asker.user, self._station.clock.now()))
        return {}

    def _pause(self, asker: Asker, request: dict[str, Any]) -> dict[str, Any]:
        return self._told(self._decisions.pause(word(request, "batch"), asker.user, self._station.clock.now()))

    def _cancel(self, asker: Asker, request: dict[str, Any]) -> dict[str, Any]:
        return self._told(self._decisions.cancel(word(request, "batch"), asker.user, self._station.clock.now()))

    def _told(self, left: Left) -> dict[str, Any]:
        for batch_id in left.batches or (None,):
            self._station.changed(batch_id)
        return {"left": left.left, "waiting": left.waiting}

    def _resolve(self, asker: Asker, request: dict[str, Any]) -> dict[str, Any]:
        asker.must_be_admin("resolve messages")
        message, how, now = request.get("message"), word(request, "how"), self._station.clock.now()
        if how not in set(Resolution):
            raise NotPossible("one of sent, resend, drop is needed.")
        if "batch" in request:
            batch_id, messages = self._decisions.resolve_batch(
                word(request, "batch"), Resolution(how), asker.user, now
            )
        elif type(message) is int:
            batch_id, messages = self._decisions.resolve(message, Resolution(how), asker.user, now), 1
        else:
            raise NotPossible("a message's number, or a batch, is needed.")
        self._station.changed(batch_id)
        return {"messages": messages}

    def _station_pause(self, asker: Asker, _request: dict[str, Any]) -> dict[str, Any]:
        return self._told(self._station.stops.pause_station(asker.user, self._station.clock.now()))

    def _station_resume(self, asker: Asker, _request: dict[str, Any]) -> dict[str, Any]:
        self._station.stops.resume_station(asker.user, self._station.clock.now())
        self._station.changed(None)
        return {}

    def _station_cancel(self, asker: Asker, _request: dict[str, Any]) -> dict[str, Any]:
        return self._told(self._station.stops.cancel_station(asker.user, self._station.clock.now()))

    def _sim_pause(self, asker: Asker, request: dict[str, Any]) -> dict[str, Any]:
        iccid, now = word(request, "sim"), self._station.clock.now()
        return self._told(self._station.stops.pause_sim(iccid, asker.user, now))

    def _sim_resume(self, asker: Asker, request: dict[str, Any]) -> dict[str, Any]:
        iccid, now = word(request, "sim"), self._station.clock.now()
        return self._told(self._station.stops.resume_sim(iccid, asker.user, now))

    def _sim_pin_again(self, asker: Asker, request: dict[str, Any]) -> dict[str, Any]:
        asker.must_be_admin("let a PIN be tried again")
        if not self._pin_tries.forget(word(request, "sim")):
            raise NotPossible("no PIN was tried in vain on this SIM, so nothing keeps it from being tried.")
        return {}

    def _sim_cancel(self, asker: Asker, request: dict[str, Any]) -> dict[str, Any]:
        iccid, now = word(request, "sim"), self._station.clock.now()
        return self._told(self._station.stops.cancel_sim(iccid, asker.user, now))

    def _sim_retire(self, asker: Asker, request: dict[str, Any]) -> dict[str, Any]:
        asker.must_be_admin("retire a SIM")
        iccid, why = word(request, "sim"), word(request, "reason")
        retired = self._station.stops.retire_sim(iccid, asker.user, why, self._station.clock.now())
        for batch_id in retired.batches or (None,):
            self._station.changed(batch_id)
        return {"freed": retired.freed, "begun": retired.begun}

    # Whom the station must not text

    def _optouts_add(self, asker: Asker, request: dict[str, Any]) -> dict[str, Any]:
        now = self._station.clock.now()
        source = f"noted by {asker.user}"
        return self._changed(self._station.lists.opt_out(words(request, "numbers"), source, now, asker.user))

    def _optouts_remove(self, asker: Asker, request: dict[str, Any]) -> dict[str, Any]:
        asker.must_be_admin("take opt-outs back; the person can do so by texting START")
        numbers, why, now = words(request, "numbers"), _reason(request), self._station.clock.now()
        return self._changed(self._station.lists.opt_in(numbers, asker.user, why, now))

    def _exclusions_add(self, asker: Asker, request: dict[str, Any]) -> dict[str, Any]:
        asker.must_be_admin("change the exclusions")
        entries, category = words(request, "numbers"), filled(request, "category")
        now = self._station.clock.now()
        return self._changed(self._station.lists.exclude(entries, category, asker.user, now))

    def _exclusions_remove(self, asker: Asker, request: dict[str, Any]) -> dict[str, Any]:
        asker.must_be_admin("change the exclusions")
        category = word(request, "category") if "category" in request else None
        entries, now = words(request, "numbers"), self._station.clock.now()
        return self._changed(self._station.lists.include(entries, category, asker.user, _reason(request), now))

    def _seen(self, _asker: Asker, request: dict[str, Any]) -> dict[str, Any]:
        batches = self._station.lists.seen(word(request, "number"), self._station.clock.now())
        if batches is None:
            raise NotPossible("nothing is held for that number: no reply of its waits to be read.")
        return self._changed(Change(len(batches), frozenset(batches)))

    def _reply(self, asker: Asker, request: dict[str, Any]) -> dict[str, Any]:
        station, now = self._station.settings.station, self._station.clock.now()
        today = datetime.fromtimestamp(now, station.zone).date()
        text = wording.for_one_person(word(request, "text").encode(), station.spool_dir / "texts", today)
        if isinstance(text, Unreadable):
            raise NotPossible(text.reason.replace(f"{wording.NAME}: ", ""))
        answered = self._answerer.send(word(request, "number"), text, asker.user)
        return {"message": answered.message_id, "number": answered.recipient, "sim": answered.sim}

    def _changed(self, change: Change) -> dict[str, Any]:
        for batch_id in change.batches:
            self._station.changed(batch_id)
        return {"people": change.people, "batches": len(change.batches)}


def _reason(request: dict[str, Any]) -> str:
    return word(request, "reason") if "reason" in request else ""
