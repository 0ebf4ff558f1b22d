"""Tells whether a reply, as a whole, asks to be texted no more, or to be texted again.

The whole message must say so: "I want to quit" or "stop them hurting me" is a disclosure for a person to read, and no
opt-out.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

STOP_WORDS: Final = (
    "stop", "stopall", "stop all", "unsubscribe", "cancel", "end", "quit", "revoke", "optout", "opt out", "remove",
)
STOP_PHRASES: Final = (
    "unsubscribe me", "opt me out",
    "(?:stop|quit) (?:texting|messaging|txting)(?: me)?",
    "stop (?:sending )?(?:me )?(?:these |the |your )?(?:texts|txts|messages|msgs)",
    "(?:remove|take) me (?:from|off) (?:your|the|this) (?:mailing )?list",
    "(?:remove|delete) my number",
)
START_WORDS: Final = ("start", "unstop", "optin", "opt in", "subscribe", "resubscribe")
COURTESIES: Final = (
    "please", "pls", "plz", "thank you(?: very much| so much)?", "thankyou", "thank u", "(?:many )?thanks(?: a lot)?",
    "thx", "ty", "ta", "cheers", "sorry", "hi", "hello", "ok", "okay", "no (?:thanks|thank you)",
    "(?:kind |best )?regards", "x+",
)

_WORD: Final = re.compile(r"[^\W_]+")


def _whole_message(requests: Sequence[str]) -> re.Pattern[str]:
    request, courtesy = "|".join(requests), "|".join(COURTESIES)
    return re.compile(rf"(?:(?:{courtesy}) )*(?:{request})(?: (?:{request}|{courtesy}))*")


_STOP: Final = _whole_message((*STOP_WORDS, *STOP_PHRASES))
_START: Final = _whole_message(START_WORDS)
_LONGEST: Final = 160  # an opt-out is short, and matching must not be made slow by what a stranger sends


def is_stop(text: str) -> bool:
    """Whether the whole message asks to be texted no more, punctuation, emoji and courtesies aside."""
    return _says(_STOP, text)


def is_start(text: str) -> bool:
    """Whether the whole message takes an opt-out back. "Yes" does not: it may answer anything."""
    return _says(_START, text)


def _says(request: re.Pattern[str], text: str) -> bool:
    if len(text) > _LONGEST:
        return False
    plain = unicodedata.normalize("NFKC", text).casefold()
    visible = "".join(character for character in plain if unicodedata.category(character) not in {"Cf", "Mn"})
    return request.fullmatch(" ".join(_WORD.findall(visible))) is not None
