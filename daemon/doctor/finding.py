"""What a check has found, and how it is written for people and for programs."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class State(StrEnum):
    """How things stand with what was looked at."""

    OK = "ok"
    WARN = "warn"  # it works, and will not always
    BAD = "bad"    # texts do not go out, or may be lost


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check has to say. `cure` is what to do, "" where nothing is."""

    name: str
    state: State
    what: str
    cure: str = ""


Findings = Iterator[Finding]


def ok(name: str, what: str) -> Finding:
    return Finding(name, State.OK, what)


def warn(name: str, what: str, cure: str) -> Finding:
    return Finding(name, State.WARN, what, cure)


def bad(name: str, what: str, cure: str) -> Finding:
    return Finding(name, State.BAD, what, cure)


def is_bad(findings: Iterable[Finding]) -> bool:
    """Whether anything must be put right before the station can be relied on."""
    return any(finding.state is State.BAD for finding in findings)


def document(findings: Iterable[Finding]) -> dict[str, Any]:
    """What `outpost doctor --json` gives."""
    return {"checks": [asdict(finding) for finding in findings]}


def lines(findings: Iterable[Finding], width: int) -> Iterator[str]:
    """The same for a terminal of so many columns: a line for each finding, and its cure below it."""
    for finding in findings:
        yield from textwrap.wrap(
            f"{finding.state.value:<5} {finding.name}: {finding.what}", max(width, 40), subsequent_indent=" " * 6,
            break_long_words=False, break_on_hyphens=False,
        )  # fmt: skip
        if finding.cure:
            yield from textwrap.wrap(
                finding.cure, max(width, 40), initial_indent="      -> ", subsequent_indent=" " * 9,
                break_long_words=False, break_on_hyphens=False,
            )  # fmt: skip
