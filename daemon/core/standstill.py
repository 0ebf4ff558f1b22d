"""Why a SIM cannot send at all just now, in words for people; when it will, nobody can tell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

NO_TIME: Final = "no time is known: "
"""What `next_reason` of a status document begins with then, before the words that say why."""


def stopped(paused_by: str | None, stop_file: object | None, *, in_configuration: bool) -> str:
    """Who or what stopped the station, or this SIM `in_configuration`; "" where nothing did.

    `paused_by` is who paused the station, `stop_file` the path of the file STOP.
    """
    if paused_by is not None:
        return f"the station is paused by {paused_by}"
    if stop_file is not None:
        return f"the station is stopped by the file {stop_file}"
    return "paused in the configuration" if in_configuration else ""


def next_time(sim: Mapping[str, Any]) -> str:
    """When a SIM of a status document sends next, in ISO 8601; "" where nobody can tell."""
    return "" if sim["next_reason"].startswith(NO_TIME) else str(sim["next_allowed_at"])
