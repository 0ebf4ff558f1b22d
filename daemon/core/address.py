"""Turns what people write in a cell into a number that can be texted, or says plainly why it cannot."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import phonenumbers
from phonenumbers import PhoneNumberType, ValidationResult

from daemon.core.plain_number import plain_form

_KIND: Final[Mapping[int, str]] = {
    PhoneNumberType.MOBILE: "mobile",
    PhoneNumberType.FIXED_LINE_OR_MOBILE: "landline or mobile",  # one range holds both, as in the United States
}
_NOT_MOBILE: Final[Mapping[int, str]] = {
    PhoneNumberType.FIXED_LINE: "a landline",
    PhoneNumberType.TOLL_FREE: "a freephone number",
    PhoneNumberType.PREMIUM_RATE: "a premium rate number",
    PhoneNumberType.SHARED_COST: "a shared cost number",
    PhoneNumberType.VOIP: "an internet telephone number, not a mobile",
    PhoneNumberType.PERSONAL_NUMBER: "a personal number (070 in the UK), which forwards calls and is not a mobile",
    PhoneNumberType.PAGER: "a pager",
    PhoneNumberType.UAN: "a company's number, not a mobile",
    PhoneNumberType.VOICEMAIL: "a voicemail number",
}
_UNASSIGNED_GB: Final[Mapping[str, str]] = {
    "1": "a landline", "2": "a landline", "3": "a company's number, not a mobile",
    "8": "a service number, not a mobile", "9": "a premium rate number",
}
_PLACES: Final[Mapping[str, str]] = {
    "GB": "the United Kingdom", "IM": "the Isle of Man", "JE": "Jersey", "GG": "Guernsey", "IE": "Ireland",
}
_GB: Final = 44
_DRAMA_GB: Final = range(7700900000, 7700901000)
"""Ofcom keeps these for drama; phonenumbers calls them possible, not valid. Taken, so that training and examples can
use numbers that ring nowhere. https://www.ofcom.org.uk/phones-and-broadband/phone-numbers/numbers-for-drama"""

_SPOILT: Final = re.compile(r"[+-]?\d+(?:[.,]\d+)?e[+-]?\d+", re.IGNORECASE)
_SPREADSHEET_WRAP: Final = re.compile(r"""\s*(?:=\s*)?["'](.*?)["']?\s*""", re.DOTALL)  # ="07…" and '07… keep a zero
_WHOLE_FLOAT: Final = re.compile(r"(\d{7,})\.0")
_SEPARATOR: Final = re.compile(r"[;,/|&\r\n+]|\b(?:or|and)\b", re.IGNORECASE)
_LIST: Final = re.compile(r"[;,/|&]|\b(?:or|and)\b|(?<=\d)\s*(?=\+)", re.IGNORECASE)
_LABELLED: Final = re.compile(r"\s*([^\W\d_][^:@\d]{0,60}):(.*)", re.DOTALL)  # "Phone-Mobile: 07…"
_NUMBER_LABELS: Final = ("phone", "mobile", "tel", "cell", "number", "msisdn", "whatsapp", "home", "work", "sms")
_CHAT_ID: Final = re.compile(r"\+?([0-9]{7,15}(?:-[0-9]+)?)@([a-z.]+)", re.IGNORECASE)
_CHAT_PEOPLE: Final = frozenset({"s.whatsapp.net", "c.us"})  # @g.us is a group
_FOREIGN_SIGN: Final = re.compile(r"[^0-9+.()\[\]/\s\u2010-\u2015\u2212-]")  # the dashes of word processors are welcome
_MIN_DIGITS: Final = 7           # fewer are a short code
_MAX_DIGITS: Final = 15 + 5      # E.164, with an exchange's prefix and "(0)"


@dataclass(frozen=True, slots=True)
class Number:
    """A number that can be texted. `e164` is "+" and digits. `kind` is "mobile" or "landline or mobile"."""

    e164: str
    kind: str


@dataclass(frozen=True, slots=True)
class NotTextable:
    """Why not, for people. The reason holds no digits of the number."""

    reason: str


def parse(cell: str, country: str, *, international: bool) -> Number | NotTextable:
    """Read one cell. `country` is the region (ISO 3166) for numbers written nationally.

    Numbers of other regions are taken only when `international`. The Isle of Man, Jersey and Guernsey are regions of
    their own, though they share +44 with Great Britain; many tariffs charge texts to them as foreign.
    """
    text = _clean(cell)
    reason = _unreadable(text)
    if reason:
        return NotTextable(reason)
    if _digits(text) < _MIN_DIGITS:
        if phonenumbers.is_emergency_number(text, country):
            return NotTextable("an emergency number")
        return NotTextable("a short code or too short, not a mobile number")
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return NotTextable("no telephone number")
    return _judge(number, country, international=international)


