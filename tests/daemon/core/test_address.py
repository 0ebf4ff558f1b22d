"""What people write in a cell, and what is made of it. Numbers outside the drama range are spelt from its digits."""

from __future__ import annotations

import unicodedata

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.address import Cell, NotTextable, Number, parse, read_cell

ANNA = Number("+447700900123", "mobile")


def reason(cell: str, *, international: bool = False) -> str:
    result = parse(cell, "GB", international=international)
    assert isinstance(result, NotTextable), result
    return result.reason


@pytest.mark.parametrize("cell", [
    "07700900123", "07700 900123", "07700-900-123", "(07700) 900 123", "07700.900.123", "07700/900123",
    "+447700900123", "+44 7700 900123", "+44 (0)7700 900123", "+4407700900123", "(+44) 7700 900123",
    "00447700900123", "0044 (0)7700 900123", "447700900123", "44 (0) 7700 900123", "7700900123", "7700 900123",
    "tel:+44-7700-900123", "TEL:07700900123", "'07700900123", '="07700900123"', '"07700900123"', "  07700900123\n",
    "7700900123.0", "447700900123.0",
    "07700\u00a0900\u00a0123", "\u202a+44 7700 900123\u202c", "\u200e07700900123\u200b", "\ufeff07700900123",
    "07700\u2011900\u2013123", "07700\u2009900\u202f123", "\uff0b44 7700 900123",
    "\uff10\uff17\uff17\uff10\uff10\uff19\uff10\uff10\uff11\uff12\uff13",
    "\u0660\u0667\u0667\u0660\u0660\u0669\u0660\u0660\u0661\u0662\u0663",
])  # fmt: skip
def test_ways_to_write_one_mobile(cell: str) -> None:
    assert parse(cell, "GB", international=False) == ANNA


def test_a_real_range_of_mobiles_is_taken() -> None:
    assert parse("07400 123456", "GB", international=False) == Number("+447400123456", "mobile")


@pytest.mark.parametrize("number", ["+447700900000", "+447700900999"])
def test_the_drama_range_is_taken_to_its_edges(number: str) -> None:
    assert not phonenumbers.is_valid_number(phonenumbers.parse(number)), "the exception is needed no more"
    assert parse(number, "GB", international=False) == Number(number, "mobile")


@pytest.mark.parametrize(("cell", "expected"), [
    ("", "no number"), ("   ", "no number"), ("-", "no number"), ("\u200e", "no number"), ("+", "no number"),
    ("unknown", "letters"), ("Vodafone", "letters"), ("07700 9OO123", "letters"), ("07700900123 ext 4", "letters"),
    ("447700900123@s.whatsapp.net", "letters"), ("0800 FLOWERS", "letters"),
    ("*100#", "service code"), ("*#06#", "service code"),
    ("07700900123?", "signs"), ("0770090012\u00b2", "signs"), ("07700900123,5", "signs"), ("07700900123;5", "signs"),
    ("7.7E+09", "spreadsheet"), ("7,7E+09", "spreadsheet"), ("4.47700900123E+11", "spreadsheet"),
    ("7e9", "spreadsheet"),
    ("07700900123; 07700900124", "several"), ("07700900123/07700900124", "several"),
    ("07700900123\n07700900124", "several"), ("07700900123 & 07700900124", "several"),
    ("07700900123, 07700900124", "several"), ("07700900123 or 07700900124", "several"),
    ("+447700900123+447700900124", "several"), ("07700900123 07700900124", "several"),
    ("999", "emergency"), ("112", "emergency"), ("9 9 9", "emergency"),
    ("85258", "short code"), ("101", "short code"), ("0", "short code"), ("123456", "short code"),
    ("0770090012", "too short"), ("077009001234", "too long"), ("+44770090012345", "too long"),
    ("01632 960123", "landline"), ("020 7946 0123", "landline"), ("0121 496 0123", "landline"),
    ("0808 157 0123", "freephone"), ("0909 879 0123", "premium"), ("0300 123 4567", "company"),
    ("070 1234 5678", "personal"), ("07600 123456", "pager"), ("056 0012 3456", "internet"),
    ("+999 1234 5678", "no telephone number"),
])  # fmt: skip
def test_what_cannot_be_texted_says_why(cell: str, expected: str) -> None:
    assert expected in reason(cell)


@pytest.mark.parametrize(("cell", "place", "number"), [
    ("07624 123456", "Isle of Man", Number("+447624123456", "mobile")),
    ("07781 123456", "Guernsey", Number("+447781123456", "mobile")),
    ("07797 712345", "Jersey", Number("+447797712345", "mobile")),
    ("+33 6 12 34 56 78", "FR", Number("+33612345678", "mobile")),
    ("+1 415 555 0123", "US", Number("+14155550123", "landline or mobile")),
])
def test_numbers_of_other_places_are_taken_only_when_asked_for(cell: str, place: str, number: Number) -> None:
    assert place in reason(cell)
    assert "international" in reason(cell)
    assert parse(cell, "GB", international=True) == number


def test_international_takes_mobiles_only() -> None:
    assert "landline" in reason("+33 1 42 68 53 00", international=True)
    assert "freephone" in reason("+800 1234 5678", international=True)


def test_the_country_of_the_station_reads_national_numbers() -> None:
    assert parse("06 12 34 56 78", "FR", international=False) == Number("+33612345678", "mobile")
    assert parse("(415) 555-0123", "US", international=False) == Number("+14155550123", "landline or mobile")
    assert isinstance(parse("+447700900123", "FR", international=False), NotTextable)
    assert parse("+447700900123", "FR", international=True) == ANNA


