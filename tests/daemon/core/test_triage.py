"""Triage: what people really write, with the word lists that are shipped."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.triage import GUESSED, Kind, WordList, pressing

LISTS = Path(__file__).resolve().parents[3] / "config" / "triage"


def shipped(language: str) -> WordList:
    found = tomllib.loads((LISTS / f"{language}.toml").read_text("utf-8"))
    return WordList({Kind(kind): phrases for kind, phrases in found.items()})


ENGLISH, WELSH = shipped("en"), shipped("cy")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("he said hes gonna kill me if i stop", Kind.DANGER),
        ("Please help, they won’t let me leave", Kind.DANGER),
        ("I don't want to live anymore", Kind.DANGER),
        ("stop them hurting me", Kind.DANGER),
        ("my mate has overdosed what do i do", Kind.DANGER),
        ("ive taken too many pills", Kind.DANGER),
        ("they make me hold the drugs", Kind.DANGER),
        ("hes got a blade", Kind.DANGER),
        ("im 14 and i dont know what to do", Kind.CHILD),
        ("my lad is 14 and hes selling for them", Kind.CHILD),
        ("he's sixteen", Kind.CHILD),
        ("i wanna get off the gear", Kind.HELP),
        ("is this confidential", Kind.HELP),
        ("dont stop messaging me", Kind.OTHER),
        ("STOP texting me pls", Kind.OPT_OUT),
        ("I’m only 15", Kind.CHILD),
        ("my son has been running for them", Kind.CHILD),
        ("ill be in trouble at school", Kind.CHILD),
        ("I want to quit", Kind.HELP),
        ("how do I get on methadone", Kind.HELP),
        ("yes please call me", Kind.HELP),
        ("HELP", Kind.HELP),
        ("STOP", Kind.OPT_OUT),
        ("Stop. Thank you", Kind.OPT_OUT),
        ("fuck off pigs", Kind.HOSTILE),
        ("who is this??", Kind.WRONG_NUMBER),
        ("sorry wrong number mate", Kind.WRONG_NUMBER),
        ("ok thanks", Kind.OTHER),
        ("", Kind.OTHER),
        ("👍", Kind.OTHER),
    ],
)
def test_english(text: str, kind: Kind) -> None:
    assert ENGLISH.kind(text) is kind


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Dwi mewn PERYGL", Kind.DANGER), ("Angen siarad efo rhywun", Kind.HELP), ("rhif anghywir", Kind.WRONG_NUMBER),
        ("Pwy sy'n tecstio?", Kind.WRONG_NUMBER), ("stopiwch os gwelwch yn dda", Kind.OPT_OUT),
    ],
)  # fmt: skip
def test_welsh(text: str, kind: Kind) -> None:
    assert WELSH.kind(text) is kind


@pytest.mark.parametrize("text", [
    "see you at 10 am", "im 40 and fine", "im 15 minutes away", "it is 10 now", "he is 40", "begun", "the godfather",
])  # fmt: skip
def test_a_word_inside_another_and_a_number_that_is_no_age_say_nothing(text: str) -> None:
    assert ENGLISH.kind(text) is Kind.OTHER


def test_the_most_pressing_kind_is_taken() -> None:
    assert ENGLISH.kind("wrong number, but i'm 12 and he has a knife") is Kind.DANGER
    assert [pressing(kind) for kind in Kind] == sorted(pressing(kind) for kind in Kind)


@pytest.mark.parametrize("kind", [Kind.OPT_OUT, Kind.OTHER])
def test_no_list_makes_an_opt_out(kind: Kind) -> None:
    with pytest.raises(ValueError, match="takes no word list"):
        WordList({kind: ["bye"]})


def test_a_phrase_without_a_word_is_refused() -> None:
    with pytest.raises(ValueError, match="holds no word"):
        WordList({Kind.HELP: ["help", "!!"]})


@given(st.text())
def test_any_text_has_a_kind(text: str) -> None:
    assert ENGLISH.kind(text) in Kind


@given(st.sampled_from(GUESSED), st.text("abcxyz ", min_size=1).filter(str.strip))
def test_a_listed_phrase_is_found_whatever_stands_around_it(kind: Kind, phrase: str) -> None:
    assert WordList({kind: [phrase]}).kind(f"well, {phrase.upper()}! 1") is kind
