"""A first guess at what a reply is about, so that the most pressing is read first. A hint: every reply is read."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

from daemon.core import optout


class Kind(StrEnum):
    """What a reply seems to be about, the most pressing first."""

    DANGER = "danger"
    CHILD = "child"
    HELP = "help"
    OPT_OUT = "opt_out"
    HOSTILE = "hostile"
    WRONG_NUMBER = "wrong_number"
    OTHER = "other"


GUESSED: Final = tuple(kind for kind in Kind if kind not in {Kind.OPT_OUT, Kind.OTHER})
"""The kinds that a word list can have. An opt-out has rules of its own (`daemon.core.optout`)."""

_PLACES: Final = {kind: place for place, kind in enumerate(Kind)}
MAJORITY: Final = 18
_AGE: Final = re.compile(
    r"\b(?:im|i am|am|aged?|only|just turned|turned|turning|(?<!it )(?:is|hes|shes)) "
    r"(\d{1,2}|(?:thir|four|fif|six|seven)teen|twelve|eleven|ten)\b"
    r"(?! (?:pm|am|mins?|minutes?|hours?|days?|weeks?|months?|times|quid|pounds?|miles?)\b)"
)
_WORD: Final = re.compile(r"[^\W_]+")


class WordList:
    """Phrases for each kind. A phrase is a run of whole words; a word that ends in * stands for all that begin so."""

    def __init__(self, phrases: Mapping[Kind, Iterable[str]]) -> None:
        """Take phrases as people write them.

        Raises ValueError for a phrase without a word, and for a kind that takes none.
        """
        for kind in phrases:
            if kind not in GUESSED:
                raise ValueError(f"{kind.value} takes no word list")
        self._patterns = {kind: pattern for kind, given in phrases.items() if (pattern := _pattern(given)) is not None}

    def kind(self, text: str) -> Kind:
        """The most pressing kind that a word of the text speaks for."""
        if optout.is_stop(text):
            return Kind.OPT_OUT
        plain = _plain(text)
        for kind in GUESSED:
            if kind is Kind.CHILD and _is_child(plain):
                return kind
            pattern = self._patterns.get(kind)
            if pattern is not None and pattern.search(plain):
                return kind
        return Kind.OTHER


def pressing(kind: Kind) -> int:
    """The place of a kind in the order of reading: 0 is read first."""
    return _PLACES[kind]


def _is_child(plain: str) -> bool:
    return any(not age.isdecimal() or int(age) < MAJORITY for age in _AGE.findall(plain))


def _plain(text: str) -> str:
    """Lower case, without accents, marks and apostrophes, words apart by one space: "I'm  13!" is "im 13"."""
    spread = unicodedata.normalize("NFKD", text).casefold().replace("'", "").replace("’", "")
    visible = "".join(character for character in spread if unicodedata.category(character) not in {"Cf", "Mn"})
    return " ".join(_WORD.findall(visible))


def _pattern(phrases: Iterable[str]) -> re.Pattern[str] | None:
    found = []
    for phrase in phrases:
        words = [re.escape(_plain(word)) + (r"\w*" if word.endswith("*") else "") for word in phrase.split()]
        if not any(_plain(word) for word in phrase.split()):
            raise ValueError(f"{phrase!r} holds no word")
        found.append(" ".join(words))
    return re.compile(rf"\b(?:{'|'.join(found)})\b") if found else None
