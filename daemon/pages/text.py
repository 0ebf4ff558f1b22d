"""What the station shows of itself, as plain text for a terminal: documents in, lines out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from daemon.core.standstill import NO_TIME, next_time

if TYPE_CHECKING:
    from daemon.store.restore import Restored


def status_lines(document: dict[str, Any]) -> Iterator[str]:
    """The station at a glance."""
    station = document["station"]
    yield f"{station['name']}, {station['updated_at']}{'' if station['running'] else ': the service is not running'}"
    for alarm in document["alarms"]:
        yield f"! {alarm['text']} (since {alarm['since']})"
    yield "replies: " + (_counts(station["replies"]) or "none")
    if reading := station["reading"]:
        yield f"reading {reading['file']}: {reading['rows']} rows so far"
    for part in LINES:
        yield ""
        yield from LINES[part](document[part])


def restored_lines(database: Path, backup: Path, restored: Restored) -> Iterator[str]:
    """What a restore has done, and what is left to do."""
    yield f"{database} is {backup} now."
    how = {
        "whole": "is whole", "damaged": "is damaged, and was read as far as that goes",
        "none": "cannot be read, or is another station's",
    }  # fmt: skip
    if restored.kept is None:
        yield "There was no database before it."
    else:
        yield f"The one before it {how[restored.evidence]}. It is kept as {restored.kept}; remove it once all is well."
    yield f"Settled by what it says: {restored.settled} messages that were open in the backup."
    yield f"In doubt: {restored.in_doubt}."
    yield "Start the service: systemctl start outpost"
    if restored.in_doubt:
        yield "`outpost messages --state in_doubt` lists them; then `outpost resolve` settles them, also a whole batch."


def _sim_lines(sims: Sequence[dict[str, Any]]) -> Iterator[str]:
    return table(
        ("SIM", "LABEL", "STATE", "WHY", "NEXT SUBMIT", "USED", "LEFT"),
        [(s["iccid"], s["label"], s["state"], _why(s), _next(s), _used(s), _left(s)) for s in sims],
        "no SIM has been seen yet",
    )


def _modem_lines(modems: Sequence[dict[str, Any]]) -> Iterator[str]:
    return table(
        ("PORT", "STATE", "MODEL", "SIGNAL", "NETWORK", "WHY"),
        [(m["port"], m["state"], m["model"], _dbm(m["signal_dbm"]), _network(m), m["reason"]) for m in modems],
        "no port is in use",
    )


def _network(modem: dict[str, Any]) -> str:
    words = (modem["network"], modem["bearer"], "roaming" if modem["registered"] == "roaming" else "")
    return " ".join(filter(None, words))


def _count_lines(counts: dict[str, int]) -> Iterator[str]:
    yield "messages: " + (_counts(counts) or "none")


def _batch_lines(batches: Sequence[dict[str, Any]]) -> Iterator[str]:
    return table(
        ("BATCH", "STATE", "ROWS", "REJECTED", "MESSAGES"),
        [(b["name"], b["state"], b["rows"], b["rejected"], _counts(b["messages"])) for b in batches],
        "no batch yet",
    )


LINES: Mapping[str, Callable[[Any], Iterator[str]]] = {
    "sims": _sim_lines,
    "modems": _modem_lines,
    "messages": _count_lines,
    "batches": _batch_lines,
}
"""Each part of the status document in the order of reading, and how it is written."""


def message_lines(documents: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Messages, a line each, and below them what is known of each doubt."""
    documents = list(documents)
    yield from table(
        ("ID", "BATCH", "ROW", "TO", "STATE", "PARTS", "SIM", "WHY"),
        [
            (m["id"], m["batch"], m["row"], m["to"], m["state"], _parts(m["parts"]), m["sim"] or "", m["reason"])
            for m in documents
        ],
        "no messages",
    )
    for message in documents:
        yield from _doubt_lines(message)


def _doubt_lines(message: dict[str, Any]) -> Iterator[str]:
    for part in message["parts"]:
        for submit in part["submits"]:
            if submit["outcome"] == "in_doubt":
                passed = f"; last between us and the modem: {submit['exchanged']}" if submit["exchanged"] else ""
                yield f"message {message['id']}, part {part['seq']}: in doubt since {submit['at']}{passed}"


def table(header: Sequence[str], rows: Iterable[Sequence[object]], empty: str) -> Iterator[str]:
    """Columns as wide as their widest cell; `empty` when there are no rows."""
    cells = [[str(cell) for cell in row] for row in rows]
    if not cells:
        yield empty
        return
    widths = [max(len(row[n]) for row in (list(header), *cells)) for n in range(len(header))]
    for row in (list(header), *cells):
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{n} {state}" for state, n in counts.items() if n)


def _used(sim: dict[str, Any]) -> str:
    return ", ".join(f"{key} {n}/{sim['limits'][key]}" for key, n in sim["used"].items() if sim["limits"][key])


def _why(sim: dict[str, Any]) -> str:
    return str(sim["reason"] if next_time(sim) else sim["next_reason"].removeprefix(NO_TIME))


def _next(sim: dict[str, Any]) -> str:
    at = next_time(sim)
    return f"{at} {sim['next_reason']}".rstrip() if at else NO_TIME.rstrip(": ")


def _left(sim: dict[str, Any]) -> str:
    return ", ".join(f"{key} {n}" for key, n in sim["left"].items()) or "no limit"


def _dbm(signal: int | None) -> str:
    return "" if signal is None else f"{signal} dBm"


def _parts(parts: Sequence[dict[str, Any]]) -> str:
    done = sum(part["state"] in ("sent", "delivered", "undelivered") for part in parts)
    return f"{done}/{len(parts)}"
