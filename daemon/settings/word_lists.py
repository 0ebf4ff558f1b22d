"""Reads the word lists of triage: one TOML file a language, all of them taken together."""

from __future__ import annotations

import tomllib
from pathlib import Path

from daemon.core.triage import GUESSED, Kind, WordList
from daemon.settings.faults import Fault, SettingsError

_EXAMPLE = 'write lists of words and phrases, such as danger = ["kill*", "want to die"]'


def load_words(folder: Path) -> WordList:
    """The words of every `.toml` file in a folder. No folder, or an empty one: no hints but those that need no list.

    Raises SettingsError with every fault of the first file that cannot be used.
    """
    phrases: dict[Kind, list[str]] = {}
    for file in sorted(folder.glob("*.toml")):
        try:
            table = tomllib.loads(file.read_text("utf-8"))
        except (OSError, ValueError) as error:
            raise SettingsError(file, [Fault("", None, f"cannot be read: {error}; {_EXAMPLE}")]) from error
        faults = [fault for key, value in table.items() if (fault := _fault(key, value)) is not None]
        if faults:
            raise SettingsError(file, faults)
        for key, value in table.items():
            phrases.setdefault(Kind(key), []).extend(value)
    return WordList(phrases)


def _fault(key: str, value: object) -> Fault | None:
    if key not in set(GUESSED):
        return Fault(key, None, f"is no kind of reply; the kinds: {', '.join(GUESSED)}")
    if not isinstance(value, list) or not all(isinstance(phrase, str) for phrase in value):
        return Fault(key, None, 'takes a list of words and phrases, such as ["who is this", "kill*"]')
    try:
        WordList({Kind(key): value})
    except ValueError as error:
        return Fault(key, None, f"{error}; take it out")
    return None
