"""The record's chain: what is recorded, how an entry is written and linked to all before it, and how a break is found.

The hash of an entry is SHA-256 over the previous entry's hash (its 32 octets; zeros before the first) and the entry.
So the last hash, the head, speaks for all: whoever kept one on paper can tell later whether anything before it was
changed, left out or put in.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class What(StrEnum):
    """The kinds of entries."""

    START = "start"                  # of the service
    STOP = "stop"
    LOSS = "loss"                    # a disk has lost entries of the database that were committed
    CONFIGURATION = "configuration"  # what the service goes by is not what it went by before
    CLOCK = "clock"                  # the wall clock was set
    COLLECTION = "collection"        # a list was taken in
    RELEASE = "release"
    PAUSE = "pause"
    RESUME = "resume"
    CANCEL = "cancel"
    SUBMISSION = "submission"        # a part may leave from this moment
    ANSWER = "answer"                # what the network, or nobody, said to a submission
    REPORT = "report"                # a status report came
    RESOLVE = "resolve"
    CONSULTATION = "consultation"    # somebody read what a person wrote
    DISCLOSURE = "disclosure"        # data left the station for somebody
    OPT_OUT = "opt-out"
    OPT_IN = "opt-in"                # an opt-out was taken back
    EXCLUSION = "exclusion"          # people were put on a list of exclusions, or taken off
    RETIREMENT = "retirement"        # of a SIM that is gone for good
    ERASURE = "erasure"


SERVICE: Final = "service"
"""Who did it, when no person did."""
NOTHING: Final = "0" * 64
"""What the first entry is linked to."""
_JSON: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False)
_HEAD: Final = re.compile(r"([0-9]{1,15}):([0-9a-f]{16,64})")


@dataclass(frozen=True, slots=True)
class Head:
    """The last entry of a chain at some moment: its number and hash. From a person's hand the hash may be shortened."""

    seq: int
    hash: str

    def __str__(self) -> str:
        return f"{self.seq}:{self.hash}"

    @classmethod
    def parse(cls, text: str) -> Head | None:
        """A head as it is printed, `SEQ:HASH`, with at least 16 digits of the hash; None when it is none."""
        match = _HEAD.fullmatch("".join(text.split()).lower())
        return None if match is None else cls(int(match[1]), match[2])


@dataclass(frozen=True, slots=True)
class Break:
    """Where the chain does not hold, and how."""

    seq: int
    reason: str


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check of a whole chain found; `head` is None for an empty one."""

    entries: int
    head: Head | None
    breaks: tuple[Break, ...]


def canonical(entry: Mapping[str, object]) -> str:
    """The one way to write an entry: JSON in ASCII, with sorted keys and no spaces."""
    return _JSON.encode(entry)


def link(previous: str, entry: str) -> str:
    """The hash, in hex, of an entry that follows the one with the hash `previous`."""
    return hashlib.sha256(bytes.fromhex(previous) + entry.encode("utf-8", "surrogateescape")).hexdigest()


def check(rows: Iterable[tuple[int, str, str]], heads: Iterable[Head] = ()) -> Checked:
    """Follow a chain of (number, entry, hash) from its beginning, and compare it with heads kept elsewhere."""
    wanted = {head.seq: head for head in heads}
    breaks: list[Break] = []
    last = Head(0, NOTHING)
    entries = 0
    for seq, entry, hash_ in rows:
        entries += 1
        if seq != last.seq + 1:
            breaks.append(Break(last.seq + 1, f"missing: after entry {last.seq} comes entry {seq}"))
        elif link(last.hash, entry) != hash_:
            breaks.append(Break(seq, "changed: the entry, or the one before it, is not as it was recorded"))
        elif _number_in(entry) != seq:
            breaks.append(Break(seq, "changed: the entry bears another number"))
        if seq in wanted and not hash_.startswith(wanted.pop(seq).hash):
            breaks.append(Break(seq, "replaced: the head that was kept elsewhere has another hash"))
        last = Head(seq, hash_ if _is_hash(hash_) else NOTHING)
    breaks += [Break(last.seq + 1, f"cut: entries up to {seq} were there when the head was kept") for seq in wanted]
    return Checked(entries, last if entries else None, tuple(breaks))


def _number_in(entry: str) -> object:
    try:
        return json.loads(entry)["seq"]
    except (ValueError, KeyError, TypeError):
        return None


def _is_hash(text: str) -> bool:
    return len(text) == len(NOTHING) and all(character in "0123456789abcdef" for character in text)
