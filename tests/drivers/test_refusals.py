"""Whom a refusal speaks of, and what a status report says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.refusals import Delivery, classify, code_of_text, delivery, status_meaning
from drivers.types import RefusalClass as Is


@pytest.mark.parametrize(("codes", "cls"), [
    ([1, 195, 196], Is.RECIPIENT),
    ([8, 28, 29, 50, 69, 193, 310, 311, 312, 313, 315, 316, 317, 318, 330], Is.SIM),
    ([17, 27, 38, 41, 194, 301, 302, 314, 515, 331], Is.TEMPORARY),
    ([22, 42, 47, 192], Is.CONGESTION),
    ([300, 320, 321, 322], Is.MODEM),
    ([81, 95, 96, 97, 98, 99, 111, 128, 129, 130, 143, 144, 145, 159, 160, 161, 175, 176, 198, 199, 303, 304, 305],
     Is.MESSAGE),
    ([10, 21, 30, 127, 255], Is.AMBIGUOUS),
    ([332, 340, 500, 512, 513, 514, 516, 9999, 0, 2, 131], Is.UNKNOWN),
    ([197], Is.ACCEPTED_BEFORE),
    ([208, 209, 210, 211, 212, 213], Is.STORAGE),
])
def test_cms(codes, cls):
    assert {code: classify("CMS", code)[0] for code in codes} == dict.fromkeys(codes, cls)


@pytest.mark.parametrize(("codes", "cls"), [
    ([0, 1, 2, 100], Is.MODEM),
    ([3, 14, 30, 256, 258, 515], Is.TEMPORARY),
    ([4, 21, 22, 23, 24, 25, 26, 27], Is.MESSAGE),
    ([5, 6, 7, 10, 11, 12, 13, 15, 16, 17, 18, 32, *range(40, 49), 103, 106, 111, 112, 113, 257, 262], Is.SIM),
    ([20], Is.STORAGE),
    ([31, 99, 513, 9999], Is.UNKNOWN),
])
def test_cme(codes, cls):
    assert {code: classify("CME", code)[0] for code in codes} == dict.fromkeys(codes, cls)


@pytest.mark.parametrize(("manufacturer", "code", "cls"), [
    ("WAVECOM MODEM", 512, Is.TEMPORARY), ("WAVECOM MODEM", 513, Is.UNKNOWN), ("WAVECOM MODEM", 514, Is.CONGESTION),
    ("Sierra Wireless, Incorporated", 514, Is.CONGESTION),
    ("SIEMENS", 512, Is.TEMPORARY), ("Cinterion", 513, Is.UNKNOWN), ("huawei", 512, Is.UNKNOWN), ("", 514, Is.UNKNOWN),
    ("WAVECOM MODEM", 515, Is.TEMPORARY), ("WAVECOM MODEM", 332, Is.UNKNOWN), ("WAVECOM MODEM", 8, Is.SIM),
])
def test_codes_of_the_makers(manufacturer, code, cls):
    assert classify("CMS", code, manufacturer)[0] is cls


@pytest.mark.parametrize("code", [500, 332, 513, 9999])
def test_nothing_can_have_left_before_the_pdu(code):
    assert classify("CMS", code, after_pdu=False)[0] is Is.AMBIGUOUS
    assert classify("CMS", code)[0] is Is.UNKNOWN


def test_a_bare_error_is_a_refusal_without_a_reason():
    assert classify("ERROR", None) == (Is.AMBIGUOUS, "refused without a reason")
    assert classify("ERROR", None, after_pdu=False)[0] is Is.AMBIGUOUS


def test_meanings():
    assert classify("CMS", 10)[1] == "call barred"
    assert classify("CME", 11)[1] == "SIM PIN required"
    assert classify("CMS", 777)[1] == "CMS error 777, which nobody explains"


@given(st.sampled_from(["CMS", "CME", "ERROR"]), st.none() | st.integers(0, 100000), st.text(), st.booleans())
def test_every_refusal_has_a_class_and_a_meaning(kind, code, manufacturer, after_pdu):
    cls, meaning = classify(kind, code, manufacturer, after_pdu=after_pdu)
    assert isinstance(cls, Is)
    assert meaning


@pytest.mark.parametrize(("text", "code"), [
    ("+CMS ERROR: network timeout", 332), ("Network Timeout", 332), ("+CMS ERROR: Unknown error", 500),
    ("+CMS ERROR: Unassigned (unallocated) number", 1), ("+CMS ERROR: operator determined barring", 8),
    ("+CMS ERROR: (U)SIM busy", 314), ("SIM busy", 314), ("+CME ERROR: SIM busy", 14), ("+CME ERROR: unknown", 100),
    ("+CMS ERROR: no +CNMA acknowledgement expected", 340), ("+CMS ERROR: SM rejected - duplicate SM", 197),
    ("+CMS ERROR: 38", 38), ("congestion", 42), ("+CMS ERROR: Invalid PDU mode parameter\r\n", 304),
    ("+CMS ERROR: the dog ate it", None), ("", None), ("+CMS ERROR:", None), ("9" * 5000, None),
])
def test_verbose_answers(text, code):
    assert code_of_text(text) == code


@given(st.text())
def test_any_text_has_a_code_or_none(text):
    assert code_of_text(text) is None or code_of_text(text) >= 0


def test_delivery():
    classes = [delivery(status) for status in range(256)]
    assert set(classes[:0x20]) == {Delivery.DELIVERED}
    assert set(classes[0x20:0x40]) == {Delivery.WAITING}
    assert set(classes[0x40:]) == {Delivery.UNDELIVERED}


def test_every_status_has_a_meaning():
    assert all(status_meaning(status) for status in range(256))
    assert status_meaning(0x00) == "received by the phone"
    assert status_meaning(0x46) == "validity period expired"
    assert all("still trying" in status_meaning(status) for status in range(0x20, 0x40))
    assert all("no more tries" in status_meaning(status) for status in range(0x60, 0x80))
