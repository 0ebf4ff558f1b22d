"""What people texted back to each batch, in people: what they are about, and how many were handed over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final
from xml.etree.ElementTree import Element

from daemon.core.handover import Handover
from daemon.core.reply import ReplyKind
from daemon.core.triage import Kind, pressing
from daemon.pages.looks import words
from daemon.pages.markup import row, table
from daemon.pages.replies import Hinted

HELP: Final = (Kind.DANGER, Kind.CHILD, Kind.HELP)
"""The kinds of replies that ask for help."""


@dataclass(frozen=True, slots=True)
class Replied:
    """People of one batch who texted back, each counted once, by the most pressing of their replies."""

    kinds: Mapping[Kind, int] = field(default_factory=dict)
    handed_over: int = 0

    @property
    def people(self) -> int:
        return sum(self.kinds.values())

    @property
    def asked_for_help(self) -> int:
        return sum(self.kinds.get(kind, 0) for kind in HELP)


NOBODY: Final = Replied()


class Answers:
    """What people texted back, gathered while their replies pass by."""

    def __init__(self) -> None:
        self._most: dict[tuple[str, str], Kind] = {}  # by batch and person

    def watch(self, hinted: Iterable[Hinted]) -> Iterator[Hinted]:
        """Hand the replies through, and keep what presses most."""
        for one in hinted:
            if one.reply.kind is ReplyKind.TEXT and one.reply.batch:
                person = one.reply.batch, one.reply.recipient
                self._most[person] = min(one.about, self._most.get(person, one.about), key=pressing)
            yield one

    def replied(self, handovers: Iterable[Handover]) -> dict[str, Replied]:
        """What each batch was answered, by its name; those that nobody answered are left out."""
        handed = {(one.batch, one.recipient) for one in handovers if one.batch}
        kinds: dict[str, Counter[Kind]] = {}
        for (batch, _), kind in self._most.items():
            kinds.setdefault(batch, Counter())[kind] += 1
        given = Counter(batch for batch, _ in handed)
        return {batch: Replied(dict(kinds.get(batch, {})), given[batch]) for batch in kinds.keys() | given.keys()}


def kinds_table(numbers: Mapping[Kind, int | str]) -> Element:
    """How many people texted what, the most pressing first."""
    rows = (row(words(kind), str(numbers[kind])) for kind in Kind if kind in numbers)
    caption = "What people texted back, a guess by its words: each person once, by what is most pressing"
    return table(("About", "People"), *rows, caption=caption, empty="Nobody has texted back.")
