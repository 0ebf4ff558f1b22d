"""Reads a note of handover/outgoing/: what it asks for, as a request to the service."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from daemon.core.not_possible import NotPossible

MOST_BYTES: Final = 4096
_ASSIGN: Final = ("service", "consent", "reply", "phone", "danger", "plain")
_LATER: Final = ("taken", "closed")


def read_note(path: Path) -> dict[str, Any]:
    """The request of a note that is named by a number, to hand a conversation over, or by a reference, to say what came
    of it. Raises NotPossible, OSError."""
    with path.open("rb") as file:
        return request_of(path.stem, file.read(MOST_BYTES).decode("utf-8-sig", "replace"))


def request_of(name: str, text: str) -> dict[str, Any]:
    """The same of a note's name and text. Raises NotPossible."""
    said = {key.strip().lower(): words.strip() for key, _, words in (line.partition(":") for line in _lines(text))}
    unknown = [key for key in said if key not in (*_ASSIGN, *_LATER)]
    if unknown or not said:
        raise NotPossible(
            f"the note holds {f'a line {unknown[0]!r}' if unknown else 'no line'}. A note named by a number has lines "
            "such as `service: NAME`, `consent: WORDS`, `reply: ID` or `phone: TIME`; one named by a reference has "
            "`taken: NAME` or `closed: WORDS`."
        )
    for step, words in (("taken", "who"), ("closed", "outcome")):
        if step in said:
            return {"do": f"handover {step}", "reference": name, words: said[step]}
    request: dict[str, Any] = {"do": "handover assign", "number": name, "service": said.get("service", "")}
    request |= {key: said[key] for key in ("consent", "danger") if key in said}
    if "reply" in said:
        if not said["reply"].isdecimal():
            raise NotPossible("`reply:` takes the number of a reply, as its conversation shows it: reply: 17.")
        request["reply"] = int(said["reply"])
    if "phone" in said:
        request["phoned"] = "" if said["phone"].lower() == "now" else said["phone"]
    request["plain"] = said.get("plain", "").lower() in {"yes", "true"}
    return request


def _lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line.strip()]
