"""What may be asked of the running service, and by whom."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import structlog

from daemon.control.server import Asker, Forbidden
from daemon.core.message import Resolution, SimState
from daemon.services.station import Station
from daemon.settings import Approval
from daemon.store.decisions import Decisions, Left, NotPossible
from daemon.store.pins import PinTries
from daemon.store.sims import Hold


class Actions:
    """Each action is one committed decision, then a ring for whom it concerns."""

    def __init__(self, station: Station, decisions: Decisions, pin_tries: PinTries) -> None:
        self._station = station
        self._decisions = decisions
        self._pin_tries = pin_tries
        self._log = structlog.get_logger()
        self._known: dict[str, Callable[[Asker, dict[str, Any]], dict[str, Any]]] = {
            "release": self._release,
            "pause": self._pause,
            "resume": self._resume,
            "cancel": self._cancel,
            "resolve": self._resolve,
            "sim pause": self._sim_pause,
            "sim resume": self._sim_resume,
            "sim pin-again": self._sim_pin_again,
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
        self._station.ring_lines()
        return answer

    def _release(self, asker: Asker, request: dict[str, Any]) -> dict[str, Any]:
        two_person = self._station.settings.sending.approval is Approval.TWO_PERSON
        batch_id = self._decisions.release(
            _word(request, "batch"), asker.user, self._station.clock.now(), two_person=two_person
        )
        self._station.changed(batch_id)
        return {}

    def _resume(self, _asker: Asker, request: dict[str, Any]) -> dict[str, Any]:
        self._station.changed(self._decisions.resume(_word(request, "batch"), self._station.clock.now()))
        return {}

    def _pause(self, _asker: Asker, request: dict[str, Any]) -> dict[str, Any]:
        return self._told(self._decisions.pause(_word(request, "batch"), self._station.clock.now()))

    def _cancel(self, _asker: Asker, request: dict[str, Any]) -> dict[str, Any]:
        return self._told(self._decisions.cancel(_word(request, "batch"), self._station.clock.now()))

    def _told(self, left: Left) -> dict[str, Any]:
        self._station.changed(left.batch_id)
        return {"left": left.left, "waiting": left.waiting}

    def _resolve(self, asker: Asker, request: dict[str, Any]) -> dict[str, Any]:
        if not asker.admin:
            raise Forbidden(f"{asker.user} is not in outpost-admins, who alone resolve messages.")
        message, how = request.get("message"), _word(request, "how")
        if not isinstance(message, int) or how not in set(Resolution):
            raise NotPossible("a message's number and one of sent, resend, drop are needed.")
        now = self._station.clock.now()
        self._station.changed(self._decisions.resolve(message, Resolution(how), asker.user, now))
        return {}

    def _sim_pause(self, asker: Asker, request: dict[str, Any]) -> dict[str, Any]:
        return self._set_hold(request, Hold(SimState.PAUSED, f"paused by {asker.user}", None))

    def _sim_resume(self, _asker: Asker, request: dict[str, Any]) -> dict[str, Any]:
        return self._set_hold(request, None)

    def _sim_pin_again(self, asker: Asker, request: dict[str, Any]) -> dict[str, Any]:
        if not asker.admin:
            raise Forbidden(f"{asker.user} is not in outpost-admins, who alone let a PIN be tried again.")
        if not self._pin_tries.forget(_word(request, "sim")):
            raise NotPossible("no PIN was tried in vain on this SIM, so nothing keeps it from being tried.")
        return {}

    def _set_hold(self, request: dict[str, Any], hold: Hold | None) -> dict[str, Any]:
        iccid = _word(request, "sim")
        if not self._station.sims.set_hold(iccid, hold):
            raise NotPossible(f"no SIM {iccid} has been seen here. `outpost sims` lists them.")
        self._station.changed(None)
        return {}


def _word(request: dict[str, Any], key: str) -> str:
    value = request.get(key)
    if not isinstance(value, str):
        raise NotPossible(f"the request lacks {key!r}.")
    return value
