"""Long texts come together whatever the order, and say what is missing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.reassembly import GAP, Joined, group_key, join
from drivers.pdu import decode
from drivers.types import Concat, Deliver


def part(seq: int, total: int, text: str) -> tuple[Concat, str]:
    return Concat(ref=9, total=total, seq=seq), text


def test_parts_in_any_order_with_copies() -> None:
    parts = [part(3, 3, "three"), part(1, 3, "one "), part(2, 3, "two "), part(1, 3, "one ")]
    assert join(parts) == Joined("one two three", complete=True, missing=())


def test_what_never_came_is_marked_and_named() -> None:
    assert join([part(2, 5, "b"), part(5, 5, "e")]) == Joined(f"{GAP}b{GAP}e", complete=False, missing=(1, 3, 4))
    assert join([part(1, 2, "a")]) == Joined(f"a{GAP}", complete=False, missing=(2,))


def test_of_two_copies_that_differ_the_first_counts() -> None:
    assert join([part(1, 1, "first"), part(1, 1, "second")]).text == "first"


def test_a_part_beyond_the_total_is_left_out() -> None:
    assert join([part(1, 1, "a"), part(2, 1, "b"), part(0, 1, "z")]) == Joined("a", complete=True, missing=())


def test_a_character_cut_in_two_is_whole_again() -> None:
    assert join([part(1, 2, "help \ud83d"), part(2, 2, "\ude4f please")]).text == "help \U0001f64f please"


def test_half_a_character_can_be_stored() -> None:
    joined = join([part(1, 2, "help \ud83d")])
    assert joined.text == f"help \ufffd{GAP}"
    assert joined.text.encode()


def test_no_parts_is_a_bug() -> None:
    with pytest.raises(ValueError, match="at least one part"):
        join([])


@given(st.lists(st.text(max_size=20), min_size=1, max_size=9), st.data())
def test_any_cut_order_and_copies_give_the_text_back(pieces: list[str], data: st.DataObject) -> None:
    whole = [part(seq, len(pieces), piece) for seq, piece in enumerate(pieces, start=1)]
    copies = data.draw(st.lists(st.sampled_from(whole), max_size=5))
    came = data.draw(st.permutations([*whole, *copies]))
    assert join(came) == Joined("".join(pieces), complete=True, missing=())


@given(st.text(max_size=40), st.integers(1, 40))
def test_a_text_cut_anywhere_between_utf16_units_is_whole_again(text: str, length: int) -> None:
    data = text.encode("utf-16-le")
    starts = range(0, max(len(data), 1), 2 * length)
    cuts = [data[start:start + 2 * length].decode("utf-16-le", "surrogatepass") for start in starts]
    assert join([part(seq, len(cuts), cut) for seq, cut in enumerate(cuts, start=1)]).text == text


def test_parts_belong_together_by_sim_sender_and_reference() -> None:
    def deliver(concat: Concat | None, sender: str = "+447700900001") -> Deliver:
        return Deliver("", sender, "", None, concat=concat)

    one = group_key(deliver(Concat(9, 3, 1)), "8944")
    assert one is not None
    assert one == group_key(deliver(Concat(9, 3, 2)), "8944")
    others = [
        group_key(deliver(Concat(9, 3, 1)), "8945"), group_key(deliver(Concat(9, 3, 1), "+447700900002"), "8944"),
        group_key(deliver(Concat(8, 3, 1)), "8944"), group_key(deliver(Concat(9, 2, 1)), "8944"),
        group_key(deliver(Concat(9, 3, 1, ref_bits=16)), "8944"),
    ]
    assert len({one, *others}) == 6
    assert group_key(deliver(None), "8944") is None


def test_vectors(vectors: Callable[[str], list[dict[str, Any]]]) -> None:
    """What other projects' tests say of parts: which text they make, or that they belong to different ones."""
    for vector in vectors("reassembly"):
        parts = [decode(pdu) for pdu in vector["pdus"]]
        delivers = [part for part in parts if isinstance(part, Deliver)]
        groups = {group_key(deliver, "8944") for deliver in delivers}
        assert None not in groups, vector["id"]
        if "error" in vector:
            assert len(groups) > 1, vector["id"]
            continue
        assert len(groups) == 1, vector["id"]
        joined = join([(deliver.concat, deliver.text) for deliver in delivers if deliver.concat])
        assert joined.text.replace(GAP, "") == vector["text"], vector["id"]
