"""PDUs with the reading that other projects' tests state. Where ours differs, a table says why."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from drivers.pdu import decode, decode_submit, encode
from drivers.refusals import Delivery, delivery
from drivers.time_field import decode_timestamp
from drivers.types import Concat, Content, Deliver, StatusReport, Undecodable

CUT = "the PDU is cut in the middle of an octet; it is kept raw, and no half text is shown"
DELIVER_DIFFERS = {
    **dict.fromkeys(["D-perl-003", "D-perl-005", "D-perl-006", "D-perl-007", "D-perl-008", "D-perl-009"], CUT),
    "D-pgmbad-001": "a reserved message type is to be read as a deliver (23.040 §9.2.3.1), the source refuses it",
}
REPORT_DIFFERS = {
    "R-pgm-002": "a broken report; the semi-octet B is '#' (23.040 §9.1.2.3), the source writes 'b'",
}
SUBMIT_DECODE_DIFFERS = {
    "S-pgm-008": "TP-UDL is 160 octets where 140 fit and 10 are there",
    "S-pgm-009": "8-bit data is data, the source reads it as text",
    "S-pmsg-012": "8-bit data is data, the source reads it as text",
    "S-gnokii-003": "a no-break space was written as the escape code, which cannot be read back",
    "S-gnokii-004": "a no-break space was written as the escape code, which cannot be read back",
}
SUBMIT_ENCODE_DIFFERS = {
    "S-gnokii-003": "a no-break space is not in the alphabet: we send such a text as UCS-2",
    "S-gnokii-004": "a no-break space is not in the alphabet: we send such a text as UCS-2",
    "S-gnokii-006": "8-bit data, which we do not send",
    "S-gnokii-007": "8-bit data, which we do not send",
    "S-pmsg-012": "8-bit data, which we do not send",
    "S-npdu2-003": "cut at words, with a 16-bit reference",
    "S-lluv-002": "cut at 65 characters a part where 67 fit",
    "S-pgm-004": "A1 (national) for digits alone: 81 (unknown) is right for short codes too",
}


def test_deliver(vectors):
    for vector in vectors("pdu_deliver"):
        if vector["id"] in DELIVER_DIFFERS:
            continue
        got = decode(vector["pdu"], tpdu_only=vector.get("tpdu_only", False))
        if vector.get("valid") is False:
            assert isinstance(got, Undecodable), vector["id"]
            continue
        assert isinstance(got, Deliver), vector["id"]
        check_deliver(vector, got)


def check_deliver(vector, got):
    name = vector["id"]
    for key in ("smsc", "sender", "text", "encoding", "pid", "dcs"):
        assert getattr(got, key) == vector.get(key, getattr(got, key)), (name, key)
    if "concat" in vector:
        assert got.concat == Concat(**vector["concat"]), name
    if "data_hex" in vector:
        assert (got.content, got.data.hex().upper()) == (Content.DATA, vector["data_hex"]), name
    if "timestamp" in vector:
        assert got.scts == datetime.fromisoformat(vector["timestamp"]), name
        assert got.scts.isoformat() == vector["timestamp"], name
    if "timestamp_utc" in vector:
        assert got.scts.astimezone(UTC) == datetime.fromisoformat(vector["timestamp_utc"]), name
    if "timestamp_local" in vector:
        assert got.scts.replace(tzinfo=None).isoformat() == vector["timestamp_local"], name
    assert vector.get("text_prefix_of", got.text).startswith(got.text), name
    assert got.text in vector.get("part_of", got.text), name
    assert vector.get("multipart", got.concat is not None) == (got.concat is not None), name
    tags = set(vector.get("tags", []))
    if tags & {"wap-push", "ports"}:
        assert got.content is Content.DATA, name
    if "mwi" in tags:
        assert got.content is Content.INDICATION, name


@pytest.mark.parametrize("name", sorted(DELIVER_DIFFERS))
def test_deliver_that_we_read_otherwise(vectors, name):
    vector = next(vector for vector in vectors("pdu_deliver") if vector["id"] == name)
    got = decode(vector["pdu"])
    assert isinstance(got, Undecodable if DELIVER_DIFFERS[name] is CUT else Deliver)


def test_status_report(vectors):
    for vector in vectors("pdu_status"):
        name = vector["id"]
        got = decode(vector["pdu"], tpdu_only=vector.get("tpdu_only", False))
        assert isinstance(got, StatusReport), name
        assert got.mr == vector.get("mr", got.mr), name
        assert got.status == vector.get("status", got.status), name
        if name not in REPORT_DIFFERS:
            assert got.recipient == vector.get("recipient", got.recipient), name
        for key, time in (("scts", got.scts), ("dt", got.discharge)):
            if key in vector:
                assert time == datetime.fromisoformat(vector[key]), (name, key)
            if f"{key}_local" in vector:
                assert time.replace(tzinfo=None).isoformat() == vector[f"{key}_local"], (name, key)
        if "delivered" in vector or "success" in vector:
            wanted = vector.get("delivered", vector.get("success"))
            assert (delivery(got.status) is Delivery.DELIVERED) == wanted, name
        if "temporary" in vector:
            assert (delivery(got.status) is Delivery.WAITING) == vector["temporary"], name


def test_submit_decoded(vectors):
    for vector in vectors("pdu_submit"):
        if vector["id"] in SUBMIT_DECODE_DIFFERS:
            continue
        if vector.get("valid") is False:
            for pdu in vector["pdus"]:
                with pytest.raises(ValueError):
                    decode_submit(pdu)
            continue
        check_submit(vector, [decode_submit(pdu) for pdu in vector["pdus"]])


def check_submit(vector, parts):
    name = vector["id"]
    for part in parts:
        for key in ("smsc", "recipient", "encoding", "pid", "dcs", "mr", "status_report"):
            assert getattr(part, key) == vector.get(key, getattr(part, key)), (name, key)
        if "validity_tp_vp" in vector:
            assert part.validity == bytes([vector["validity_tp_vp"]]), name
        match vector.get("validity"):
            case str() as until:
                assert decode_timestamp(part.validity).isoformat()[:19] == until[:19], name
            case int() | float() as seconds if "quirk" not in vector:
                assert part.validity_seconds == seconds, name
        if "message_class" in vector:
            assert part.flash == (vector["message_class"] == 0), name
    if "concat" in vector:
        assert parts[0].concat == Concat(**vector["concat"]), name
    if "concat_ref" in vector:
        assert {part.concat.ref for part in parts} == {vector["concat_ref"]}, name
    if "text" in vector and parts:
        joined = "".join(part.text for part in parts)
        whole = vector["text"]
        assert whole.startswith(joined) if "text-cut-to-one-part" in vector.get("tags", []) else whole == joined, name


def test_submit_encoded(vectors):
    compared = 0
    for vector in vectors("pdu_submit"):
        if vector["op"] == "decode" or vector["id"] in SUBMIT_ENCODE_DIFFERS or not ours_can_say(vector):
            continue
        expected = [pdu.upper() for pdu in vector["pdus"]]
        theirs = decode_submit(expected[0])
        parts = encode(
            vector["recipient"], vector["text"], concat_ref=theirs.concat.ref if theirs.concat else 0,
            validity_hours=None if theirs.validity_seconds is None else theirs.validity_seconds / 3600,
            status_report=vector.get("status_report", theirs.status_report), flash=vector.get("message_class") == 0,
            smsc=vector.get("smsc"),
        )
        assert [with_mr(part.hex, theirs.mr) for part in parts] == expected, vector["id"]
        for part, octets in zip(parts, vector.get("tpdu_lens", []), strict=False):
            assert part.tpdu_octets == octets, vector["id"]
        compared += 1
    assert compared >= 60


def ours_can_say(vector):
    tags = vector.get("tags", [])
    return not (
        vector.get("valid") is False
        or vector.get("reject_duplicates")                       # we never ask for it
        or isinstance(vector.get("validity"), str) or vector.get("vpf") == "enhanced"   # ours is relative or none
        or vector.get("message_class")                           # classes 1 to 3
        or "text-cut-to-one-part" in tags                        # we send the rest too
        or "transliterated" in tags                              # we never change letters
        or forced_ucs2(vector)
    )


def forced_ucs2(vector):
    """Sent as UCS-2 though the GSM 7-bit alphabet would do."""
    return "forced-encoding" in vector.get("tags", []) or (
        vector.get("encoding") == "ucs2" and vector["text"].isascii()
    )


def with_mr(pdu, mr):
    """The same PDU after the modem has put in its message reference (the second octet of the TPDU)."""
    at = 2 * (1 + int(pdu[:2], 16)) + 2
    return f"{pdu[:at]}{mr:02X}{pdu[at + 2:]}"


@pytest.mark.parametrize("recipient", ["032BADNUMBER", ""])
def test_a_bad_number_is_refused(vectors, recipient):
    with pytest.raises(ValueError):
        encode(recipient, "text", concat_ref=0, validity_hours=None, status_report=False)
