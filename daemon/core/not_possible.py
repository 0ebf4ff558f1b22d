"""A person's wish that does not fit the state of things."""

from __future__ import annotations


class NotPossible(Exception):
    """The message says what is there, and what may be done."""
