"""The reckoning at the end: each message against what the network knows of it, each file, each text that came in."""

from __future__ import annotations

import sqlite3
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from tests.end_to_end.station import table
from tests.torture.bench import FINAL_REFUSAL, Bench
from tests.torture.witness import Seen, Witness

BEFORE, AFTER = 3.0, 20.0  # seconds round a fault in which a part that was submitted may be in doubt for it
CLOCK_BEHIND, CLOCK_AHEAD = -500.0, 100.0
"""How wrong the clock may be for a status report to be evidence of a part in doubt: see daemon/core/report.py."""
TEXTS_IN = "texts that came in"
SETTLED = ("delivered", "undelivered", "failed", "sent", "in_doubt")


@dataclass(frozen=True, slots=True)
class Trouble:
    """When a fault held that may put a part in doubt (monotonic seconds)."""

    kind: str
    begun: float
    ended: float


@dataclass(slots=True)
class Message:
    """What the database says of one message. `doubts`: when a part in doubt was submitted, in seconds since boot, and
    how far the wall clock was ahead then."""

    state: str
    part_count: int
    doubts: dict[int, tuple[float, float]] = field(default_factory=dict)

    @property
    def waited_in_doubt(self) -> bool:
        """Whether it is in doubt for no submit that is known."""
        return self.state == "in_doubt" and not self.doubts


@dataclass(slots=True)
class Reckoning:
    """`wrong` is empty when all is accounted for. `forgotten`: what a damaged log had held of messages, by their state
    now, and of texts that came in."""

    states: Counter[str] = field(default_factory=Counter)
    doubts: Counter[str] = field(default_factory=Counter)
    forgotten: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


def reckon(bench: Bench, troubles: Sequence[Trouble]) -> Reckoning:
    """Compare the database and the folders with the network's log. The service may run meanwhile."""
    found = Reckoning()
    with closing(sqlite3.connect(f"{bench.database.as_uri()}?mode=ro", uri=True)) as database:
        messages = read_messages(database)
        _texts_in(database, bench, found)
    bench.witness.read()  # what the database knows, the network's log knows too
    changed = frozenset[str]().union(*(loss.changed for loss in bench.losses))
    waited = frozenset[str]().union(*(loss.waiting for loss in bench.losses))
    for recipient, text in bench.asked.texts.items():
        message = messages.pop(recipient, None)
        found.states["gone" if message is None else message.state] += 1
        if recipient in changed or (recipient in waited and message is not None and message.waited_in_doubt):
            found.forgotten["gone" if message is None else message.state] += 1  # and if sent twice, the witness says so
            continue
        if message is None:
            found.wrong.append(f"{recipient}: lost, no message in the database")
            continue
        parts = {seq: bench.witness.parts.get((recipient, seq)) for seq in range(1, message.part_count + 1)}
        _message(bench.witness, recipient, text, message, parts, troubles, found)
    found.wrong += [f"{recipient}: in the database, and nobody asked for it" for recipient in messages]
    _files(bench, found)
    return found


def read_messages(database: sqlite3.Connection) -> dict[str, Message]:
    """By recipient. None is texted twice here, so that one number means one message."""
    rows = database.execute("SELECT recipient, state, part_count FROM messages").fetchall()
    messages = {recipient: Message(state, parts) for recipient, state, parts in rows}
    assert len(messages) == len(rows), "a recipient has two messages: a list was taken twice"
    booted = time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)
    for recipient, seq, up, booted_then in database.execute(
        "SELECT submits.recipient, seq, max(up), at - up FROM submits JOIN parts ON parts.id = part_id"
        " WHERE parts.state = 'in_doubt' AND outcome = 'in_doubt' GROUP BY parts.id"
    ):
        messages[recipient].doubts[seq] = (up, booted_then - booted)
    return messages


