"""STOP and START are heard as whole messages, and nothing else is taken for them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.optout import COURTESIES, STOP_WORDS, is_for_a_person, is_start, is_stop

WORDS = ["stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout", "opt-out", "remove"]


@pytest.mark.parametrize("text", [
    *WORDS, *map(str.upper, WORDS), *map(str.title, WORDS), "STOP ALL", "Opt out", "Stop. Thank you", "Stop, thanks",
    "STOP!!!", " stop \n", "'STOP'", "\u201cSTOP\u201d", "*stop*", "_stop_", "Please stop", "pls stop", "STOP please",
    "Hi, stop please. Thanks", "stop xx", "STOP \U0001f6d1", "Stop?", "\u200eSTOP", "\uff33\uff34\uff2f\uff30",
    "Stop stop STOP", "No thanks, stop", "No thank you. Stop.", "Sorry, unsubscribe", "Thank you very much. Stop",
    "Stop texting me", "please stop messaging me", "Stop sending me these messages", "unsubscribe me please",
    "opt out", "I want to opt out", "I would like to unsubscribe please", "unsubscribe me from this list", "STOOOP",
    "can you please stop texting me?", "I want you to stop texting me", "Don't text me again", "do not contact me",
    "No more texts please", "I dont want any more of these messages", "I want to stop receiving texts", "Remove me",
    "Stop fucking texting me", "fuck off, stop texting me", "Wrong number, please stop",
    "Who is this? Stop texting me", "stop mate", "Stop now!", "ok stop", "delete my number", "Quit", "END.",
    "S\u00adTOP", "stop plz", "STOP texting me pls", "pls stop txt me", "S.T.O.P", "s t o p", "Stpo",
    "STOP ALL MESSAGES", "Yes. Stop", "no, stop", "stop who dis", "Stop. I don't know who this is",
    "STOP I'm not interested", "stop, this is a new number", "stop i dont use drugs", "stop to 60777",
    "stop sending me this shit", "dont send me anymore texts", "no more msgs pls",
    "I do not wish to receive any more messages", "stop harassing me", "Please take me off ur list", "lose my number",
    "I wish to opt out of these messages", "unsubcribe", "STOPIO", "stopiwch os gwelwch yn dda", "stop plîs",
    "STOP. Diolch yn fawr", "peidiwch â thecstio fi", "Stopia decstio fi", "stop immediately",
    "Thanks but no thanks, stop", "stop alerts", "STOP (sent from my iPhone)", "stop messages to this number",
    "Stop, I am not that person", "Peidiwch ag anfon mwy o negeseuon ata i", "dim mwy o negeseuon", "Dad-danysgrifio",
    "Dwi ddim isio tecsts", "Tynnwch fi oddi ar eich rhestr", "rhif anghywir, stop", "Remove me from your list",
    "Take me off this mailing list", "remove my number",
])  # fmt: skip
def test_an_opt_out(text: str) -> None:
    assert is_stop(text)
    assert not is_start(text)


@pytest.mark.parametrize("text", [
    "", "   ", "...", "\U0001f6d1", "I want to quit", "stop them hurting me", "help", "help me stop",
    "Please help, stop him", "Don't stop", "dont stop", "I can't stop", "stop using", "how do I stop",
    "I want to stop", "the end", "end it", "I want it to end", "quit drugs", "cancel my appointment",
    "remove me from here", "he wont stop texting me", "stop it hurts", "stop and search", "bus stop", "unstoppable",
    "stopped", "Stop. They are outside", "STOP he is coming", "thank you", "thanks", "please", "sorry", "ok", "yes",
    "no", "start", "can you stop him", "can you stop", "I want to stop texting", "tell him to stop texting me",
    "make it stop", "stop it", "stop texting me he reads my phone", "stop them texting me",
    "stop my dealer texting me", "I quit", "end it all", "I need help to quit", "leave me alone", "wrong number",
    "fuck off", "no more", "please text me", "stop the violence", "I want to end this", "stop or else", "remove him",
    "take me away", "don't stop texting me", "dont stop messaging me", "stop messaging me he is here",
    "stop. he has my phone", "stop im 15", "stop selling to my son", "dont text me, he will see",
    "stop fucking hurting me", "never stop", "no he wont stop", "yes stop them", "not me", "I don't need help",
    "stop 999", "i dont want to receive a beating", "take me off drugs", "no more drugs", "54321",
    "this is a new number", "cancel him", "stop making me do this", "stop or ill hurt myself",
    "I want to stop taking drugs", "they told me to stop talking to you", "he told me to say stop", "stop mum",
    "opt out of life", "end this please", "remove me from this world", "paid â stopio", "dwi isio stopio",
    "stopiwch nhw", "stopia fo", "stopiwch nhw rhag brifo fi", "peidiwch", "paid tecstio fi mae o'n gweld fy ffôn",
    "dim mwy o gyffuriau", "diolch", "gadewch lonydd i mi", "who is this?", "stop please help me", "what does STOP do",
    "text STOP to opt out",
])  # fmt: skip
def test_no_opt_out(text: str) -> None:
    assert not is_stop(text)


@pytest.mark.parametrize("text", ["START", "start", "Start please", "UNSTOP", "opt in", "Opt-in", "Subscribe. Thanks"])
def test_an_opt_out_taken_back(text: str) -> None:
    assert is_start(text)
    assert not is_stop(text)


@pytest.mark.parametrize("text", ["yes", "ok", "start again?", "where do I start", "restart", "stop start", ""])
def test_no_opt_in(text: str) -> None:
    assert not is_start(text)


@pytest.mark.parametrize("text", [
    "I want to quit", "stop them hurting me", "help", "HELP!", "can you stop him", "I can't stop",
    "He won\u2019t stop", "make it stop", "I'm scared of him", "end it all", "they will kill me",
    "stop texting me he reads my phone", "stop " + "please " * 40, "dont text me, he will see",
    "delete my messages he checks my phone", "get me out of here", "leave me alone", "stopiwch nhw rhag brifo fi",
    "dwi angen i chi helpu", "no more please", "would you mind not texting me", "opt out of life", "i need out",
])  # fmt: skip
def test_what_a_person_must_read_first(text: str) -> None:
    assert is_for_a_person(text)


@pytest.mark.parametrize("text", [
    "STOP", "Stop. Thank you", "START", "thanks", "who is this?", "ok", "", "yes please", "not me mate",
    "this is my number", "iawn diolch",
])  # fmt: skip
def test_what_holds_nothing(text: str) -> None:
    assert not is_for_a_person(text)


PLAIN_COURTESIES = [c for c in COURTESIES if c.replace(" ", "").isalpha()]


@given(
    st.sampled_from([*STOP_WORDS, "opt-out"]), st.lists(st.sampled_from(PLAIN_COURTESIES), max_size=2),
    st.lists(st.sampled_from(PLAIN_COURTESIES), max_size=2), st.sampled_from([" ", ". ", ", ", "! ", "\n", " \u2013 "]),
    st.sampled_from([str.upper, str.lower, str.title]),
)
def test_courtesy_and_punctuation_change_nothing(
    word: str, before: list[str], after: list[str], between: str, case: Callable[[str], str],
) -> None:
    assert is_stop(case(between.join([*before, word, *after])))


@given(st.sampled_from(STOP_WORDS), st.sampled_from(["help", "he", "hurting", "drugs", "I", "me now"]), st.booleans())
def test_one_more_word_makes_it_a_message_for_a_person(word: str, other: str, first: bool) -> None:
    assert not is_stop(f"{other} {word}" if first else f"{word} {other}")


@given(st.text(max_size=400))
def test_any_text_is_judged(text: str) -> None:
    assert not (is_stop(text) and is_start(text))


def test_a_long_tail_of_courtesies_is_judged_at_once() -> None:
    assert not is_stop("thanks " * 20_000 + "!")
    assert not is_stop("x " * 79 + "y")
    assert not is_stop("pls i want to opt out " * 7 + "y")
    assert not is_stop("no thanks thank you " * 7 + "y")
