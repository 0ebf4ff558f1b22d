"""Finds the line of each key in a TOML text, which tomllib does not tell."""

from __future__ import annotations

import re

Path = tuple[str, ...]

_KEY = r"""[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"|'[^']*'"""
_DOTTED = rf"(?:{_KEY})(?:[ \t]*\.[ \t]*(?:{_KEY}))*"
_ONE_KEY = re.compile(_KEY)
_TABLE = re.compile(rf"[ \t]*\[\[?[ \t]*({_DOTTED})[ \t]*\]")
_PAIR = re.compile(rf"[ \t]*({_DOTTED})[ \t]*=")
_TOKEN = re.compile(r'''"""|\'\'\'|"(?:[^"\\]|\\.)*"|'[^']*'|#.*|[\[\]{}]|\\.|.''')


def key_lines(text: str) -> dict[Path, int]:
    """The line, from 1, of each table and key of a valid TOML text.

    Keys inside an inline table, and those with escapes, are left out.
    """
    lines: dict[Path, int] = {}

    def note(path: Path, number: int) -> None:
        for length in range(1, len(path) + 1):  # a.b.c = 1 opens a and a.b too
            lines.setdefault(path[:length], number)

    table: Path = ()
    quote, depth = "", 0  # the multi-line string and the brackets that are open where a line begins
    for number, line in enumerate(text.split("\n"), 1):
        start = 0
        if not quote and not depth:
            if header := _TABLE.match(line):
                table = _split(header[1])
                note(table, number)
                continue
            if pair := _PAIR.match(line):
                note((*table, *_split(pair[1])), number)
                start = pair.end()
        quote, depth = _left_open(line[start:], quote, depth)
    return lines


def nearest(lines: dict[Path, int], path: Path) -> int | None:
    """The line of `path`, or of the closest table around it that has one."""
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return None


def _split(dotted: str) -> Path:
    return tuple(key.strip("\"'") for key in _ONE_KEY.findall(dotted))


def _left_open(rest: str, quote: str, depth: int) -> tuple[str, int]:
    """Which multi-line string and how many brackets are still open at the end of a line."""
    for token in _TOKEN.findall(rest):
        if quote:
            quote = "" if token == quote else quote
        elif token in ('"""', "'''"):
            quote = token
        elif token in ("[", "{"):
            depth += 1
        elif token in ("]", "}"):
            depth -= 1
    return quote, depth
