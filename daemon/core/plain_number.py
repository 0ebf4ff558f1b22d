"""Reads the numbers that make up most lists, mobiles of the station's own country written plainly, with one pattern."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Final

import phonenumbers
from phonenumbers import PhoneMetadata, PhoneNumberDesc, PhoneNumberType

_OTHER_KINDS: Final = (
    "premium_rate", "toll_free", "shared_cost", "voip", "personal_number", "pager", "uan", "voicemail",
)  # fmt: skip
"""What libphonenumber takes a number for before it asks whether it is a mobile."""
_LEAST_DIGITS: Final = 8


@dataclass(frozen=True, slots=True)
class PlainForm:
    """How a mobile of one country is written plainly: with `+` and the country's code, or as it is dialled at home.

    It is made of libphonenumber's own patterns for that country, and says no where these leave any doubt.
    """

    pattern: re.Pattern[str]
    country_code: int
    kind: int               # PhoneNumberType of all that the pattern matches

    def e164(self, cell: str) -> str | None:
        """The number in E.164, None for all that is written or meant otherwise: that takes libphonenumber itself."""
        found = self.pattern.fullmatch(cell.replace(" ", ""))
        return None if found is None else f"+{self.country_code}{found['national']}"


@cache
def plain_form(country: str) -> PlainForm | None:
    """The form of a region (ISO 3166); None where its numbers look like those of another, or have no pattern."""
    plan = PhoneMetadata.metadata_for_region(country, None)
    if plan is None or plan.country_code is None:
        return None
    if phonenumbers.region_code_for_country_code(plan.country_code) != country:
        return None
    one_range = plan.same_mobile_and_fixed_line_pattern
    mobile, not_meant = (plan.fixed_line, ()) if one_range else (plan.mobile, ("fixed_line",))
    whole, wanted = _of(plan.general_desc), _of(mobile)
    sizes = [n for n in _lengths(mobile) or _lengths(plan.general_desc) if n >= _LEAST_DIGITS]
    if not whole or not wanted or not sizes:
        return None
    others = [other for kind in (*_OTHER_KINDS, *not_meant) if (other := _of(getattr(plan, kind)))]
    looks = [rf"(?={plan.leading_digits or ''})", rf"(?={'|'.join(rf'[0-9]{{{n}}}$' for n in sizes)})"]
    looks += [f"(?=(?:{whole})$)", *(f"(?!(?:{other})$)" for other in others)]
    prefix = plan.national_prefix_for_parsing or "$."  # matches nothing
    ways = [rf"\+{plan.country_code}(?!{prefix})"]
    if prefix.partition("|")[0] == "0" and plan.national_prefix_transform_rule is None:
        ways.append(rf"(?!{plan.international_prefix or '00'})0")
    return PlainForm(
        re.compile(rf"(?:{'|'.join(ways)})(?P<national>(?!0){''.join(looks)}(?:{wanted}))", re.ASCII),
        plan.country_code,
        PhoneNumberType.FIXED_LINE_OR_MOBILE if one_range else PhoneNumberType.MOBILE,
    )


def _of(kind: PhoneNumberDesc | None) -> str:
    return (kind and kind.national_number_pattern) or ""


def _lengths(kind: PhoneNumberDesc | None) -> tuple[int, ...]:
    return kind.possible_length if kind else ()
