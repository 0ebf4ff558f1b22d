"""Hand-overs as documents and lines, and the packet for a service: one conversation, and nobody else's data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import tzinfo
from typing import Any, Final

from daemon.clock import iso
from daemon.core.handover import Handover
from daemon.core.reply import Turn
from daemon.pages.looks import moment
from daemon.pages.replies import turn_document, turn_lines
from daemon.pages.status import handover_standing
from daemon.pages.text import table
from daemon.settings import Service, Station

FOLDER: Final = "handover"
"""Where packets lie, in the spool."""


def packet_name(handover: Handover, *, is_sealed: bool) -> str:
    """The name of its file, which tells nothing of the person."""
    return f"{handover.service}-{handover.reference}.txt{'.age' if is_sealed else ''}"


def packet(handover: Handover, turns: Sequence[Turn], service: Service, station: Station) -> str:
    """What the service reads."""
    return "".join(f"{line}\n" for line in _packet_lines(handover, turns, service, station))


def _packet_lines(handover: Handover, turns: Sequence[Turn], service: Service, station: Station) -> Iterator[str]:
    zone, consent = station.zone, handover.consent
    yield f"Hand-over {handover.reference} from {station.name}"
    yield ""
    yield f"To:           {handover.service}{f', {service.contact}' if service.contact else ''}"
    yield f"Handed over:  {moment(handover.assigned_at, zone)}, by {handover.assigned_by}"
    yield f"Answer by:    {moment(handover.due_at, zone)}; tell the station, by this reference, that you have it"
    yield f"The person:   {handover.recipient}"
    if consent is None:
        yield f"No consent:   {handover.danger}"
    else:
        yield f"Consent:      {consent.words}"
        yield f"              by {consent.how}, {moment(consent.at, zone)}, noted by {handover.assigned_by}"
    if handover.batch:
        yield f"Batch:        {handover.batch}{f', reference {handover.ref}' if handover.ref else ''}"
    for turn in turns:
        yield from turn_lines(turn_document(turn, zone), zone)


def handover_document(handover: Handover, now: float, zone: tzinfo) -> dict[str, Any]:
    """One hand-over as `outpost handover --json` gives it. What is not known or has not happened is null."""
    consent = handover.consent
    return {
        **handover_standing(handover, now, zone),
        "number": handover.recipient,
        "batch": handover.batch,
        "consent": consent and {"words": consent.words, "at": iso(consent.at, zone), "how": consent.how},
        "without_consent": handover.danger,
        "assigned_by": handover.assigned_by,
        "taken_by": handover.taken_by,
        "taken_at": handover.taken_at and iso(handover.taken_at, zone),
        "closed_by": handover.closed_by,
        "closed_at": handover.closed_at and iso(handover.closed_at, zone),
        "outcome": handover.outcome,
    }


def handover_lines(documents: Sequence[dict[str, Any]]) -> Iterator[str]:
    """Hand-overs, a line each."""
    return table(
        ("REFERENCE", "NUMBER", "SERVICE", "STATE", "ASSIGNED", "ANSWER BY", "CONSENT"),
        [
            (
                d["reference"], d["number"], d["service"], standing(d), d["assigned_at"], d["due_at"],
                f"{d['consent']['how']}: {d['consent']['words']}" if d["consent"] else f"none: {d['without_consent']}",
            )
            for d in documents
        ],
        "nothing is handed over and open",
    )  # fmt: skip


def standing(document: dict[str, Any]) -> str:
    """Its state in words."""
    return f"{document['state']}{', overdue' if document['overdue'] else ''}"
