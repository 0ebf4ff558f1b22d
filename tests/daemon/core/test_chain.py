"""The record's chain: any change, gap or cut is found, and nothing else is."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.chain import NOTHING, Head, canonical, check, link

CHAINS = st.lists(st.text(max_size=8), min_size=1, max_size=8)


def chain(facts):
    rows, last = [], NOTHING
    for seq, more in enumerate(facts, start=1):
        entry = canonical({"fact": more, "seq": seq})
        last = link(last, entry)
        rows.append((seq, entry, last))
    return rows


def head_of(rows):
    return Head(rows[-1][0], rows[-1][2])


@given(CHAINS)
def test_a_chain_that_was_left_alone_holds(facts):
    rows = chain(facts)
    checked = check(rows, [head_of(rows), Head(1, rows[0][2][:16])])
    assert (checked.entries, checked.head, checked.breaks) == (len(rows), head_of(rows), ())


@given(CHAINS, st.data())
def test_one_flipped_bit_anywhere_is_found_where_it_is(facts, data):
    rows = chain(facts)
    index = data.draw(st.integers(0, len(rows) - 1))
    seq, entry, hash_ = rows[index]
    raw = bytearray(f"{entry}{hash_}", "ascii")
    bit = data.draw(st.integers(0, 8 * len(raw) - 1))
    raw[bit // 8] ^= 1 << bit % 8
    flipped = raw.decode("utf-8", "surrogateescape")
    rows[index] = (seq, flipped[: len(entry)], flipped[len(entry) :])
    assert seq in {broken.seq for broken in check(rows).breaks}


@given(CHAINS, st.data())
def test_a_row_taken_out_or_put_twice_is_found(facts, data):
    rows = chain(facts)
    head = head_of(rows)
    index = data.draw(st.integers(0, len(rows) - 1))
    assert check(rows[:index] + rows[index + 1 :], [head]).breaks
    assert check(rows[: index + 1] + rows[index:], [head]).breaks


@given(CHAINS, st.data())
def test_a_cut_tail_and_a_chain_made_anew_are_found_by_the_head(facts, data):
    rows = chain(facts)
    cut = data.draw(st.integers(0, len(rows) - 1))
    assert check(rows[:cut], [head_of(rows)]).breaks
    forged = chain([f"{facts[0]}!", *facts[1:]])
    assert not check(forged).breaks
    assert [broken.seq for broken in check(forged, [head_of(rows)]).breaks] == [len(rows)]


def test_numbers_inside_the_entries_count_too():
    renumbered = chain(["", ""])
    entry = canonical({"seq": 7})
    renumbered[1] = (2, entry, link(renumbered[0][2], entry))
    assert [broken.seq for broken in check(renumbered).breaks] == [2]


@given(st.dictionaries(st.text(max_size=4), st.one_of(st.integers(), st.text(max_size=9)), max_size=3))
def test_an_entry_is_ascii_and_reads_back(facts):
    entry = canonical(facts)
    assert entry.isascii()
    assert json.loads(entry) == facts


@pytest.mark.parametrize(
    ("text", "head"),
    [
        ("12:" + "a" * 64, Head(12, "a" * 64)),
        (" 12: AAAA aaaa aaaa aaaa\n", Head(12, "a" * 16)),
        ("12:aaaa", None),
        ("12", None),
        ("x:" + "a" * 64, None),
        ("", None),
    ],
)
def test_a_head_as_it_is_printed_and_typed(text, head):
    assert Head.parse(text) == head
    assert head is None or Head.parse(str(head)) == head
