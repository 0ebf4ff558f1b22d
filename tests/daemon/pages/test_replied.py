"""What a batch achieved with people: each counted once, by what presses most; and no small figure can be reckoned."""

from __future__ import annotations

from pathlib import Path

import pytest

from daemon.core.handover import Consent, Handover
from daemon.core.reply import Reply, ReplyKind, ReplyState
from daemon.core.triage import Kind
from daemon.pages.replied import NOBODY, Answers, Replied
from daemon.pages.replies import in_order
from daemon.pages.report import Frame, _parts
from daemon.settings import load_words

WORDS = load_words(Path(__file__).resolve().parents[3] / "config" / "triage")
ANNA, BEN = "+447700900001", "+447700900002"


def reply(number: str, text: str, batch: str = "line-42", kind: ReplyKind = ReplyKind.TEXT) -> Reply:
    return Reply(1, "89", number, number, kind, ReplyState.ANSWERED, text, True, "", 0.0, None, 1, batch)


def handover(number: str, batch: str = "line-42") -> Handover:
    return Handover("3f9a2c", number, "shelter", Consent("yes", 0.0, "phone"), "", "ann", 0.0, 0.0, 1, batch)


def test_each_person_is_counted_once_by_what_presses_most() -> None:
    hinted = in_order(
        [
            reply(ANNA, "who is this"), reply(ANNA, "he has a knife"), reply(ANNA, "thank you"), reply(BEN, "STOP"),
            reply(BEN, "", kind=ReplyKind.DATA), reply(BEN, "help", batch="line-43"), reply("Telco", "win", batch=""),
        ],
        WORDS,
    )  # fmt: skip
    answers = Answers()
    assert list(answers.watch(hinted)) == hinted
    found = answers.replied([handover(ANNA), handover(ANNA), handover(BEN, "")])
    assert found == {
        "line-42": Replied({Kind.DANGER: 1, Kind.OPT_OUT: 1}, 1), "line-43": Replied({Kind.HELP: 1}, 0)
    }  # fmt: skip
    assert (found["line-42"].people, found["line-42"].asked_for_help) == (2, 1)
    assert (NOBODY.people, Answers().replied([])) == (0, {})


@pytest.mark.parametrize(("counts", "shown"), [
    ({"a": 7, "b": 9}, {"a": 7, "b": 9}),
    ({"a": 7, "b": 2, "c": 9, "d": 0}, {"a": "hidden", "b": "fewer than 5", "c": 9, "d": 0}),
    ({"a": 3, "b": 2, "c": 9}, {"a": "fewer than 5", "b": "fewer than 5", "c": 9}),
    ({"a": 3}, {"a": "fewer than 5"}),
    ({}, {}),
])  # fmt: skip
def test_a_small_figure_cannot_be_reckoned_from_the_others(counts: dict[str, int], shown: dict[str, object]) -> None:
    assert _parts(counts, Frame("ann", 0.0, "", 5)) == shown
