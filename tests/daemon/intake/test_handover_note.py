"""A note that hands a conversation over, or says what came of it: a request, or a word of what is wrong."""

from __future__ import annotations

from typing import Any

import pytest

from daemon.core.not_possible import NotPossible
from daemon.intake.handover_note import request_of

WHO = {"do": "handover assign", "number": "+447700900123", "service": "shelter", "plain": False}


@pytest.mark.parametrize(("text", "more"), [
    ("Service: shelter\r\nConsent: to be rung: by Sam\n\nReply: 17\n", {"consent": "to be rung: by Sam", "reply": 17}),
    ("\ufeffservice: shelter\nconsent: yes\nphone: now", {"consent": "yes", "phoned": ""}),
    ("service: shelter\nconsent: yes\nphone: 2026-11-28T10:15", {"consent": "yes", "phoned": "2026-11-28T10:15"}),
    ("service: shelter\ndanger: a child\nplain: yes", {"danger": "a child", "plain": True}),
])  # fmt: skip
def test_a_note_named_by_a_number_hands_over(text: str, more: dict[str, Any]) -> None:
    assert request_of("+447700900123", text.removeprefix("\ufeff")) == {**WHO, **more}


def test_a_note_named_by_a_reference_says_what_came_of_it() -> None:
    assert request_of("3f9a2c", "taken: Sam") == {"do": "handover taken", "reference": "3f9a2c", "who": "Sam"}
    assert request_of("3f9a2c", "closed:") == {"do": "handover closed", "reference": "3f9a2c", "outcome": ""}


@pytest.mark.parametrize(("text", "why"), [
    ("", "no line"), ("servis: shelter", "a line 'servis'"), ("please ring her", "a line 'please ring her'"),
    ("service: shelter\nconsent: yes\nreply: his last", "takes the number of a reply"),
])  # fmt: skip
def test_another_note_is_told_what_it_lacks(text: str, why: str) -> None:
    with pytest.raises(NotPossible, match=why):
        request_of("+447700900123", text)