def test_a_sister_of_the_same_country_code_is_foreign() -> None:
    assert "region CA" in parse("+1 506 234 5678", "US", international=False).reason  # type: ignore[union-attr]


@given(st.text(max_size=30) | st.text("0123456789+-() .,;/'\"=eE\u00a0\u200e", max_size=30), st.booleans())
def test_any_text_is_a_number_or_has_a_reason(cell: str, international: bool) -> None:
    result = parse(cell, "GB", international=international)
    if isinstance(result, Number):
        assert result.e164[0] == "+"
        assert parse(result.e164, "GB", international=international) == result
        written = "".join(str(unicodedata.decimal(c)) for c in cell if unicodedata.category(c) == "Nd").lstrip("0")
        national = str(phonenumbers.parse(result.e164).national_number)
        assert national in written or national in written.removesuffix("0")  # no digit is made up
    else:
        assert result.reason
        assert not any(character.isdigit() for character in result.reason.replace("070", ""))


@given(st.integers(0, 999), st.data())
def test_signs_between_digits_change_nothing(last: int, data: st.DataObject) -> None:
    digits = f"07700900{last:03}"
    filler = st.sampled_from(["", "", "", " ", "-", "\u00a0", "\u200e", "\u2011", "  "])
    cell = "".join(digit + data.draw(filler) for digit in digits)
    assert parse(cell, "GB", international=False) == Number(f"+447700900{last:03}", "mobile")


@pytest.mark.parametrize("cell", [
    "Phone-Mobile: 07700900123", "Phone-: +44 7700 900123", "Mobile:07700900123", "tel:07700900123",
    "447700900123@s.whatsapp.net", "User ID-WhatsApp User Id: 447700900123@s.whatsapp.net",
    "User ID-WhatsApp User Id: 447700900123", "+447700900123@c.us",
    "07700900123\n+44 7700 900123", "07700900123;", "07700900123; 447700900123",
    "Phone-Mobile: 07700900123\nUser ID-WhatsApp User Id: 447700900123@s.whatsapp.net",
    "Email-Home: anna@example.org\nPhone-Mobile: 07700900123", "07700 900123\r\n",
    "Web address-: example.org\nPhone-Mobile: +44 (0)7700\u00a0900\u200e123",
    "User ID-Facebook Id: 07400123456\nPhone-Mobile: 07700900123",
])  # fmt: skip
def test_one_number_among_the_entries_of_an_export(cell: str) -> None:
    assert read_cell(cell, "GB", international=False) == Cell((ANNA,))


@pytest.mark.parametrize("cell", [
    "07700900123; 07700900124", "07700900123/07700900124", "07700900123\n07700900124", "07700900123, 07700900124",
    "+447700900123+447700900124", "07700900123 or 07700900124", "07700900123 & 7700900124", "07700900123|07700900124",
    "Phone-Mobile: 07700900123\nPhone-Home: 447700900124", "Mobile: 07700900123; Work: 07700900124",
    "Phone-Mobile: 07700900123\nUser ID-WhatsApp User Id: 447700900124@s.whatsapp.net\nPhone-: 7700900123",
])  # fmt: skip
def test_every_mobile_of_a_cell_counts_once(cell: str) -> None:
    assert read_cell(cell, "GB", international=False) == Cell((ANNA, Number("+447700900124", "mobile")))


@pytest.mark.parametrize(("cell", "written", "why"), [
    ("0115 496 0000; 07700900123", "0115 496 0000", "landline"),
    ("Phone-Home: 0115 496 0000\nPhone-Mobile: 07700900123", "0115 496 0000", "landline"),
    ("Phone-Mobile: 85258\nPhone-Mobile: 07700900123", "85258", "short code"),
    ("Phone-Mobile: 7.7E+09\nPhone-Mobile: 07700900123", "7.7E+09", "spreadsheet"),
])  # fmt: skip
def test_a_number_that_is_left_out_of_a_cell_says_why(cell: str, written: str, why: str) -> None:
    found = read_cell(cell, "GB", international=False)
    assert (found.numbers, found.reason, [each.written.strip() for each in found.left_out]) == ((ANNA,), "", [written])
    assert why in found.left_out[0].reason


@pytest.mark.parametrize(("cell", "expected"), [
    ("", "no number in this cell"), ("\n", "no number in this cell"), ("07700900123,5", "signs"),
    ("07700900123;5", "signs"), ("Anna; 07700900123", "letters"), ("7.7E+09", "spreadsheet"),
    ("0115 496 0000; 0121 496 0123", "no mobile among 2 numbers: a landline"),
    ("447700900123-1400000000@g.us", "no telephone number"), ("Facebook Id: 07400123456", "no telephone number"),
    ("Email-: 07400123456@example.org", "no telephone number"), ("07700900123 07700900124", "several"),
    ("070 1234 5678", "personal"), ("07600 123456", "pager"), ("07624 123456", "Isle of Man"),
])  # fmt: skip
def test_a_cell_without_a_number_to_text_says_why(cell: str, expected: str) -> None:
    found = read_cell(cell, "GB", international=False)
    assert found.numbers == ()
    assert expected in found.reason


@given(st.text(max_size=40) | st.text("0123456789+-:;,/\n@aPhone ", max_size=40))
def test_whatever_a_cell_holds_it_gives_numbers_or_a_reason(cell: str) -> None:
    found = read_cell(cell, "GB", international=True)
    assert bool(found.numbers) != bool(found.reason)
    single = parse(cell, "GB", international=True)
    if isinstance(single, Number):
        assert found.numbers == (single,)
    for number in found.numbers:
        assert parse(number.e164, "GB", international=True) == number
