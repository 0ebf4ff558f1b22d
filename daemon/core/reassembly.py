"""Puts the parts of a long inbound text together again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from drivers.types import Concat, Deliver

GAP: Final = "[…]"
"""Stands in the text for each run of parts that never came."""


@dataclass(frozen=True, slots=True)
class GroupKey:
    """What the parts of one text have in common (23.040 §9.2.3.24.1). A sender may use a reference again later."""

    iccid: str
    sender: str
    ref: int
    ref_bits: int
    total: int


@dataclass(frozen=True, slots=True)
class Joined:
    """A text as far as its parts came. `missing` are the numbers of the parts that did not, counted from 1."""

    text: str
    complete: bool
    missing: tuple[int, ...]


def group_key(deliver: Deliver, iccid: str) -> GroupKey | None:
    """The text that a part belongs to, None when the deliver is whole by itself."""
    concat = deliver.concat
    if concat is None:
        return None
    return GroupKey(iccid, deliver.sender, concat.ref, concat.ref_bits, concat.total)


def join(parts: Sequence[tuple[Concat, str]]) -> Joined:
    """Join the parts of one group, in whatever order and however often each came; of copies the first counts.

    A character that was cut in two between parts is whole again; half of one, whose other half never came, reads as
    U+FFFD. Raises ValueError without any part.
    """
    if not parts:
        msg = "a text has at least one part"
        raise ValueError(msg)
    came: dict[int, str] = {}
    for concat, text in parts:
        came.setdefault(concat.seq, text)
    wanted = range(1, parts[0][0].total + 1)
    missing = tuple(seq for seq in wanted if seq not in came)
    pieces = []
    for seq in wanted:
        if seq in came:
            pieces.append(came[seq])
        elif seq - 1 not in missing:
            pieces.append(GAP)
    return Joined(_whole_characters("".join(pieces)), not missing, missing)


def _whole_characters(text: str) -> str:
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
