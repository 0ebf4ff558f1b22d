"""Whoever is to be forgotten is found in every spelling, and nobody else is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.forgetting import Forgotten

ONE = Forgotten(["+447700900123", "0115 496 0000", "12", ""])
NUMBERS = st.integers(0, 999).map(lambda n: f"+447700900{n:03d}")


@pytest.mark.parametrize(
    "text",
    [
        "+447700900123", "07700900123", "00447700900123", "call 07700 900-123 now", "(07700) 900 123", "4477.0090.0123",
        "a,07700900123,b", "01154960000", "0011000C914477000910320000FF", "07910C91447700091032", "0c91447700091032ab",
    ],
)  # fmt: skip
def test_each_spelling(text):
    assert ONE.are_in(text)


@pytest.mark.parametrize(
    "text",
    ["", "+447700900124", "0770090012", "12", "0011000C914477000910420000FF", "8944100000000000001", "900123", "abc"],
)
def test_nobody_else(text):
    assert not ONE.are_in(text)


@given(NUMBERS, NUMBERS)
def test_by_digits_and_by_semi_octets(number, other):
    digits = number[1:]
    swapped = "".join(digits[n + 1] + digits[n] for n in range(0, len(digits), 2))
    forgotten = Forgotten([number])
    assert forgotten.are_in(f"0C91{swapped}0008")
    assert forgotten.are_in(f"x 0{digits[2:]} y")
    assert forgotten.are_in(other) == (number == other)


def test_nobody_is_nowhere():
    assert not Forgotten([])
    assert not Forgotten(["12"]).are_in("12 07700900123")
