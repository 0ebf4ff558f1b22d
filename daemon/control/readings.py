"""What people and programs read of the station: the same documents from the database and over the control socket."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from daemon.core.message import MessageState
from daemon.core.not_possible import NotPossible
from daemon.pages.people import exclusion_document, optout_document
from daemon.pages.status import message_document, reading_now, station_status
from daemon.settings import Settings
from daemon.store import Lists, Outbox, Store, Views

MESSAGES_AT_ONCE = 5000
"""Messages in one document. An asker keeps the others waiting, so that a long list is asked for piece by piece."""

Document = dict[str, Any]


class Readings:
    """Reads `store` for one asker. An `admin` sees the reasons of exclusions; `running`: whether the service is."""

    def __init__(self, store: Store, settings: Settings, now: float, *, running: bool, admin: bool) -> None:
        self._store = store
        self._settings = settings
        self._zone = settings.station.zone
        self._now = now
        self._running = running
        self._admin = admin

    def document(self, what: str, request: Mapping[str, Any]) -> Document:
        """One of READINGS; `request` holds what narrows it down.

        Raises NotPossible.
        """
        return READINGS[what](self, request)

    def _status(self, _request: Mapping[str, Any]) -> Document:
        reading = reading_now(self._settings) if self._running else None
        return station_status(
            Views(self._store), Outbox(self._store), self._settings, self._now, running=self._running, reading=reading
        )

    def _messages(self, request: Mapping[str, Any]) -> Document:
        """The next MESSAGES_AT_ONCE after the message `after`; the answer's `after` is null when there are no more."""
        batch, state, after = request.get("batch"), request.get("state"), request.get("after", 0)
        if not (isinstance(batch, str | None) and isinstance(state, str | None) and isinstance(after, int)):
            raise NotPossible("batch and state are words, and after is the number of a message.")
        if state is not None and state not in set(MessageState):
            raise NotPossible(f"{state} is no state. The states: {', '.join(MessageState)}.")
        views = Views(self._store)
        if batch is not None and views.batch(batch) is None:
            raise NotPossible(f"there is no batch {batch}. `outpost status` lists the batches.")
        rows = views.messages(batch, state, after, MESSAGES_AT_ONCE)
        documents = [message_document(row, self._zone) for row in rows]
        full = len(documents) == MESSAGES_AT_ONCE
        return {"messages": documents, "after": documents[-1]["id"] if full else None}

    def _optouts(self, request: Mapping[str, Any]) -> Document:
        numbers = [str(number) for number in request.get("numbers", ())]
        return optout_document(Lists(self._store).optouts(numbers), self._zone)

    def _exclusions(self, _request: Mapping[str, Any]) -> Document:
        lists = Lists(self._store)
        return exclusion_document(lists.excluded(), lists.exclusions() if self._admin else None, self._zone)


READINGS: Mapping[str, Callable[[Readings, Mapping[str, Any]], Document]] = {
    "status": Readings._status,  # noqa: SLF001 - the class's own table
    "messages": Readings._messages,  # noqa: SLF001
    "optouts": Readings._optouts,  # noqa: SLF001
    "exclusions": Readings._exclusions,  # noqa: SLF001
}