def e164(cell: str, country: str) -> str | None:
    """Any subscriber's number in E.164, textable or not; None for words, short codes and several numbers."""
    text = _clean(cell)
    if _unreadable(text) or _digits(text) < _MIN_DIGITS:
        return None
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException:
        return None
    possible = phonenumbers.is_possible_number(number)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) if possible else None


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A number of a cell with several that gets no text: as it was written, and why."""

    written: str
    reason: str


@dataclass(frozen=True, slots=True)
class Cell:
    """What one cell of a list gives: the numbers to text, in its order, and those that get none.

    `reason` says why there is no number to text, "" when there is one. Neither it nor another reason holds digits of a
    number.
    """

    numbers: tuple[Number, ...] = ()
    reason: str = ""
    left_out: tuple[LeftOut, ...] = ()


def read_cell(cell: str, country: str, *, international: bool) -> Cell:
    """Read a cell that may hold several numbers, with labels or chat ids, as exports of phones write them.

    Every mobile in it counts, each once. `country` and `international` are as for `parse`.
    """
    form = plain_form(country)
    plain = form and form.e164(cell)
    if form and plain:
        return Cell((Number(plain, _KIND[form.kind]),))
    entries = [entry for line in cell.splitlines() for entry in _entries(line)]
    pieces = list(dict.fromkeys(entry for entry in entries if entry))
    if not pieces:
        return Cell(reason="no telephone number among these entries" if entries else "no number in this cell")
    found = [(piece, parse(piece, country, international=international)) for piece in pieces]
    numbers = tuple(dict.fromkeys(number for _, number in found if isinstance(number, Number)))
    bad = tuple(LeftOut(piece, number.reason) for piece, number in found if isinstance(number, NotTextable))
    if numbers:
        return Cell(numbers, left_out=bad)
    if len(bad) == 1:
        return Cell(reason=bad[0].reason)
    reasons = "; ".join(dict.fromkeys(each.reason for each in bad))
    return Cell(reason=f"no mobile among {len(bad)} numbers: {reasons}", left_out=bad)


def _entries(line: str) -> Iterable[str]:
    """The numbers in one line as `parse` takes them; "" for an entry of another kind. What is no list stays whole."""
    labelled = _LABELLED.fullmatch(line)
    if labelled:
        label, line = labelled[1].casefold(), labelled[2].strip()
        if "whatsapp" in label and line.isascii() and line.isdecimal():
            return [f"+{line}"]
        if "@" not in line and not any(word in label for word in _NUMBER_LABELS):
            return [""]
    chat = _CHAT_ID.fullmatch(line.strip())
    if chat:
        return [f"+{chat[1]}" if chat[2].casefold() in _CHAT_PEOPLE else ""]
    if labelled and "@" in line:
        return [""]  # an e-mail address or another service's id
    pieces = [piece for piece in _LIST.split(line) if piece.strip()]
    if len(pieces) > 1 and all(_digits(piece) >= _MIN_DIGITS for piece in pieces):
        return [entry for piece in pieces for entry in _entries(piece)]
    return pieces if len(pieces) == 1 else [line] if pieces else []


def _clean(cell: str) -> str:
    """Drop what is not seen (direction marks, zero-width), unify spaces and digits, and unpack `tel:`, ="…" and '…."""
    plain = cell if cell.isascii() else "".join(map(_plain, cell))
    wrapped = _SPREADSHEET_WRAP.fullmatch(plain)
    plain = (wrapped[1] if wrapped else plain).strip()
    if plain[:4].casefold() == "tel:":
        plain = plain[4:].strip()
    whole = _WHOLE_FLOAT.fullmatch(plain)
    return whole[1] if whole else plain


def _plain(character: str) -> str:
    """Letters and raised digits stay as they are, to be refused: a footnote's mark is no part of a number."""
    category = unicodedata.category(character)
    if category == "Nd":
        return str(unicodedata.decimal(character))
    if category == "Cf":
        return ""
    return unicodedata.normalize("NFKC", character) if category[0] in "PSZ" else character


def _digits(text: str) -> int:
    return sum(map(str.isdigit, text))


def _several(text: str) -> bool:
    return sum(_digits(piece) >= _MIN_DIGITS for piece in _SEPARATOR.split(text)) > 1


_UNREADABLE: Final[Sequence[tuple[Callable[[str], object], str]]] = (
    (lambda text: not any(map(str.isalnum, text)), "no number in this cell"),
    (_SPOILT.fullmatch, "spoilt by a spreadsheet, which rounded its digits away: take it from the source again"),
    (_several, "several numbers in one cell: give each a row of its own"),
    (lambda text: any(map(str.isalpha, text)), "holds letters"),
    (lambda text: "*" in text or "#" in text, "a service code, not a number"),
    (_FOREIGN_SIGN.search, "holds signs that no number has"),
    (lambda text: _digits(text) > _MAX_DIGITS, "too long, or several numbers in one cell"),
)
"""Why a cell is not one number: the first that holds."""


def _unreadable(text: str) -> str:
    return next((reason for holds, reason in _UNREADABLE if holds(text)), "")


def _judge(number: phonenumbers.PhoneNumber, country: str, *, international: bool) -> Number | NotTextable:
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    drama = number.country_code == _GB and number.national_number in _DRAMA_GB
    kind = PhoneNumberType.MOBILE if drama else phonenumbers.number_type(number)
    if kind == PhoneNumberType.UNKNOWN:
        return NotTextable(_unknown(number, country, international=international))
    region = "GB" if drama else phonenumbers.region_code_for_number(number)
    if region != country and not international:
        return NotTextable(f"a number of {_place(region)}, not of {_place(country)}; sending.international is off")
    if kind in _KIND:
        return Number(e164, _KIND[kind])
    return NotTextable(_NOT_MOBILE.get(kind, "not a mobile"))


def _unknown(number: phonenumbers.PhoneNumber, country: str, *, international: bool) -> str:
    """Why a number that is in no plan cannot be texted."""
    if number.country_code != phonenumbers.country_code_for_region(country) and not international:
        return f"a number outside {_place(country)}; sending.international is off"
    length = phonenumbers.is_possible_number_for_type_with_reason(number, PhoneNumberType.MOBILE)
    if length == ValidationResult.TOO_LONG:
        return "too long"
    if length != ValidationResult.IS_POSSIBLE:
        return "too short"
    if number.country_code == _GB:
        return _UNASSIGNED_GB.get(str(number.national_number)[0], "a number that nobody has been given")
    return "a number that nobody has been given"


def _place(region: str | None) -> str:
    if region is None or region == "001":  # satellite and other networks of no country
        return "no country"
    return _PLACES.get(region, f"region {region}")
