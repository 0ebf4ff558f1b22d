"""Puts the fields of a row into a wording: `{name}` stands for a column of the list, `{{` and `}}` for a brace."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

_TOKEN: Final = re.compile(r"\{\{|\}\}|\{([^{}\r\n]*)\}|[{}]")


class BadTemplate(ValueError):
    """The wording cannot be used. The message says which brace, in which line, and what to write instead."""


class NoValue(ValueError):
    """The row has nothing for a field. The message names the field."""


@dataclass(frozen=True, slots=True)
class Template:
    """A wording that was read. `pieces` are its fixed texts, one more than `fields`, which stand between them."""

    pieces: tuple[str, ...]
    fields: tuple[str, ...]

    def fill(self, row: Mapping[str, str]) -> str:
        """The text for one row. What a cell holds is put in as it is: a brace in it means nothing.

        Raises NoValue when a field is missing or empty in the row: half a sentence is not sent.
        """
        values = []
        for name in self.fields:
            value = row.get(name, "").strip()
            if not value:
                raise NoValue(f"the row has nothing in its column {name}, which the text uses")
            values.append(value)
        return "".join(piece + value for piece, value in zip(self.pieces, [*values, ""], strict=True))


def field_name(written: str) -> str:
    """A column's name as fields are compared by: lower case, with single spaces."""
    return " ".join(written.lower().split())


def parse(wording: str) -> Template:
    """Read a wording. Raises BadTemplate."""
    pieces, fields = [""], []
    end = 0
    for token in _TOKEN.finditer(wording):
        pieces[-1] += wording[end : token.start()]
        end = token.end()
        if token[0] in ("{{", "}}"):
            pieces[-1] += token[0][0]
        elif token[1] and field_name(token[1]):
            fields.append(field_name(token[1]))
            pieces.append("")
        else:
            line = wording.count("\n", 0, token.start()) + 1
            raise BadTemplate(
                f"line {line}: {token[0]!r} is no field: write {{name}} with the name of a column, "
                "or {{ and }} for a brace that is to be sent"
            )
    pieces[-1] += wording[end:]
    return Template(tuple(pieces), tuple(fields))
