"""The dry run: what would become of a file if it were dropped now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from daemon.core.batch import NewMessage, Problem
from daemon.core.message import MessageState
from daemon.intake.opening import opened
from daemon.intake.readers import kind_of
from daemon.intake.readers.items import Unreadable
from daemon.intake.rows import Rules, Sifted, sift
from daemon.intake.sandbox import read_items
from daemon.intake.spool import name_fault
from daemon.settings import Settings
from drivers.alphabet import encoding_of


@dataclass(frozen=True, slots=True)
class Checked:
    """What a file holds. `unreadable` says why none of it would be taken, "" when some of it would.

    `messages` are those that would be texted, `parts` all of theirs together; `alphabets` counts them by alphabet, and
    `reasons` the bad cells by reason.
    """

    unreadable: str = ""
    rows: int = 0
    good: int = 0
    rejected: int = 0
    duplicates: int = 0
    parts: int = 0
    alphabets: Mapping[str, int] = field(default_factory=dict)
    reasons: Mapping[str, int] = field(default_factory=dict)
    problems: Sequence[Problem] = ()
    notes: Sequence[str] = ()
    messages: Sequence[NewMessage] = ()


def check(path: Path, settings: Settings, now: float) -> Checked:
    """Read a file as the drop folder would, and write nothing. A link given by hand is followed.

    Raises OSError when there is no such file or the machine cannot read it.
    """
    if fault := name_fault(path.name):
        return Checked(unreadable=fault)
    with opened(path.resolve(strict=True)) as file:
        kind = kind_of(path.name)
        if isinstance(file, Unreadable):
            return Checked(unreadable=file.reason)
        with closing(read_items(file.descriptor, kind)) as items:
            sifted = sift(items, Rules.of(settings), now)
    if isinstance(sifted, Unreadable):
        problem = Problem(0, sifted.line, sifted.column, sifted.value, sifted.reason)
        return Checked(unreadable=sifted.reason, problems=[problem])
    return _counted(sifted)


def _counted(sifted: Sifted) -> Checked:
    texted = [message for message in sifted.messages if message.state is not MessageState.SUPPRESSED]
    return Checked(
        unreadable="" if sifted.messages else "every row is bad",
        rows=len(sifted.messages) + len(sifted.rejected),
        good=len(texted),
        rejected=len(sifted.rejected),
        duplicates=sifted.duplicates,
        parts=sum(message.parts for message in texted),
        alphabets=dict(Counter(str(encoding_of(message.text)) for message in texted)),
        reasons=dict(Counter(problem.reason for problem in sifted.problems)),
        problems=sifted.problems,
        notes=sifted.notes,
        messages=texted,
    )
