"""Encodings, part counts and proposals for plain punctuation."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers import gsm7
from drivers.alphabet import Encoding, Forcing, encoding_of, forcing_ucs2, part_count, plain, split

GSM7_TEXT = st.text(st.sampled_from(sorted(gsm7.CHARACTERS)))
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]))


@pytest.mark.parametrize("text", ["", "Help is free", "£5 {or} €6", "ÀÉ"[1:], "line\nline\r", "\f"])
def test_gsm7(text):
    assert encoding_of(text) is Encoding.GSM7


@pytest.mark.parametrize("text", ["ŵ", "it’s", "a\u00a0b", "`", "😀", "ç", "\t", "À"])
def test_ucs2(text):
    assert encoding_of(text) is Encoding.UCS2


@pytest.mark.parametrize(("text", "parts"), [
    ("", 1), ("a" * 160, 1), ("a" * 161, 2), ("a" * 306, 2), ("a" * 307, 3), ("a" * 459, 3), ("a" * 460, 4),
    ("€" * 80, 1), ("€" * 81, 2), ("a" * 152 + "€" + "a" * 151, 2), ("a" * 152 + "€" + "a" * 152, 3),
    ("ŵ" * 70, 1), ("ŵ" * 71, 2), ("ŵ" * 134, 2), ("ŵ" * 135, 3),
    ("😀" * 35, 1), ("😀" * 36, 2), ("😀" * 66, 2), ("😀" * 67, 3),
])
def test_part_count(text, parts):
    assert part_count(text) == parts


def test_a_wide_reference_leaves_less_room():
    assert part_count("a" * 304, ref_bits=16) == 2
    assert part_count("a" * 305, ref_bits=16) == 3
    assert part_count("ŵ" * 133, ref_bits=16) == 3


@given(st.one_of(GSM7_TEXT, ANY_TEXT), st.integers(1, 60), st.sampled_from([8, 16]))
def test_the_parts_are_the_text_and_each_fits(text, times, ref_bits):
    text *= times
    parts = split(text, ref_bits)
    assert "".join(parts) == text
    assert len(parts) == part_count(text, ref_bits)
    if len(parts) > 1:
        assert all(parts)
        room = {(Encoding.GSM7, 8): 153, (Encoding.GSM7, 16): 152, (Encoding.UCS2, 8): 67, (Encoding.UCS2, 16): 66}
        encoding = encoding_of(text)
        for part in parts:
            units = len(gsm7.encode(part)) if encoding is Encoding.GSM7 else len(part.encode("utf-16-be")) // 2
            assert units <= room[encoding, ref_bits]


def test_what_forces_ucs2_is_named_with_its_place():
    assert forcing_ucs2("Don’t wait … ŵ") == [
        Forcing(3, "’", "RIGHT SINGLE QUOTATION MARK", "'"),
        Forcing(11, "…", "HORIZONTAL ELLIPSIS", "..."),
        Forcing(13, "ŵ", "LATIN SMALL LETTER W WITH CIRCUMFLEX", None),
    ]
    assert forcing_ucs2("Plain £5 {yes}") == []


@pytest.mark.parametrize(("text", "wanted"), [
    ("“It’s free – call us…”", "\"It's free - call us...\""),
    ("a\u00a0b\u200bc\ufeff", "a bc"),
    ("`quoted´ • one", "'quoted' * one"),
    ("tab\there", "tab here"),
    ("zero\u200dwidth", "zerowidth"),
    ("\u200e+447700900123\u202c", "+447700900123"),
])
def test_punctuation_becomes_plain(text, wanted):
    assert plain(text) == wanted
    assert encoding_of(wanted) is Encoding.GSM7


@pytest.mark.parametrize("text", ["ŵ ŷ â ê î ô û", "ç", "Привет", "我", "😀", "👨\u200d👩\u200d👧", "می\u200cخواهم"])
def test_letters_and_emoji_stay(text):
    assert plain(text) == text
    assert all(found.replacement is None for found in forcing_ucs2(text))


@given(ANY_TEXT)
def test_plain_is_exactly_the_proposals(text):
    found = {one.position: one for one in forcing_ucs2(text)}
    built = []
    for position, char in enumerate(text):
        proposal = found.get(position)
        built.append(proposal.replacement if proposal and proposal.replacement is not None else char)
    assert plain(text) == "".join(built)
    assert all(not one.char.isalpha() for one in found.values() if one.replacement is not None)
    assert all(encoding_of(one.replacement) is Encoding.GSM7 for one in found.values() if one.replacement is not None)


def test_split_as_others_do(vectors):
    for vector in vectors("split"):
        if vector.get("only_when_multipart"):  # counted by a function that cuts even what fits into one part
            continue
        bits = vector["ref_bits"]
        if "unit" in vector:
            longest = vector["unit"] * vector["max_chars"]
            assert part_count(longest, bits) == vector["segments"] == 255, vector["id"]
            assert part_count(longest + vector["unit"], bits) == 256, vector["id"]
            continue
        parts = split(vector["text"], bits)
        assert parts == vector.get("parts", parts), vector["id"]
        assert len(parts) == vector.get("segments", len(parts)), vector["id"]
        assert encoding_of(vector["text"]) == vector.get("charset", encoding_of(vector["text"])), vector["id"]
