"""What goes out, and what comes in, whole PDUs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from drivers import gsm7
from drivers.alphabet import encoding_of, split
from drivers.pdu import decode, decode_submit, encode, encode_deliver, encode_status_report, is_status_report
from drivers.types import Concat, Content, Deliver, StatusReport, Undecodable

NOW = datetime(2026, 3, 29, 1, 30, 15, tzinfo=timezone(timedelta(hours=1)))
TEXTS = st.one_of(
    st.text(st.sampled_from(sorted(gsm7.CHARACTERS)), max_size=500),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=200),
)
NUMBERS = st.from_regex(r"\+?[0-9]{1,20}", fullmatch=True).filter(str.isascii)
ZONES = st.integers(-79, 79).map(lambda quarters: timezone(timedelta(minutes=15 * quarters)))
EARLIEST, LATEST = datetime.fromisoformat("1990-01-01"), datetime.fromisoformat("2089-12-31T23:59:59")
TIMES = st.datetimes(EARLIEST, LATEST, timezones=ZONES).map(
    lambda time: time.replace(microsecond=0))


@given(
    recipient=NUMBERS, text=TEXTS, concat_ref=st.integers(0, 0xFFFF), status_report=st.booleans(), flash=st.booleans(),
    validity_hours=st.none() | st.floats(0, 20000), smsc=st.none() | NUMBERS,
)
@example(recipient="+447700900123", text="a" * 152 + "€" * 100, concat_ref=256, validity_hours=48, status_report=True,
         flash=False, smsc=None)
@example(recipient="12345", text="😀" * 300, concat_ref=65535, validity_hours=None, status_report=False, flash=True,
         smsc="+447785016005")
@example(recipient="+447700900123", text="", concat_ref=0, validity_hours=None, status_report=False, flash=False,
         smsc=None)
def test_what_is_sent_reads_back(recipient, text, concat_ref, validity_hours, status_report, flash, smsc):
    parts = encode(recipient, text, concat_ref=concat_ref, validity_hours=validity_hours, status_report=status_report,
                   flash=flash, smsc=smsc)
    read = [decode_submit(part.hex) for part in parts]
    assert "".join(one.text for one in read) == text
    assert [one.text for one in read] == split(text, 8 if concat_ref < 256 else 16)
    for seq, (part, one) in enumerate(zip(parts, read, strict=True), start=1):
        octets = bytes.fromhex(part.hex)
        assert part.tpdu_octets == len(octets) - 1 - octets[0] <= 164
        assert part.hex == part.hex.upper()
        assert (one.recipient, one.mr, one.pid, one.smsc) == (recipient, 0, 0, smsc or "")
        assert (one.status_report, one.flash, one.encoding) == (status_report, flash, encoding_of(text))
        assert (one.validity_seconds is None) == (validity_hours is None)
        bits = 8 if concat_ref < 256 else 16
        assert one.concat == (Concat(concat_ref, len(parts), seq, bits) if len(parts) > 1 else None)


@given(st.one_of(NUMBERS, st.just("Outpost"), st.just("")), TEXTS, TIMES, st.integers(0, 0xFFFF))
def test_what_comes_in_reads_back(sender, text, time, ref):
    texts = split(text, 16)
    for seq, part in enumerate(texts[:255], start=1):
        concat = Concat(ref, min(len(texts), 255), seq, 16) if len(texts) > 1 else None
        got = decode(encode_deliver(sender, part, time, concat=concat))
        assert isinstance(got, Deliver)
        assert (got.sender, got.text, got.concat) == (sender, part, concat)
        assert (got.scts, got.scts.utcoffset()) == (time, time.utcoffset())
        assert (got.content, got.smsc, got.encoding) == (Content.TEXT, "+447785016005", encoding_of(part))


@given(st.integers(0, 255), NUMBERS, TIMES, TIMES, st.integers(0, 255))
def test_status_reports_read_back(mr, recipient, scts, discharge, status):
    pdu = encode_status_report(mr, recipient, scts, discharge, status)
    assert is_status_report(pdu)
    assert decode(pdu) == StatusReport(pdu, mr, recipient, status, scts, discharge)


@given(st.one_of(st.text(), st.text("0123456789ABCDEFabcdef"), st.binary().map(bytes.hex)), st.booleans())
@example("", False)
@example(" \r\n", False)
@example("0", True)
@example("00" * 200, False)
@example("FF" * 200, True)
def test_nothing_makes_decoding_fail(text, tpdu_only):
    got = decode(text, tpdu_only=tpdu_only)
    assert got.pdu == text
    if isinstance(got, Undecodable):
        assert got.reason
        assert not any(char.isdigit() for char in got.reason)
    elif isinstance(got, Deliver):
        (got.text + got.sender).encode("utf-8")  # nothing that a database or a file would refuse
    try:
        decode_submit(text, tpdu_only=tpdu_only)
    except ValueError as refused:
        assert str(refused)


@given(st.binary(max_size=160), st.integers(0, 255), st.integers(0, 255), st.booleans())
def test_any_user_data_is_read_or_refused(data, dcs, length, header):
    first = "44" if header else "04"
    pdu = f"00{first}0C9144770009103200{dcs:02X}62309210035104{length:02X}{data.hex()}"
    got = decode(pdu)
    assert isinstance(got, Deliver | Undecodable)
    assert is_status_report(pdu) <= isinstance(got, Undecodable)
    if isinstance(got, Deliver):
        (got.text + got.sender).encode("utf-8")


@given(st.integers(0, 200), TEXTS.filter(lambda text: len(split(text)) == 1 and text))
def test_a_pdu_that_was_cut_is_never_shown(cut, text):
    pdu = encode_deliver("+447700900123", text, NOW)
    kept = pdu[:max(0, len(pdu) - 1 - cut)]
    assert isinstance(decode(kept), Undecodable)


def test_octets_behind_the_text_are_left_alone():
    pdu = encode_deliver("+447700900123", "Yes please", NOW)
    assert decode(pdu + "0000").text == "Yes please"


@pytest.mark.parametrize(("recipient", "kind"), [("+447700900123", "91"), ("07700900123", "81"), ("85258", "81")])
def test_type_of_number(recipient, kind):
    (part,) = encode(recipient, "Hi", concat_ref=0, validity_hours=None, status_report=False)
    assert part.hex[8:10] == kind


@pytest.mark.parametrize("recipient", ["", "Outpost", "+44 7700 900123", "*100#", "+"])
def test_what_is_no_number_is_refused(recipient):
    with pytest.raises(ValueError, match="a number to text is"):
        encode(recipient, "Hi", concat_ref=0, validity_hours=None, status_report=False)


def test_what_cannot_be_sent_is_refused():
    with pytest.raises(ValueError, match="256 parts"):
        encode("85258", "a" * (255 * 153 + 1), concat_ref=0, validity_hours=None, status_report=False)
    with pytest.raises(ValueError, match="0 to 65535"):
        encode("85258", "Hi", concat_ref=65536, validity_hours=None, status_report=False)
    with pytest.raises(ValueError, match="a number to text is"):
        encode("85258", "Hi", concat_ref=0, validity_hours=None, status_report=False, smsc="1badcsca")
    with pytest.raises(ValueError, match="surrogate"):
        encode("85258", "\ud83d", concat_ref=0, validity_hours=None, status_report=False)
    with pytest.raises(ValueError, match="too long for one part"):
        encode_deliver("85258", "a" * 161, NOW)


def test_the_bits_of_the_first_octet():
    def first(**options):
        settings = {"concat_ref": 7, "validity_hours": None, "status_report": False, **options}
        return {part.hex[2:4] for part in encode("85258", settings.pop("text", "Hi"), **settings)}

    assert first() == {"01"}
    assert first(status_report=True) == {"21"}
    assert first(validity_hours=48) == {"11"}
    assert first(text="a" * 161) == {"41"}
    assert first(text="a" * 161, validity_hours=1, status_report=True) == {"71"}


def user_data(dcs, data, *, header=False, length=None):
    """A deliver with this user data, as hexadecimal."""
    first = "44" if header else "04"
    length = len(data) // 2 if length is None else length
    return f"00{first}0C9144770009103200{dcs:02X}62309210035104{length:02X}{data}"


def test_lone_surrogates_are_replaced():
    assert decode(user_data(0x08, "D83D0041DE00")).text == "\ufffdA\ufffd"
    assert decode(user_data(0x08, "D83DDE00")).text == "😀"
    assert decode(user_data(0x08, "004100")).text == "A\ufffd"


def test_a_pair_cut_between_two_parts_can_still_be_joined():
    halves = [decode(user_data(0x08, header + half, header=True))
              for header, half in (("050003010201", "D83D"), ("050003010202", "DE00"))]
    assert [half.text for half in halves] == ["\ufffd", "\ufffd"]
    assert b"".join(half.data for half in halves).decode("utf-16-be") == "😀"


@pytest.mark.parametrize(("element", "concat"), [
    ("0003070201", Concat(7, 2, 1)),
    ("080412340302", Concat(0x1234, 3, 2, 16)),
    ("0A030004100003070201", Concat(7, 2, 1)),           # behind text formatting
    ("00030702010003080202", Concat(8, 2, 2)),           # the last one counts
    ("0003070200", None), ("0003070203", None), ("0003070000", None),    # no such part
    ("00020702", None), ("000407020100", None),          # not the length that it has
    ("00030702", None),                                   # runs over the end of the header
    ("7F", None),
])
def test_concatenation_elements(element, concat):
    header = f"{len(element) // 2:02X}{element}"
    got = decode(user_data(0x08, header + "00480069", header=True))
    assert (got.text, got.concat, got.content) == ("Hi", concat, Content.TEXT)


@pytest.mark.parametrize("length", range(12))
def test_a_header_of_any_length_leaves_the_first_character_whole(length):
    element = f"7F{length:02X}" + "00" * length
    header = bytes.fromhex(f"{len(element) // 2:02X}{element}")
    septets = -(-len(header) * 8 // 7)
    packed = gsm7.pack(gsm7.encode("First"), -len(header) * 8 % 7)
    got = decode(user_data(0x00, (header + packed).hex(), header=True, length=septets + 5))
    assert got.text == "First"


def test_national_shift():
    locking = gsm7.pack(bytes([0x04, 0x0B, 0x40]), 3)
    assert decode(user_data(0x00, "03250101" + locking.hex(), header=True, length=5 + 3)).text == "€Ğİ"
    single = gsm7.pack(bytes([0x1B, 0x53, 0x73]), 3)
    assert decode(user_data(0x00, "03240101" + single.hex(), header=True, length=5 + 3)).text == "Şs"


@pytest.mark.parametrize(("pdu", "content", "text", "data"), [
    (user_data(0x04, "48656C6C6F"), Content.DATA, "", b"Hello"),
    (user_data(0xF5, "48656C6C6F"), Content.DATA, "", b"Hello"),
    (user_data(0x28, "48656C6C6F"), Content.DATA, "", b"Hello"),                                # compressed
    (user_data(0x04, "0605040B8423F0AE", header=True), Content.DATA, "", b"\xae"),              # WAP push
    (user_data(0x08, "0605040B8423F00041", header=True), Content.DATA, "A", b"\0A"),            # text, but for a port
    (user_data(0xC8, ""), Content.INDICATION, "", b""),
    (user_data(0xC8, "41", length=1), Content.INDICATION, "A", b""),                            # text to be discarded
    (user_data(0xD8, ""), Content.INDICATION, "", b""),
    (user_data(0xD8, "41", length=1), Content.TEXT, "A", b""),
    (user_data(0xE0, "0041"), Content.TEXT, "A", b"\0A"),
    (user_data(0x00, "040102000100", header=True, length=6), Content.INDICATION, "", b""),        # flag in the header
    (user_data(0x10, "41", length=1), Content.TEXT, "A", b""),
    (user_data(0x00, ""), Content.TEXT, "", b""),
])
def test_content(pdu, content, text, data):
    got = decode(pdu)
    assert (got.content, got.text, got.data) == (content, text, data)


def test_a_silent_message_is_no_text():
    """Type 0 (23.040 §9.2.3.9) is acknowledged and not shown."""
    shown = encode_deliver("+447700900001", "hi", datetime.fromtimestamp(0, UTC))
    assert decode(shown).pid == 0
    silent = decode(f"{shown[:34]}40{shown[36:]}")
    assert (silent.pid, silent.sender, silent.content) == (0x40, "+447700900001", Content.INDICATION)


@pytest.mark.parametrize(("pdu", "reason"), [
    ("", "it is empty"),
    ("OK", "something other than hexadecimal"),
    ("07914", "odd number"),
    ("0791", "it ends inside the service centre's address"),
    ("00", "it ends inside the message type"),
    ("0001000B917228001011F100000CC8329BFD065DDF72363904", "stored for sending"),
    (user_data(0x00, "41", length=161), "longer than a part can hold"),
    (user_data(0x00, "41", length=9), "it ends inside the text"),
    (user_data(0x08, "090003", header=True), "header of its text is longer"),
])
def test_why_a_pdu_is_undecodable(pdu, reason):
    assert reason in decode(pdu).reason


@pytest.mark.parametrize("time", ["00000000000000", "FFFFFFFFFFFFFF"])
def test_an_impossible_time_never_loses_a_message_or_a_report(time):
    report = decode(f"0006D60B911326880736F4{time}{time}00")
    assert (report.mr, report.recipient, report.status) == (0xD6, "+31628870634", 0)
    assert report.scts is None
    assert report.discharge is None
    assert decode(f"00040B911326880736F40000{time}02C834").text == "Hi"


def test_a_report_keeps_its_fields_when_more_follows():
    pdu = encode_status_report(9, "+447700900123", NOW, NOW + timedelta(seconds=5), 0x46)
    got = decode(pdu + "9FD6E494")
    assert (got.mr, got.status, got.discharge) == (9, 0x46, NOW.astimezone(UTC) + timedelta(seconds=5))
