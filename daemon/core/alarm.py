"""What a person must look at: each alarm says what has happened, since when, and what to do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from daemon.core.handover import Handover


class AlarmKind(StrEnum):
    """The word by which a program tells alarms apart."""

    STOPPED = "stopped"                    # by a person or by the file STOP
    SIM_BLOCKED = "sim_blocked"
    SIM_RESTING = "sim_resting"
    SIM_LEFT_OUT = "sim_left_out"          # more SIMs than max_sims
    WAITS_FOR_ABSENT_SIM = "waits_for_absent_sim"
    IN_DOUBT = "in_doubt"
    SILENT_BLOCKING = "silent_blocking"    # the share of delivered reports falls
    REPLIES_OVERDUE = "replies_overdue"
    HANDOVER_OVERDUE = "handover_overdue"
    ENTRIES_LOST = "entries_lost"          # of the database, by its disk
    CLOCK_BEHIND = "clock_behind"          # before the newest event
    CLOCK_JUMPED = "clock_jumped"
    CLOCK_DIFFERS = "clock_differs"        # from the network's


@dataclass(frozen=True, slots=True, order=True)
class Alarm:
    """`since` is in seconds since the epoch. `text` is for people; it holds no number and no text of a message."""

    since: float
    kind: str
    text: str


def of_sim(
    iccid: str, label: str, *, hold: str, reason: str, since: float, absent: bool, last_seen: float, waiting: int
) -> Iterator[Alarm]:
    """The alarms that one SIM's state gives. `waiting` messages may go through no other SIM."""
    name = f"SIM {iccid}" + (f" ({label})" if label else "")
    if hold == "blocked":
        yield Alarm(since, AlarmKind.SIM_BLOCKED,
                    f"{name} is blocked: {reason}. Its queue is kept. Find the reason with the network, then "
                    f"`outpost sim resume {iccid}`.")
    elif hold == "resting":
        yield Alarm(since, AlarmKind.SIM_RESTING,
                    f"{name} rests: {reason}. It goes on by itself; if it rests again, ask the network.")
    if absent and waiting:
        yield Alarm(last_seen, AlarmKind.WAITS_FOR_ABSENT_SIM,
                    f"{waiting} {_messages(waiting)} for {name}, which is in no modem: plug it in. These people were "
                    f"texted from it, or their batch asks for it. If it is gone for good, `outpost sim retire {iccid} "
                    f"--reason …` lets another SIM text them, and `outpost sim cancel {iccid}` gives them up.")


def of_doubts(count: int, since: float) -> Iterator[Alarm]:
    """The alarm that messages in doubt give."""
    if count:
        yield Alarm(since, AlarmKind.IN_DOUBT,
                    f"{count} {'message is' if count == 1 else 'messages are'} in doubt: `outpost messages --state "
                    "in_doubt` shows them, and why. A late report may still settle them; else an administrator "
                    "decides: `outpost resolve`.")


def of_replies(count: int, since: float, hours: float) -> Iterator[Alarm]:
    """The alarm that people give who have waited for an answer for `hours`, the first of them since then."""
    if count:
        yield Alarm(since, AlarmKind.REPLIES_OVERDUE,
                    f"{count} {'reply has' if count == 1 else 'replies have'} waited {hours:g} hours and more: "
                    "`outpost replies` lists them. Answer, or `outpost replies --done NUMBER` where no answer is due.")


def of_handover(handover: Handover, now: float) -> Iterator[Alarm]:
    """The alarm that a conversation gives which nobody has taken up in time."""
    if handover.overdue(now):
        yield Alarm(handover.due_at, AlarmKind.HANDOVER_OVERDUE,
                    f"Nobody at {handover.service} has taken up hand-over {handover.reference}: ask them, then "
                    f"`outpost handover taken {handover.reference}`.")


def _messages(count: int) -> str:
    return "message waits" if count == 1 else "messages wait"
