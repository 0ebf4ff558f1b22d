"""Why the codec is ours: what python-gsmmodem-new 0.13.0 does with the same input, each beside ours.

When one of these fails on the library's side, the library has changed, and this file says what to look at again.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from gsmmodem import pdu as stock

from drivers.pdu import decode, decode_submit, encode, encode_deliver, encode_status_report
from drivers.types import Deliver, StatusReport, Undecodable

NUMBER = "+447700900123"
NOW = datetime(2026, 3, 29, 1, 30, tzinfo=timezone(timedelta(hours=1)))


def sent(text, number=NUMBER, concat_ref=0, validity_hours=None):
    parts = encode(number, text, concat_ref=concat_ref, validity_hours=validity_hours, status_report=True)
    return [decode_submit(part.hex) for part in parts]


def test_an_emoji_cannot_be_sent():
    with pytest.raises(ValueError):
        stock.encodeSmsSubmitPdu(NUMBER, "😀")
    assert sent("😀")[0].text == "😀"


def test_an_inbound_emoji_becomes_what_a_database_refuses():
    pdu = encode_deliver(NUMBER, "😀", NOW)
    with pytest.raises(UnicodeEncodeError):
        stock.decodeSmsPdu(pdu)["text"].encode("utf-8")
    assert decode(pdu).text == "😀"


def test_a_wide_reference_costs_the_first_character_of_each_part():
    first = encode(NUMBER, "First" + "." * 200, concat_ref=0x1234, validity_hours=None, status_report=True)[0]
    assert stock.decodeSmsPdu(first.hex)["text"].startswith("irst.")
    assert decode_submit(first.hex).text.startswith("First.")


def test_an_at_sign_at_the_end_of_eight_septets_is_lost():
    pdu = encode_deliver(NUMBER, "abcdefg@", NOW)
    assert stock.decodeSmsPdu(pdu)["text"] == "abcdefg"
    assert decode(pdu).text == "abcdefg@"


@pytest.mark.parametrize("time", ["00" * 7, "FF" * 7])
def test_an_impossible_time_loses_the_report(time):
    pdu = f"0006D60B911326880736F4{time}{time}00"
    with pytest.raises(ValueError):
        stock.decodeSmsPdu(pdu)
    assert decode(pdu) == StatusReport(pdu, 0xD6, "+31628870634", 0, None, None)


def test_a_truncated_pdu_raises_what_nobody_catches():
    pdu = encode_status_report(7, NUMBER, NOW, NOW, 0)[:-2]
    with pytest.raises(StopIteration):
        stock.decodeSmsPdu(pdu)
    assert isinstance(decode(pdu), Undecodable)


def test_y_with_diaeresis_cannot_be_sent():
    with pytest.raises(TypeError):
        stock.encodeSmsSubmitPdu(NUMBER, "ÿ")
    assert sent("ÿ")[0].text == "ÿ"


def test_a_reference_above_255_cannot_be_sent():
    with pytest.raises(ValueError):
        stock.encodeSmsSubmitPdu(NUMBER, "a" * 161, reference=256)
    assert {part.concat.ref for part in sent("a" * 161, concat_ref=256)} == {256}


def test_a_message_waiting_note_in_ucs2_is_read_as_septets():
    pdu = "00040C9144770009103200E0623092100351040400480069"
    assert stock.decodeSmsPdu(pdu)["text"] != "Hi"
    got = decode(pdu)
    assert isinstance(got, Deliver)
    assert got.text == "Hi"


def test_a_validity_under_five_minutes_is_no_octet():
    with pytest.raises(ValueError):
        stock.encodeSmsSubmitPdu(NUMBER, "Hi", validity=timedelta(minutes=2))
    assert sent("Hi", validity_hours=2 / 60)[0].validity_seconds == 300


@pytest.mark.parametrize("number", ["+44 7700 900123", "07700-900123", "*100#"])
def test_a_number_with_signs_goes_out_as_a_name(number):
    pdu = stock.encodeSmsSubmitPdu(number, "Hi")[0].data
    assert pdu[4] == 0xD0
    with pytest.raises(ValueError, match="a number to text is"):
        sent("Hi", number=number)
