"""What people do with what others text back: read it, with the reading on record. By the service, or without one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from daemon.control.server import Action, Asker
from daemon.core.not_possible import NotPossible
from daemon.core.triage import WordList
from daemon.pages.replies import Hinted, conversation_document, handed_over, in_order, reply_document
from daemon.settings import Settings, SettingsError, load_words
from daemon.store import Replies, Store
from daemon.store.answering import Answering
from daemon.store.handovers import Handovers


class Conversations:
    """`settings` and `clock` give what holds at the moment of each request."""

    def __init__(
        self, store: Store, settings: Callable[[], Settings], clock: Callable[[], float],
        changed: Callable[[int | None], None],
    ) -> None:  # fmt: skip
        self._store = store
        self._settings = settings
        self._clock = clock
        self._changed = changed
        self.actions: dict[str, Action] = {"consult": self.consult, "settle": self.settle}

    def consult(self, asker: Asker, request: dict[str, Any]) -> dict[str, Any]:
        """The conversation with `number`, which is read from now on; without one the replies that wait, the most
        pressing first, or with `every` all of them.

        Raises NotPossible, StoreFull.
        """
        zone, answering = self._settings().station.zone, Answering(self._store)
        if "number" in request:
            recipient = answering.read(str(request["number"]), asker.user, self._clock())
            self._changed(None)
            turns = Replies(self._store).conversation(recipient)
            return conversation_document(recipient, self._replies(recipient), turns, zone)
        shown = [one for one in self._replies() if request.get("every") or one.open]
        if shown:
            answering.look_through(len(shown), asker.user, self._clock())
        return {"replies": [reply_document(one, zone) for one in shown]}

    def settle(self, asker: Asker, request: dict[str, Any]) -> dict[str, Any]:
        """No answer is due to `number` any more. Raises NotPossible, StoreFull."""
        batches = Answering(self._store).settle(str(request.get("number", "")), asker.user, self._clock())
        for batch_id in batches or (None,):
            self._changed(batch_id)
        return {"batches": len(batches)}

    def _replies(self, recipient: str | None = None) -> list[Hinted]:
        now, hours = self._clock(), self._settings().replies.overdue_hours
        handed = handed_over(Handovers(self._store).find(recipient=recipient), now)
        return in_order(Replies(self._store).find(recipient=recipient), word_list(self._settings()), now, hours, handed)


def word_list(settings: Settings) -> WordList:
    """The words by which replies are hinted. Raises NotPossible when their files cannot be read."""
    try:
        return load_words(settings.replies.triage_dir)
    except SettingsError as error:
        raise NotPossible(str(error)) from error
