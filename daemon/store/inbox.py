"""What came in: each PDU committed once, before its slot is freed; reports matched to parts, texts to replies."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from daemon.core.chain import What
from daemon.core.message import PartState
from daemon.core.report import OpenPart, match, part_state
from daemon.store.arrivals import Arrival, keep_deliver, keep_undecodable, octets_of, texted_as
from daemon.store.audit import Seal, record
from daemon.store.connection import Store
from daemon.store.moves import Report, derive_message, finish_batch, move_part, settle_part
from drivers.types import Deliver, Received, StatusReport, Undecodable

OPEN_PARTS = 50
"""How many parts with one MR a report is compared with, newest first: MR comes round every 256 submits."""


@dataclass(frozen=True, slots=True)
class Saved:
    """What PDUs brought that were not there before. `batches` are those whose messages a report or a STOP changed."""

    batches: frozenset[int]
    arrivals: tuple[Arrival, ...]


class Inbox:
    """Every method that changes something is one transaction. `now` is in seconds since the epoch."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def save(self, iccid: str, received: Received, now: float) -> int | None:
        """Commit one inbound PDU; the batch whose message it changed, if any. May raise StoreFull."""
        return next(iter(self.save_all(iccid, [received], now).batches), None)

    def save_all(
        self, iccid: str, received: Sequence[Received], now: float,
        *, country: str = "", meaning: Callable[[int], str] = lambda _status: "",
    ) -> Saved:  # fmt: skip
        """Commit inbound PDUs, oldest first: all of them or none. One that this SIM brought before changes nothing.

        `country` is the region (ISO 3166) of senders that are written nationally; "": they stay as they are. `meaning`
        puts a TP-Status into words. May raise StoreFull.
        """
        batches: set[int] = set()
        arrivals: list[Arrival] = []
        with self._store.writing() as conn:
            for one in received:
                match one:
                    case StatusReport():
                        batch_id = _save_report(conn, iccid, one, now, meaning(one.status))
                        batches.update(() if batch_id is None else (batch_id,))
                    case Deliver():
                        arrival = _save_deliver(conn, iccid, one, now, country)
                        arrivals.extend(() if arrival is None else (arrival,))
                    case Undecodable():
                        inbound_id = _insert(conn, iccid, one.pdu, now, "undecodable", reason=one.reason)
                        if inbound_id is not None:
                            keep_undecodable(conn, iccid, one, inbound_id, now)
        return Saved(frozenset(batches.union(*(arrival.batches for arrival in arrivals))), tuple(arrivals))

    def submitted_at(self, iccid: str, report: StatusReport) -> float | None:
        """When the part was submitted, by our clock, that this report was found to speak of; None for one of none."""
        row = self._store.conn.execute(
            "SELECT submits.at FROM inbound JOIN submits ON submits.part_id = inbound.part_id"
            " AND submits.mr = inbound.mr WHERE inbound.iccid = ? AND inbound.pdu = ? ORDER BY submits.id DESC LIMIT 1",
            (iccid, report.pdu),
        ).fetchone()
        return None if row is None else float(row[0])

    def texted_as(self, sender: str) -> str | None:
        """The MSISDN, as the queue writes it, of the newest message to this sender; None when it was never texted."""
        return texted_as(self._store.conn, sender)


def _insert(conn: sqlite3.Connection, iccid: str, pdu: str, now: float, kind: str, **columns: object) -> int | None:
    names = ["iccid", "pdu", "received_at", "kind", *columns]
    row = conn.execute(
        f"INSERT INTO inbound ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
        " ON CONFLICT DO NOTHING RETURNING id",
        (iccid, pdu, now, kind, *columns.values()),
    ).fetchone()
    return None if row is None else int(row["id"])


