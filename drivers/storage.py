"""The messages that a modem or SIM has stored: listing, reading and deleting by memory and index."""

from __future__ import annotations

from collections.abc import Sequence

from drivers import answers
from drivers.library import CommandError, Session
from drivers.modem import ModemSilent
from drivers.types import Inbound, Slot

LIST_SECONDS = 12.0  # until its first line, and between two
READ_SECONDS = 10.0
FILLED = 2
"""What was stored for sending is cleared away where it takes half of a memory: it would block what arrives."""
MOST_INDEXES = 256
"""How far to look, index by index, where the list fails."""


class Storage:
    """The memories of one modem. An empty name stands for the only one, where AT+CPMS does not work."""

    def __init__(self, session: Session, memories: Sequence[str]) -> None:
        self._session = session
        self._memories = tuple(memories)
        self.rooms: dict[str, tuple[int, int]] = {}  # of each memory; what its list gave counts as freed

    def list_stored(self) -> list[Inbound]:
        """Every inbound PDU in every memory, and what was stored for sending where it leaves too little room.

        A memory that cannot be opened just now is left out; the next sweep comes.

        Raises PortLost or ModemSilent.
        """
        stored: list[Inbound] = []
        for memory in self._memories:
            try:
                stored.extend(self._list(memory))
            except CommandError:
                continue
        return stored

    def read(self, slot: Slot) -> Inbound | None:
        """Raises PortLost or ModemSilent."""
        try:
            self._use(slot.memory)
            pdu = answers.one_read(self._session.ask(f"AT+CMGR={slot.index}", READ_SECONDS))
        except CommandError:  # an empty slot is an error with some modems (CMS 321), an empty OK with others
            return None
        return Inbound(pdu, slot) if pdu else None

    def delete(self, slot: Slot) -> bool:
        """False when the modem refuses: the PDU is then still there. Raises PortLost or ModemSilent."""
        try:
            self._use(slot.memory)
            self._session.ask(f"AT+CMGD={slot.index}", READ_SECONDS)
        except CommandError as error:
            return bool(error.code == 321)  # the slot is empty already
        return True

    def _list(self, memory: str) -> list[Inbound]:
        room = None
        if memory:
            room = answers.room(self._session.ask(f'AT+CPMS="{memory}"'))
            self._session.has_memory(memory)
        used = None if room is None else room[0]
        try:
            lines = self._session.ask("AT+CMGL=4", LIST_SECONDS)
        except (CommandError, ModemSilent):  # some modems hang in it or do not have it
            return self._note(memory, room, self._one_by_one(memory, used))
        if not lines and used:  # some list nothing although there is something
            return self._note(memory, room, self._one_by_one(memory, used))
        found = answers.listed(lines)
        if room is not None and (room[0] - len(found)) * FILLED >= room[1] > 0:
            found = answers.listed(lines, outbound=True)
        return self._note(memory, room, [Inbound(pdu, Slot(memory, index)) for index, pdu in found if pdu])

    def _note(self, memory: str, room: tuple[int, int] | None, listed: list[Inbound]) -> list[Inbound]:
        if room is not None:
            self.rooms[memory] = max(0, room[0] - len(listed)), room[1]
        return listed

    def _one_by_one(self, memory: str, used: int | None) -> list[Inbound]:
        """By index, from 0 since some count so, until as many as are in use were seen or an index is beyond the end."""
        stored: list[Inbound] = []
        seen = 0
        for index in range(MOST_INDEXES):
            if used is not None and seen >= used:
                break
            try:
                lines = self._session.ask(f"AT+CMGR={index}", READ_SECONDS)
            except CommandError:
                if used is None and index > 0:
                    break
                continue
            seen += bool(lines)
            pdu = answers.one_read(lines)
            if pdu:
                stored.append(Inbound(pdu, Slot(memory, index)))
        return stored

    def _use(self, memory: str) -> None:
        memory = memory or self._memories[0]
        if memory and self._memories != ("",):
            self._session.use_memory(memory)