def _message(
    witness: Witness, recipient: str, text: str, message: Message, parts: dict[int, Seen | None],
    troubles: Sequence[Trouble], found: Reckoning,
) -> None:  # fmt: skip
    whole = all(seen is not None and seen.accepted for seen in parts.values())
    ends = [_end(witness, recipient, seen) for seen in parts.values() if seen is not None]
    if whole and "".join(seen.text for seen in parts.values() if seen is not None) != text:
        found.wrong.append(f"{recipient}: the network has another text than the list")
    if message.state == "in_doubt":
        right = all(CLOCK_BEHIND <= ahead <= CLOCK_AHEAD for _, ahead in message.doubts.values())
        if whole and right and all(end is not None for end in ends):
            found.wrong.append(f"{recipient}: in doubt, although the network has all parts and reported on them")
        for seq, (up, _) in message.doubts.items():
            cause = _cause(parts[seq], up, troubles, recipient, found)
            found.doubts[cause if right else f"{cause}; by a clock that is no evidence"] += 1
    elif message.state != (expected := _expected(recipient, ends, whole=whole)):
        found.wrong.append(f"{recipient}: {message.state}, and the network's log says {expected}")


def _expected(recipient: str, ends: Sequence[int | None], *, whole: bool) -> str:
    """What has become of a message that is not in doubt, by what the network knows."""
    if not whole:
        return "failed" if recipient.endswith(FINAL_REFUSAL) else "not sent"
    if any(ends):
        return "undelivered"
    return "sent" if None in ends else "delivered"


def _end(witness: Witness, recipient: str, seen: Seen) -> int | None:
    """The TP-Status that the network reported of a part, None when it reported none."""
    statuses = [witness.reports[sim, mr, recipient] for sim, mr in seen.mrs if (sim, mr, recipient) in witness.reports]
    return max(statuses, default=None)


def _cause(
    seen: Seen | None, up: float, troubles: Sequence[Trouble], recipient: str, found: Reckoning
) -> str:
    """Why a part may be in doubt; noted as wrong when nothing excuses it."""
    if seen is not None and seen.lost:
        return "the network lost the part and never answered"
    kinds = sorted({
        trouble.kind for trouble in troubles if trouble.begun - BEFORE <= up <= trouble.ended + AFTER
    })  # fmt: skip
    if not kinds:
        found.wrong.append(f"{recipient}: in doubt, and no fault was near (submitted at {up:.3f})")
        return "no fault was near"
    taken = "accepted, not reported" if seen is not None and seen.accepted else "never reached the network"
    return f"{taken}: {kinds[0] if len(kinds) == 1 else 'several faults were near'}"


def _texts_in(database: sqlite3.Connection, bench: Bench, found: Reckoning) -> None:
    came = Counter(text for (text,) in database.execute("SELECT text FROM inbound WHERE kind = 'deliver'"))
    lost = frozenset[str]().union(*(loss.inbound for loss in bench.losses))
    found.forgotten[TEXTS_IN] += sum(not came[text] for text in lost)
    found.wrong += [f"a reply was lost: {text!r}" for text in bench.asked.inbound - lost if not came[text]]
    found.wrong += [f"a reply came {n} times: {text!r}" for text, n in came.items() if n > 1]


def _files(bench: Bench, found: Reckoning) -> None:
    rejected = bench.station.spool / "rejected"
    for name in bench.asked.bad:
        problems = rejected / f"{name}.problems.csv"
        if not problems.exists() or not all(row["reason"] for row in table(problems)):
            found.wrong.append(f"{name}: a bad file, and no reason for it in rejected/")
    found.wrong += [f"{name}: still in incoming/" for name in left_in(bench)]


def left_in(bench: Bench) -> list[str]:
    """What has been dropped and is not taken in hand yet."""
    return [path.name for path in (bench.station.spool / "incoming").iterdir() if not path.name.startswith(".")]


def waiting(database: Path) -> dict[str, int]:
    """How many messages are in a state that something must still come of."""
    states: defaultdict[str, int] = defaultdict(int)
    with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True, timeout=30)) as connection:
        for state, count in connection.execute("SELECT state, count(*) FROM messages GROUP BY state"):
            states[state] += count
    return {state: count for state, count in states.items() if state not in SETTLED}
