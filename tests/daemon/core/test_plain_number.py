"""The short way through a list's numbers: wherever it answers, it answers as libphonenumber does."""

from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import PhoneNumberType

from daemon.core.address import Cell, Number, parse, read_cell
from daemon.core.plain_number import plain_form

COUNTRIES = sorted(country for country in phonenumbers.SUPPORTED_REGIONS if plain_form(country))
EXAMPLES = {
    country: sorted({
        phonenumbers.national_significant_number(example)
        for kind in PhoneNumberType.values() if (example := phonenumbers.example_number_for_type(country, kind))
    })
    for country in COUNTRIES
}  # fmt: skip


@st.composite
def written(draw: st.DrawFn) -> tuple[str, str]:
    """A country, and a number near one of its plan as people may write it."""
    country = draw(st.sampled_from(COUNTRIES) | st.sampled_from(["GB", "US", "DE", "FR"]))
    digits = list(draw(st.sampled_from(EXAMPLES[country])))
    for _ in range(draw(st.integers(0, 6))):
        digits[draw(st.integers(0, len(digits) - 1))] = draw(st.sampled_from("0123456789"))
    digits = digits[: len(digits) - draw(st.sampled_from([0] * 8 + [1, 2]))]
    code = phonenumbers.country_code_for_region(country)
    before = draw(st.sampled_from([f"+{code}", "0", f"+{code}", "0", "", "00", "+", "1", "8", str(code), f"+{code}0"]))
    cell = before + "".join(digits) + draw(st.sampled_from([""] * 8 + ["0", "7"]))
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(cell)))
        cell = cell[:at] + " " + cell[at:]
    return country, cell


@given(written(), st.booleans())
def test_its_answer_is_libphonenumbers_own(number: tuple[str, str], international: bool) -> None:
    country, cell = number
    form = plain_form(country)
    assert form
    e164 = form.e164(cell)
    if e164 is None:
        return
    whole = parse(cell, country, international=international)
    assert isinstance(whole, Number)
    assert whole.e164 == e164
    assert (whole.kind == "mobile") == (form.kind == PhoneNumberType.MOBILE)
    labelled = read_cell(f"Phone-Mobile: {cell}", country, international=international)
    assert labelled == read_cell(cell, country, international=international) == Cell((whole,))


@pytest.mark.parametrize("country", ["GB", "IE", "FR", "DE", "ES", "IT", "NL", "SE", "FI", "PL", "IN", "AU", "US"])
def test_a_mobile_in_e164_needs_no_longer_way(country: str) -> None:
    mobile = phonenumbers.example_number_for_type(country, PhoneNumberType.MOBILE)
    e164 = phonenumbers.format_number(mobile, phonenumbers.PhoneNumberFormat.E164)
    form = plain_form(country)
    assert form
    assert form.e164(e164) == e164


@pytest.mark.parametrize(("cell", "expected"), [
    ("07400123456", "+447400123456"), ("07400 123 456", "+447400123456"), (" +44 7400 123456 ", "+447400123456"),
    ("+447700900123", None),    # kept for drama: in no plan
    ("07624123456", None),      # the Isle of Man
    ("07600 123456", None), ("02079460123", None), ("070 1234 5678", None),
    ("00447400123456", None), ("447400123456", None), ("+44 (0)7400 123456", None), ("07400-123456", None),
    ("07400123456\n", None), ("\u0660\u0667400123456", None), ("0740012345", None), ("074001234567", None), ("", None),
])  # fmt: skip
def test_only_the_plain_forms_go_the_short_way(cell: str, expected: str | None) -> None:
    form = plain_form("GB")
    assert form
    assert form.e164(cell) == expected


@pytest.mark.parametrize("country", ["JE", "IM", "GG", "CA", "KZ", "ZZ"])
def test_a_country_that_shares_the_code_of_another_has_no_short_way(country: str) -> None:
    assert plain_form(country) is None