def _save_report(
    conn: sqlite3.Connection, iccid: str, report: StatusReport, now: float, meaning: str
) -> int | None:
    at = None if report.discharge is None else report.discharge.timestamp()
    inbound_id = _insert(
        conn, iccid, report.pdu, now, "report", number=report.recipient, mr=report.mr, tp_status=report.status, at=at,
        reason=meaning,
    )  # fmt: skip
    if inbound_id is None:
        return None
    part_id = match(report, _open_parts(conn, iccid, report.mr), now)
    _put_on_record(conn, iccid, report, part_id, now)
    if part_id is None:
        return None
    _confirm_doubt(conn, part_id, report, now)
    # PENDING still: it only notes the report.
    why = settle_part(conn, part_id, [Report(inbound_id, report.status, at, meaning)], now)
    batch_id = derive_message(conn, part_id, now, why)
    finish_batch(conn, batch_id, now)
    return batch_id


def _put_on_record(
    conn: sqlite3.Connection, iccid: str, report: StatusReport, part_id: int | None, now: float
) -> None:
    """A report whose part is not known yet stands under the station's own seal."""
    batch = conn.execute(
        "SELECT batch_id FROM parts JOIN messages ON messages.id = message_id WHERE parts.id = ?", (part_id,)
    ).fetchone()
    seal = Seal(conn, batch and batch["batch_id"])
    record(
        conn, now, What.REPORT, sim=iccid, mr=report.mr, tp_status=report.status, message_part=part_id,
        pdu=seal(report.pdu),
    )  # fmt: skip


def _confirm_doubt(conn: sqlite3.Connection, part_id: int, report: StatusReport, now: float) -> None:
    """A report for a part in doubt proves that the network took it: the submit that fits its time best.

    A part that is to be sent again stays so when the report says that the first submit never reached the person.
    """
    submits = conn.execute(
        "SELECT id, at FROM submits WHERE part_id = ? AND outcome IN ('in_doubt', 'submitting')", (part_id,)
    ).fetchall()
    moment = now if report.scts is None else report.scts.timestamp()
    submit = min(submits, key=lambda row: abs(row["at"] - moment), default=None)
    if submit is None:
        return
    waits_again = conn.execute("SELECT state FROM parts WHERE id = ?", (part_id,)).fetchone()["state"] == "pending"
    in_vain = waits_again and part_state(report.status) is PartState.UNDELIVERED
    if in_vain or move_part(conn, part_id, PartState.SENT, mr=report.mr, sent_at=submit["at"]):
        conn.execute("UPDATE submits SET outcome = 'accepted', mr = ? WHERE id = ?", (report.mr, submit["id"]))


def _save_deliver(
    conn: sqlite3.Connection, iccid: str, deliver: Deliver, now: float, country: str
) -> Arrival | None:
    concat = deliver.concat
    inbound_id = _insert(
        conn, iccid, deliver.pdu, now, "deliver",
        number=deliver.sender,
        text=deliver.text,
        data=octets_of(deliver),
        at=None if deliver.scts is None else deliver.scts.timestamp(),
        concat_ref=concat and concat.ref,
        concat_bits=concat and concat.ref_bits,
        concat_total=concat and concat.total,
        concat_seq=concat and concat.seq,
        reason=str(deliver.content),
    )  # fmt: skip
    return None if inbound_id is None else keep_deliver(conn, iccid, deliver, inbound_id, now, country)


def _open_parts(conn: sqlite3.Connection, iccid: str, mr: int) -> list[OpenPart]:
    """The parts of this SIM that a report with this MR may speak of, newest first, then those in doubt."""
    with_mr = conn.execute(
        f"{_PARTS} WHERE iccid = ? AND submits.mr = ? AND outcome = 'accepted' ORDER BY at DESC LIMIT ?",
        (iccid, mr, OPEN_PARTS),
    ).fetchall()
    doubtful = conn.execute(f"{_PARTS} WHERE iccid = ? AND outcome IN ('in_doubt', 'submitting')", (iccid,)).fetchall()
    return [OpenPart(r[0], r[1], r[2], PartState(r[3]), r[4], r[5]) for r in (*with_mr, *doubtful)]


_PARTS = (
    "SELECT part_id, submits.mr, recipient, parts.state, at, valid_until FROM submits JOIN parts ON parts.id = part_id"
)
