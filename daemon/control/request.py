"""Takes the words out of a request, and says which one it lacks."""

from __future__ import annotations

from typing import Any

from daemon.core.not_possible import NotPossible


def word(request: dict[str, Any], key: str) -> str:
    """A word, perhaps empty. Raises NotPossible."""
    value = request.get(key)
    if not isinstance(value, str):
        raise _lacking(key)
    return value


def filled(request: dict[str, Any], key: str) -> str:
    """A word that is not empty. Raises NotPossible."""
    value = word(request, key)
    if not value:
        raise _lacking(key)
    return value


def words(request: dict[str, Any], key: str) -> list[str]:
    """A list of words. Raises NotPossible."""
    values = request.get(key)
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise _lacking(key)
    return values


def _lacking(key: str) -> NotPossible:
    return NotPossible(f"the request lacks {key!r}.")
