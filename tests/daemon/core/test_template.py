"""What becomes of braces in a wording."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.template import BadTemplate, NoValue, Template, field_name, parse


@pytest.mark.parametrize(("wording", "text"), [
    ("Hello", "Hello"), ("", ""), ("Hi {name}.", "Hi Anna."), ("{name}{ref}", "AnnaA-1"), ("{ Display  NAME }", "A."),
    ("{{name}}", "{name}"), ("{{{name}}}", "{Anna}"), ("a{{b", "a{b"), ("a}}b", "a}b"), ("{odd}", "{name}"),
])  # fmt: skip
def test_filling(wording: str, text: str) -> None:
    row = {"name": " Anna ", "ref": "A-1", "display name": "A.", "odd": "{name}"}
    assert parse(wording).fill(row) == text


@pytest.mark.parametrize("wording", ["{", "}", "{}", "{ }", "a\n{name", "{na\nme}", "{a{b}"])
def test_a_brace_that_is_no_field_is_an_error_with_its_line(wording: str) -> None:
    with pytest.raises(BadTemplate, match=r"line \d"):
        parse(wording)


@pytest.mark.parametrize("row", [{}, {"name": ""}, {"name": "  "}])
def test_a_row_without_the_value_has_no_text(row: dict[str, str]) -> None:
    with pytest.raises(NoValue, match="column name"):
        parse("Hi {name}").fill(row)


@given(st.text())
def test_doubled_braces_give_any_text_back(text: str) -> None:
    assert parse(text.replace("{", "{{").replace("}", "}}")).fill({}) == text


@given(st.text(st.sampled_from("{}ab \n")))
def test_any_wording_is_read_or_refused(wording: str) -> None:
    try:
        template = parse(wording)
    except BadTemplate:
        return
    assert len(template.pieces) == len(template.fields) + 1
    assert all(name == field_name(name) != "" for name in template.fields)
    assert isinstance(template, Template)
