"""Tells whether a reply, as a whole, asks to be texted no more or to be texted again, or is for a person to read first.

The whole message must say so: "I want to quit" or "stop them hurting me" is no opt-out but a disclosure, and nothing
more is sent to that number before a person has read it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from typing import Final

STOP_WORDS: Final = (
    "stop", "stopall", "stop all", "stop now", "unsubscribe", "unsub", "cancel", "end", "quit", "revoke", "optout",
    "opt out", "remove", "remove me",
)
_TEXTS: Final = "(?:texts?|txts?|text messages?|messages?|msgs?|sms)"
_TEXTING: Final = "(?:texting|txting|messaging|msging|contacting|spamming)"
_ME: Final = "(?:me|us|this number|my number|my phone)"
_MORE: Final = "(?: (?:again|any ?more|now))?"
_LIST: Final = "(?:your|ur|the|this) (?:(?:mailing|contact|text) )?(?:list|database|system|records)"
_NOT: Final = "(?:do not|don t|dont)"
_WISH: Final = "(?:(?:i (?:want|wish|would like|d like|need)|id like) to )?"
STOP_PHRASES: Final = (
    f"{_WISH}(?:unsubscribe|opt ?out)",
    "unsubscribe (?:me|us)(?: from (?:this|these|your|the) (?:list|service|texts|messages))?",
    "opt (?:(?:me|us) )?out(?: of (?:this|these|your|the|all)(?: list| service| texts| messages)?)?",
    f"(?:stop|quit) {_TEXTING}(?: {_ME})?{_MORE}",
    f"stop (?:sending|send) {_ME}? ?(?:any more |any |all |these |those |the |your )?{_TEXTS}{_MORE}",
    f"stop (?:me )?(?:all |these |those |the |your )?{_TEXTS}",
    f"(?:{_NOT}|never|stop) (?:text|txt|message|msg|contact|spam) {_ME}{_MORE}",
    f"{_NOT} send (?:{_ME} )?(?:any more |any |more |these |your )?{_TEXTS}(?: to {_ME})?{_MORE}",
    f"(?:i )?{_NOT} want (?:to (?:get|receive|have) )?(?:any |more |of |these |your )*{_TEXTS}{_MORE}",
    f"no more {_TEXTS}",
    f"{_WISH}stop (?:receiving|getting) (?:any more |any |these |your |the )?{_TEXTS}",
    f"(?:remove|take|delete|get) {_ME} (?:from|off|out of) {_LIST}",
    f"(?:remove|delete) my (?:number|details)(?: (?:from|off) {_LIST})?",
    f"{_WISH}be (?:removed|taken)(?: (?:from|off))? {_LIST}",
    f"{_WISH}(?:unsubscribe|unsub|opt out) from (?:this|these|your|the)(?: list| service| texts| messages)?",
    f"cancel (?:the |these |my |your )?(?:{_TEXTS}|subscription)",
)
START_WORDS: Final = ("start", "unstop", "optin", "opt in", "opt me in", "subscribe", "resubscribe")
COURTESIES: Final = (
    "please", "pls", "plz", "thank you(?: very much| so much)?", "thankyou", "thank u", "(?:many )?thanks(?: a lot)?",
    "thx", "tnx", "ty", "ta", "cheers", "sorry", "hi", "hello", "hey", "ok", "okay", "no (?:thanks|thank you)",
    "not interested", "(?:kind |best )?regards", "x+", "mate", "m8", "bro", "pal", "sir", "madam", "guys",
    "(?:you (?:have|got) (?:the )?|u got |its (?:the )?|it s (?:the )?)?wrong (?:number|person)",
    "who (?:is|are|the hell is|the fuck is) (?:this|you)", "whos this", "who s this", "leave me alone",
)
_POLITE: Final = (
    "i (?:want|would like|d like|need|told) (?:you|u) to", "can (?:you|u)", "could (?:you|u)",
    "will (?:you|u)", "would (?:you|u)(?: kindly)?", "just", "kindly", "and",
)
"""May stand before a phrase that is clear in itself, and never before a bare word: "I want to quit" is no opt-out."""

FOR_A_PERSON: Final = frozenset({
    "stop", "stops", "stopped", "stopping", "quit", "quitting", "cancel", "end", "ends", "ending", "remove", "revoke",
    "unsubscribe", "optout", "help", "sos", "hurt", "hurts", "hurting", "beat", "beats", "beating", "hit", "hits",
    "hitting", "scared", "afraid", "frightened", "danger", "unsafe", "threatened", "threatening", "threat", "threats",
    "kill", "killed", "killing", "die", "dying", "suicide", "suicidal", "overdose", "overdosed", "rape", "raped",
    "abused", "abuse", "forced", "forcing", "trapped", "999", "emergency", "ambulance", "police",
})  # fmt: skip
"""Any of these in a text that is neither STOP nor START may be a disclosure: a person reads it first."""

_WORD: Final = re.compile(r"[^\W_]+")
_STRETCHED: Final = re.compile(r"s+t+o+p+")  # STOOOP
_OATHS: Final = re.compile(r" ?\b(?:f+u+c+k+(?:in|ing)?(?: off| sake)?|fuck ?off|effing|bloody|damn|ffs|piss off)\b ?")


def _whole_message(words: Sequence[str], phrases: Sequence[str] = ()) -> re.Pattern[str]:
    courtesy, word = "|".join(COURTESIES), "|".join(words)
    if phrases:
        word = f"{word}|(?:(?:{'|'.join(_POLITE)}|please|pls|plz) )*(?:{'|'.join(phrases)})"
    return re.compile(rf"(?:(?:{courtesy}) )*(?:{word})(?: (?:and )?(?:{word}|{courtesy}))*")


@cache  # at the first text, not at the start: these two take longer to compile than most commands have
def _stop() -> re.Pattern[str]:
    return _whole_message(STOP_WORDS, STOP_PHRASES)


@cache
def _start() -> re.Pattern[str]:
    return _whole_message(START_WORDS)


_LONGEST: Final = 160  # an opt-out is short, and matching must not be made slow by what a stranger sends


def is_stop(text: str) -> bool:
    """Whether the whole message asks to be texted no more, punctuation, emoji and courtesies aside."""
    return _says(_stop(), text)


def is_start(text: str) -> bool:
    """Whether the whole message takes an opt-out back. "Yes" does not: it may answer anything."""
    return _says(_start(), text)


def is_for_a_person(text: str) -> bool:
    """Whether a reply may tell of somebody in need: nothing more goes to that number before a person has read it."""
    return not FOR_A_PERSON.isdisjoint(_words(text)) and not is_stop(text) and not is_start(text)


def _says(request: re.Pattern[str], text: str) -> bool:
    if len(text) > _LONGEST:
        return False
    words = " ".join("stop" if _STRETCHED.fullmatch(word) else word for word in _words(text))
    return request.fullmatch(_OATHS.sub(" ", words).strip()) is not None


def _words(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKC", text).casefold()
    visible = "".join(character for character in plain if unicodedata.category(character) not in {"Cf", "Mn"})
    return _WORD.findall(visible)
