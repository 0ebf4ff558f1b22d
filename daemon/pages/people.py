"""Opt-outs and exclusions as documents and as plain text. Neither ever holds a number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import tzinfo
from typing import Any

from daemon.clock import iso
from daemon.pages.text import table
from daemon.store.lists import Category, OptOut


def optout_document(optouts: Sequence[OptOut], zone: tzinfo) -> dict[str, Any]:
    """What `outpost optouts --json` gives."""
    return {"optouts": [{"hash": one.hash, "at": iso(one.at, zone), "source": one.source} for one in optouts]}


def optout_lines(document: dict[str, Any], asked: int = 0) -> Iterator[str]:
    """The same for a terminal. So many numbers were asked about, 0: all."""
    rows = [(one["at"], one["source"], one["hash"][:24] + "…") for one in document["optouts"]]
    nobody = f"none of these {asked} has opted out" if asked else "nobody has opted out"
    yield from table(("SINCE", "SOURCE", "HASH"), rows, nobody)
    if rows:
        yield f"{len(rows)} in all"


def exclusion_document(people: int, categories: Sequence[Category] | None, zone: tzinfo) -> dict[str, Any]:
    """What `outpost exclusions --json` gives; without the categories for whoever may not see them."""
    document: dict[str, Any] = {"people": people}
    if categories is not None:
        document["categories"] = [
            {"category": one.name, "people": one.people,
             "first_at": iso(one.first_at, zone), "last_at": iso(one.last_at, zone)}
            for one in categories
        ]  # fmt: skip
    return {"exclusions": document}


def exclusion_lines(document: dict[str, Any]) -> Iterator[str]:
    """The same for a terminal."""
    exclusions = document["exclusions"]
    yield f"{exclusions['people']} people are excluded"
    if exclusions.get("categories"):
        yield from table(
            ("CATEGORY", "PEOPLE", "FIRST", "LAST"),
            [(c["category"], c["people"], c["first_at"], c["last_at"]) for c in exclusions["categories"]],
            "",
        )
