"""The fields of a PDU one by one: addresses, times, validity, data coding."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from drivers import address_field, gsm7, time_field
from drivers.data_coding import Alphabet, data_coding
from drivers.octets import MalformedPdu, Reader
from drivers.refusals import Delivery, delivery
from drivers.types import Concat
from drivers.user_data import read_user_data

WAITING, UNDELIVERED = Delivery.WAITING, Delivery.UNDELIVERED
NATIONAL = "A1 (national) for digits alone: 81 (unknown) is right for short codes too"
ENCODED_OTHERWISE = {
    "F-pgm-011": NATIONAL, "F-xlab-002": NATIONAL, "F-osmo-002": NATIONAL, "F-gecko-005": NATIONAL,
    "F-osmo-003": "7 characters are 13 useful semi-octets (23.040 §9.1.2.5), the source counts the filling too",
    "F-gecko-004": "a number with '#' comes in, and is never texted",
}
NOT_OF_THE_CODEC = {"operator_id"}
ZONES = st.integers(-79, 79).map(lambda quarters: timezone(timedelta(minutes=15 * quarters)))
EARLIEST, LATEST = datetime.fromisoformat("1990-01-01"), datetime.fromisoformat("2089-12-31T23:59:59")
TIMES = st.datetimes(EARLIEST, LATEST, timezones=ZONES).map(
    lambda time: time.replace(microsecond=0))
DIGITS = st.text("0123456789", min_size=1, max_size=20)


def test_fields_as_others_read_them(vectors):
    checks = {
        "address": check_address, "smsc_address": check_smsc, "address_toa_and_digits": check_type_and_digits,
        "timestamp": check_timestamp, "validity_relative": check_validity, "dcs": check_dcs, "ucs2": check_ucs2,
        "udh": check_header, "udh_ie_concat": check_element, "udh_ie_port": check_element,
        "tp_status_class": check_status_class,
    }
    for vector in vectors("fields"):
        if vector["kind"] not in NOT_OF_THE_CODEC:
            checks[vector["kind"]](vector)


def check_address(vector):
    name, value = vector["id"], vector["value"]
    encoder = address_field.encode_sender
    if vector.get("valid") is False:
        with pytest.raises(ValueError):
            encoder(value)
        return
    octets = bytes.fromhex(vector["hex"])
    assert address_field.read_address(Reader(octets), "it") == value, name
    if name not in ENCODED_OTHERWISE and vector.get("direction") != "decode":
        assert encoder(value) == bytes.fromhex(vector.get("hex_canonical", vector["hex"])), name


def check_smsc(vector):
    assert address_field.read_smsc(Reader(bytes.fromhex(vector["hex"]))) == vector["value"], vector["id"]
    assert address_field.encode_smsc(vector["value"]).hex().upper() == vector.get("hex_canonical", vector["hex"])


def check_type_and_digits(vector):
    if vector["id"] not in ENCODED_OTHERWISE:
        assert address_field.encode_sender(vector["value"])[1:].hex().upper() == vector["hex"], vector["id"]


def check_timestamp(vector):
    octets = bytes.fromhex(vector["hex"])
    time = datetime.fromisoformat(vector["value"])
    assert time_field.decode_timestamp(octets).isoformat() == time.isoformat(), vector["id"]
    assert time_field.encode_timestamp(time) == octets, vector["id"]


def check_validity(vector):
    got = time_field.encode_relative_validity(vector["value"])
    # What the source refuses, we bring into bounds: a policy of hours must never stop a message.
    refused = {"F-pmsg-009": 0, "F-pmsg-010": 255}
    assert got == refused.get(vector["id"], vector.get("tp_vp")), vector["id"]


def check_dcs(vector):
    coding = data_coding(vector["dcs"])
    assert coding.alphabet == vector["alphabet"], vector["id"]
    assert coding.message_class == vector.get("message_class"), vector["id"]
    assert coding.indication == ("mwi" in vector), vector["id"]
    assert coding.discard == vector.get("mwi", {}).get("discard", False), vector["id"]


def check_ucs2(vector):
    data = bytes.fromhex(vector["hex"])
    got = read_user_data(Reader(bytes([len(data)]) + data), 0x08, has_header=False)
    assert got.text == vector["value"], vector["id"]


def check_header(vector):
    header = bytes.fromhex(vector["hex"])
    octets = bytes([len(header)]) + header
    got = read_user_data(Reader(bytes([len(octets)]) + octets), 0x04, has_header=True)
    assert got.concat == Concat(**vector["concat"]), vector["id"]


def check_element(vector):
    header = bytes.fromhex(vector["hex"])
    octets = bytes([len(header)]) + header
    got = read_user_data(Reader(bytes([len(octets)]) + octets), 0x08, has_header=True)
    if vector["kind"] == "udh_ie_port":
        assert got.content == "data", vector["id"]
    else:
        wanted = (vector["ref"], vector["total"], vector["seq"])
        assert (got.concat.ref, got.concat.total, got.concat.seq) == wanted, vector["id"]


def check_status_class(vector):
    wanted = {"complete": Delivery.DELIVERED, "temporary": WAITING, "permanent": UNDELIVERED, "final": UNDELIVERED}
    assert {delivery(code) for code in vector["codes"]} == {wanted[vector["value"]]}, vector["id"]


@given(DIGITS, st.booleans())
def test_numbers_come_back(digits, international):
    number = f"+{digits}" if international else digits
    assert address_field.read_address(Reader(address_field.encode_address(number)), "it") == number


@given(st.text("abcXYZ @_-&{}€", min_size=1, max_size=11))
def test_names_come_back(name):
    septets = gsm7.encode(name)
    assume(not (len(septets) == 8 and name.endswith("@")))  # read as seven characters and seven spare bits
    try:
        octets = address_field.encode_sender(name)
    except ValueError:
        assert len(septets) > 11
    else:
        assert address_field.read_address(Reader(octets), "it") == name


@pytest.mark.parametrize("number", [
    "", "+", "+44 7700 900123", "+44-7700-900123", "07700 900123", "*100#", "Outpost", "+" + "1" * 21, "1" * 21, "٣٣٣",
    "+447700900123\n", "++447700900123", "44+7700900123",
])
def test_what_is_no_number_is_refused_and_not_repeated(number):
    with pytest.raises(ValueError, match="a number to text is") as refused:
        address_field.encode_address(number)
    assert "7700" not in str(refused.value)


def test_signs_and_letters_of_an_inbound_number():
    assert address_field.read_address(Reader(bytes.fromhex("0781ba21dcfe")), "it") == "*#12abc"


@given(TIMES)
def test_times_come_back(time):
    got = time_field.decode_timestamp(time_field.encode_timestamp(time))
    assert got == time
    assert got.utcoffset() == time.utcoffset()


@given(st.binary(min_size=7, max_size=7))
def test_any_seven_octets_are_a_time_or_none(octets):
    got = time_field.decode_timestamp(octets)
    assert got is None or got.tzinfo is not None


@pytest.mark.parametrize("octets", [
    "00000000000000", "ffffffffffffff",
    "62319200000000",  # the 29th of month 13
    "62209200000000",  # the 29th of February 2026
    "62309242000000",  # 24 o'clock
    "62309200000600",  # 60 seconds
    "623092000000a0",  # a zone that is no number
    "6a309200000000",
])
def test_impossible_times(octets):
    assert time_field.decode_timestamp(bytes.fromhex(octets)) is None


def test_a_time_without_a_zone_or_with_an_odd_one_is_refused():
    with pytest.raises(ValueError, match="zone"):
        time_field.encode_timestamp(datetime.fromisoformat("2026-01-01"))
    for offset in (timedelta(minutes=7), timedelta(hours=20)):
        with pytest.raises(ValueError, match="quarters"):
            time_field.encode_timestamp(datetime(2026, 1, 1, tzinfo=timezone(offset)))
    assert time_field.decode_timestamp(time_field.encode_timestamp(datetime(2026, 2, 28, tzinfo=UTC))) is not None


@given(st.floats(allow_nan=False))
def test_validity_is_rounded_down_within_bounds(seconds):
    octet = time_field.encode_relative_validity(seconds)
    assert 0 <= octet <= 255
    said = time_field.decode_relative_validity(octet)
    assert said <= max(seconds, 300)
    if octet < 255:
        assert time_field.decode_relative_validity(octet + 1) > seconds


@given(st.integers(0, 255))
def test_every_relative_validity_comes_back(octet):
    assert time_field.encode_relative_validity(time_field.decode_relative_validity(octet)) == octet


def test_validity_that_is_no_number_is_refused():
    with pytest.raises(ValueError, match="number of hours"):
        time_field.encode_relative_validity(float("nan"))


def test_every_data_coding_has_a_reading():
    assert {data_coding(dcs).alphabet for dcs in range(256)} == set(Alphabet)
    assert [dcs for dcs in range(256) if data_coding(dcs).compressed] == [*range(0x20, 0x40), *range(0x60, 0x80)]


@pytest.mark.parametrize("octets", ["", "0b", "0b91", "0b9144", "1591" + "00" * 11, "ff91" + "00" * 128])
def test_a_broken_address_is_malformed(octets):
    with pytest.raises(MalformedPdu, match="it "):
        address_field.read_address(Reader(bytes.fromhex(octets)), "it")
