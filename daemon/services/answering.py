"""Takes a person's answer to a reply, by command or by a file, and hands it to the queue if it can be sent as it is."""

from __future__ import annotations

from daemon.core.not_possible import NotPossible
from daemon.services.station import Station
from daemon.store.answering import Answered, Answering
from drivers.alphabet import part_count


class Answerer:
    """Whoever answers is told at once what cannot be sent, and why."""

    def __init__(self, station: Station, answering: Answering) -> None:
        self._station = station
        self._answering = answering

    def send(self, number: str, text: str, by: str, once: str | None = None) -> Answered:
        """Queue an answer to this number; the same `once` again changes nothing. Raises NotPossible, StoreFull."""
        text = text.strip()
        if not text:
            raise NotPossible("the text is empty: write what is to be sent.")
        parts, most = part_count(text), self._station.settings.sending.max_parts
        if parts > most:
            raise NotPossible(f"the text needs {parts} parts, and max_parts is {most}: shorten it.")
        answered = self._answering.answer(number, text, parts, by, self._station.clock.now(), once)
        for batch_id in answered.batches:
            self._station.changed(batch_id)
        self._station.ring_lines()
        return answered
