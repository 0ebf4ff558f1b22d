"""Where a modem or a SIM keeps messages: numbered slots, and never more of them than there is room for."""

from __future__ import annotations

from dataclasses import dataclass

UNREAD, READ, UNSENT, SENT, ALL = range(5)  # <stat> in PDU mode, 27.005 §3.1


@dataclass(slots=True)
class Stored:
    """One message in a slot: its <stat> and its PDU with the SMSC octets in front."""

    stat: int
    pdu: str


@dataclass(frozen=True, slots=True)
class Message:
    """One slot as the modem shows it. `length` counts the octets of the TPDU, the SMSC's left out (27.005 §3.1)."""

    index: int
    stat: int
    pdu: str
    length: int


def tpdu_length(pdu: str) -> int:
    """The <length> of a PDU that starts with its SMSC octets; of one that is broken, something near it."""
    try:
        smsc = int(pdu[:2], 16)
    except ValueError:
        smsc = 0
    return max(0, len(pdu) // 2 - 1 - smsc)


class Memory:
    """One message store ("SM", "ME" or "SR") of `size` slots, the first of which is `first`."""

    def __init__(self, name: str, size: int, first: int = 1) -> None:
        self.name = name
        self.size = size
        self.first = first
        self._slots: dict[int, Stored] = {}

    def __len__(self) -> int:
        return len(self._slots)

    def add(self, pdu: str) -> int | None:
        """Keep a PDU in the lowest free slot, and give its index; None when all are taken."""
        for index in range(self.first, self.first + self.size):
            if index not in self._slots:
                self._slots[index] = Stored(UNREAD, pdu)
                return index
        return None

    def valid(self, index: int) -> bool:
        """Whether this memory has such a slot, used or not."""
        return self.first <= index < self.first + self.size

    def read(self, index: int) -> Message | None:
        """One slot, which thereby counts as read; None when it is empty."""
        stored = self._slots.get(index)
        if stored is None:
            return None
        message = Message(index, stored.stat, stored.pdu, tpdu_length(stored.pdu))
        if stored.stat == UNREAD:
            stored.stat = READ
        return message

    def list(self, stat: int) -> list[Message]:
        """The slots of one <stat>, or of all, in order; they thereby count as read."""
        wanted = [index for index, stored in sorted(self._slots.items()) if stat in (ALL, stored.stat)]
        return [message for index in wanted if (message := self.read(index)) is not None]

    def delete(self, index: int) -> None:
        """Free one slot. An empty one is no fault."""
        self._slots.pop(index, None)

    def clear(self, flag: int) -> None:
        """Free many: <delflag> 1 the read, 2 also the sent, 3 also the unsent, 4 all (27.005 §3.5.4)."""
        gone = {1: {READ}, 2: {READ, SENT}, 3: {READ, SENT, UNSENT}, 4: {READ, SENT, UNSENT, UNREAD}}[flag]
        self._slots = {index: stored for index, stored in self._slots.items() if stored.stat not in gone}
