"""What people do to hand conversations over, each step on record. By the service, or alone without one."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from daemon.control.request import filled
from daemon.control.sealing import sealed
from daemon.control.server import Action, Asker
from daemon.core.chain import What
from daemon.core.handover import Handover
from daemon.core.not_possible import NotPossible
from daemon.intake.handover_note import read_note
from daemon.pages.files import write_whole
from daemon.pages.handovers import FOLDER, handover_document, packet, packet_name
from daemon.settings import Service, Settings
from daemon.store import Replies, Store
from daemon.store.audit import Audit
from daemon.store.handovers import Handovers, Leave


class Handing:
    """`settings` and `clock` give what holds at the moment of each request. Every method raises NotPossible and
    StoreFull; those that write or remove a packet, OSError."""

    def __init__(
        self, store: Store, settings: Callable[[], Settings], clock: Callable[[], float],
        changed: Callable[[int | None], None],
    ) -> None:  # fmt: skip
        self._store = store
        self._handovers = Handovers(store)
        self._settings = settings
        self._clock = clock
        self._changed = changed
        self.actions: dict[str, Action] = {
            "handover look": self.look, "handover assign": self.assign, "handover packet": self.again,
            "handover taken": self.take_up, "handover closed": self.close,
        }  # fmt: skip

    def look(self, asker: Asker, request: dict[str, Any]) -> dict[str, Any]:
        """The hand-overs that are not closed, with `every` all of them."""
        found, now = self._handovers.find(closed=bool(request.get("every"))), self._clock()
        if found:
            Audit(self._store).write(now, What.CONSULTATION, asker.user, handovers=len(found))
        zone = self._settings().station.zone
        return {"handovers": [handover_document(one, now, zone) for one in found]}

    def assign(self, asker: Asker, request: dict[str, Any]) -> dict[str, Any]:
        """Hand the conversation with `number` over to `service`; where its packet lies.

        `plain`: not sealed. See Leave for `consent`, `reply`, `phoned` (ISO 8601, or "" for now) and `danger`.
        """
        service, now = self._service(filled(request, "service")), self._clock()
        draft = self._handovers.draft(
            secrets.token_hex(3), filled(request, "number"), filled(request, "service"), self._leave(request, now),
            asker.user, now, service.answer_within_hours,
        )  # fmt: skip
        # Sealed before it is committed, since that may not be possible; what leaves the station is written after.
        name, text = self._packet(draft, service, plain=bool(request.get("plain")))
        for batch_id in self._handovers.assign(draft) or (None,):
            self._changed(batch_id)
        return self._written(draft, name, text)

    def again(self, asker: Asker, request: dict[str, Any]) -> dict[str, Any]:
        """Write the packet of `reference` once more, as the conversation is now."""
        handover = self._handovers.get(filled(request, "reference"))
        name, text = self._packet(handover, self._service(handover.service), plain=bool(request.get("plain")))
        self._handovers.disclose_again(handover, asker.user, self._clock())
        return self._written(handover, name, text)

    def take_up(self, asker: Asker, request: dict[str, Any]) -> dict[str, Any]:
        """Note that `who` has taken `reference` up, as they told. Its packet goes: they have it."""
        handover = self._handovers.get(filled(request, "reference"))
        who = str(request.get("who") or handover.service)
        self._handovers.take_up(handover, who, asker.user, self._clock())
        return self._ended(handover)

    def close(self, asker: Asker, request: dict[str, Any]) -> dict[str, Any]:
        """Note that `reference` has come to its end, and its `outcome`."""
        handover = self._handovers.get(filled(request, "reference"))
        self._handovers.close(handover, str(request.get("outcome", "")), asker.user, self._clock())
        return self._ended(handover)

    def by_note(self, path: Path, by: str, _once: str) -> None:
        """Do what a file says that a person laid into handover/outgoing/. Taken up again after a crash it is refused,
        with the word that it was done."""
        request = read_note(path)
        self.actions[request["do"]](Asker(by, operator=True, admin=False), request)

    def _service(self, name: str) -> Service:
        services = self._settings().services
        if name not in services:
            known = ", ".join(services) or "none yet"
            raise NotPossible(f"there is no [services.{name}] in the configuration; known: {known}.")
        return services[name]

    def _leave(self, request: dict[str, Any], now: float) -> Leave:
        reply, phoned = request.get("reply"), request.get("phoned")
        return Leave(
            str(request.get("consent", "")).strip(),
            reply if isinstance(reply, int) else None,
            None if phoned is None else self._moment(str(phoned), now),
            str(request.get("danger", "")).strip(),
        )

    def _moment(self, text: str, now: float) -> float:
        if not text:
            return now
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            raise NotPossible(f"{text} is no time; write it as 2026-11-28T10:15.") from None
        at = (moment if moment.tzinfo else moment.replace(tzinfo=self._settings().station.zone)).timestamp()
        if at > now:
            raise NotPossible(f"{text} has yet to come: say when they agreed.")
        return at

    def _packet(self, handover: Handover, service: Service, *, plain: bool) -> tuple[str, str]:
        """Its file's name and content."""
        turns = Replies(self._store).conversation(handover.recipient)
        text = packet(handover, turns, service, self._settings().station)
        if plain:
            return packet_name(handover, is_sealed=False), text
        if not service.recipient:
            raise NotPossible(
                f"[services.{handover.service}] has no recipient to seal to: set it, or give --plain for a plain file."
            )
        return packet_name(handover, is_sealed=True), sealed(text, service.recipient)

    def _written(self, handover: Handover, name: str, text: str) -> dict[str, Any]:
        path = self._folder / name
        write_whole(path, lambda file: file.write(text))
        return {"reference": handover.reference, "number": handover.recipient, "packet": str(path)}

    def _ended(self, handover: Handover) -> dict[str, Any]:
        for is_sealed in (True, False):
            (self._folder / packet_name(handover, is_sealed=is_sealed)).unlink(missing_ok=True)
        self._changed(handover.batch_id)
        return {"reference": handover.reference}

    @property
    def _folder(self) -> Path:
        return self._settings().station.spool_dir / FOLDER
