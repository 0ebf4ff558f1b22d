"""What goes wrong, as data: a script for the network's answers and reports, and what a port does to the bytes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

# What each `do` speaks of. A submit takes the first rule that fits it, of each of these apart.
ASPECTS = {"accept": "answer", "refuse": "answer", "answer": "answer", "report": "report", "prompt": "prompt"}
MODES = {
    "accept": ("",),
    "refuse": ("",),
    "answer": ("late", "never", "never-lost", "drop"),
    "report": ("delivered", "undelivered", "never", "late", "temporary", "twice", "early"),
    "prompt": ("late", "never"),
}
KINDS = ("CMS", "CME", "ERROR")


@dataclass(slots=True)
class Rule:
    """One entry of a script.

    Whom it fits: `sim` (ICCID), `recipient` (a whole number), `ends_with` (last digits); each may be left out. It lets
    `after` fitting submits pass, then holds for `times` of them (None: for ever).

    `do` and `mode`:
    accept         the network takes it; put first, it shields a recipient from later rules.
    refuse         `kind` ("CMS", "CME" or "ERROR") and `code`; with `accepted` the network took it all the same.
    answer late    the network took it, the answer comes `seconds` later; until then the modem is deaf, if `busy`.
    answer never   the network took it, no answer ever comes.
    answer never-lost   no answer comes and the network never had it.
    answer drop    the network took it, and the port goes before the answer; it returns after `seconds` (0: stays away).
    report …       delivered; undelivered; never; late by `seconds`; temporary first, delivered `seconds` later; twice;
                   early (before the answer to the submit). `status` replaces the TP-Status (23.040 §9.2.3.15).
    prompt late, never   the `> ` comes `seconds` later or not at all. It goes by `sim`: there is no recipient yet.
    """

    do: str
    mode: str = ""
    sim: str | None = None
    recipient: str | None = None
    ends_with: str | None = None
    after: int = 0
    times: int | None = None
    code: int = 38
    kind: str = "CMS"
    accepted: bool = False
    seconds: float = 0.0
    busy: bool = True
    status: int | None = None

    def fits(self, sim: str, recipient: str) -> bool:
        """Whether this rule speaks of such a submit."""
        return (
            self.sim in (None, sim)
            and self.recipient in (None, recipient)
            and (self.ends_with is None or recipient.endswith(self.ends_with))
        )


def rule_from(entry: Mapping[str, Any]) -> Rule:
    """A rule out of one JSON object. Raises ValueError, saying what is wrong with it."""
    entry = dict(entry)
    if entry.get("do") in ("undelivered", "delivered"):  # the commonest rules in short
        entry = {**entry, "do": "report", "mode": entry["do"]}
    unknown = sorted(set(entry) - {item.name for item in fields(Rule)})
    if unknown:
        raise ValueError(f"a rule has no key {', '.join(unknown)}")
    do = entry.get("do")
    if do not in ASPECTS:
        raise ValueError(f"a rule cannot do {do!r}; it can: {', '.join(ASPECTS)}, undelivered, delivered")
    rule = Rule(**entry)
    if rule.mode not in MODES[do]:
        raise ValueError(f"{do!r} has no mode {rule.mode!r}; it has: {', '.join(MODES[do])}")
    if rule.kind not in KINDS:
        raise ValueError(f"kind {rule.kind!r} is none of {', '.join(KINDS)}")
    for name, kind in (("after", int), ("times", int), ("code", int), ("status", int), ("seconds", (int, float))):
        value = getattr(rule, name)
        if value is not None and (not isinstance(value, kind) or value < 0):
            raise ValueError(f"{name} is a number from 0 up, not {value!r}")
    if rule.times == 0:
        raise ValueError("times is 1 or more; leave it out for a rule that holds for ever")
    if do == "prompt" and (rule.recipient or rule.ends_with):
        raise ValueError("at the prompt the recipient is not known yet: a prompt rule goes by sim")
    return rule


class Script:
    """The rules in force, oldest first. With none, everything is accepted and delivered."""

    def __init__(self) -> None:
        self._rules: dict[str, list[Rule]] = {"answer": [], "report": [], "prompt": []}

    def add(self, rule: Rule) -> None:
        """Put a rule behind those already there."""
        self._rules[ASPECTS[rule.do]].append(rule)

    def clear(self) -> None:
        """Forget all rules."""
        for rules in self._rules.values():
            rules.clear()

    def take(self, aspect: str, sim: str, recipient: str = "") -> Rule | None:
        """The rule for this submit, counted as used; None when none speaks of it."""
        rules = self._rules[aspect]
        for rule in rules:
            if not rule.fits(sim, recipient):
                continue
            if rule.after > 0:
                rule.after -= 1
                continue
            if rule.times is not None:
                rule.times -= 1
                if rule.times <= 0:
                    rules.remove(rule)
            return rule
        return None


@dataclass(slots=True)
class Transport:
    """What one port does to its bytes. All off: an ideal line.

    noise: "" none, "lines" a vendor's URC between any two lines of the modem, "prompt" also right after the `> `,
    "bytes" also in the midst of a line. `late` is in seconds, for every answer. `dead`: opens, and never answers;
    `hung`: the same, but `AT+CFUN=1,1` cures it.
    """

    noise: str = ""
    one_byte: bool = False
    split_crlf: bool = False
    forced_echo: bool = False
    garbage: bool = False
    late: float = 0.0
    dead: bool = False
    hung: bool = False

    def change(self, **changes: Any) -> None:
        """Set some of the faults. Raises ValueError for one that does not exist."""
        known = {item.name for item in fields(self)}
        unknown = sorted(set(changes) - known)
        if unknown:
            raise ValueError(f"no transport fault {', '.join(unknown)}; there are: {', '.join(sorted(known))}")
        if changes.get("noise", "") not in ("", "lines", "prompt", "bytes"):
            raise ValueError(f"noise is one of '', lines, prompt, bytes; not {changes['noise']!r}")
        for name, value in changes.items():
            setattr(self, name, value)
