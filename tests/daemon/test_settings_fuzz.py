"""Whatever stands under a known key of outpost.toml: it is taken, or a person reads which file, key and line is wrong.

Seconds' worth by default; `OUTPOST_FUZZ_SECONDS=600` goes on for ten minutes.
"""

from __future__ import annotations

import os
import re
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.settings import SettingsError, effective, load, parse

SECONDS = float(os.environ.get("OUTPOST_FUZZ_SECONDS", "0"))
FILE = Path("/etc/outpost/outpost.toml")
EXPLAINED = (Path(__file__).parents[2] / "config" / "outpost.toml").read_text("utf-8")


def known_keys(text: str) -> list[str]:
    """Every key that the explained configuration names, in use or in a remark, with its table before it."""
    keys, table = [], ""
    for line in text.splitlines():
        if found := re.match(r"#? ?\[([\w.]+)\]", line):
            table = found[1]
            keys.append(table)
        elif (found := re.match(r"#? ?(\w+) = ", line)) and table:
            keys.append(f"{table}.{found[1]}")
    return keys


def toml_text(text: str) -> str:
    """As a basic string of TOML."""
    return '"' + "".join(c if c.isprintable() and c not in '"\\' else f"\\U{ord(c):08X}" for c in text) + '"'


KEYS = known_keys(EXPLAINED)
SCALARS = st.one_of(
    st.sampled_from(("true", "false", "nan", "inf", "-inf", "1e999", "-0.0", "0x7fffffffffffffffffff", "1979-05-27",
                     "07:32:00", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999-23:59", "[]", "{}")),
    st.integers().map(str), st.floats().map(repr),
    st.text(st.characters(exclude_categories=("Cs",)), max_size=20).map(toml_text),
    st.sampled_from(("(", "(a", "[a-", "*#100#", "GB", "Europe/London", "..", "/", "\0", "/dev/null", "none", "hold",
                     "00:00", "24:00", "x" * 300, "+447700900101", "a{99999999999}")).map(toml_text),
)  # fmt: skip
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]")
    | st.dictionaries(st.sampled_from(("a", "b", "date", "port")), inner, max_size=2).map(
        lambda table: "{" + ", ".join(f"{key} = {value}" for key, value in table.items()) + "}"),
    max_leaves=4,
)  # fmt: skip


def test_every_table_has_its_keys() -> None:
    some = {"station.name", "modems.ports", "sims.8944100000000000001.pin_file", "credit.networks.23410.pattern"}
    assert some <= set(KEYS)


@pytest.mark.parametrize("pattern", ["a{99999999999}", "(" * 5000, "("])
def test_a_pattern_that_cannot_be_compiled_is_a_fault(pattern: str) -> None:
    with pytest.raises(SettingsError, match="no regular expression"):
        parse(f'[credit.networks.23410]\nbalance_ussd = "*100#"\npattern = "{pattern}"', FILE)


@given(st.dictionaries(st.sampled_from(KEYS), VALUES, min_size=1, max_size=5))
def by_chance(keys: dict[str, str]) -> None:
    text = "".join(f"{key} = {value}\n" for key, value in keys.items())
    try:
        taken = parse(text, FILE)
    except SettingsError as error:
        told = str(error)
        assert str(FILE) in told
        assert all(fault.line and fault.message for fault in error.problems)
        assert any(key in told or "is not TOML" in told for key in keys)
    else:
        effective(taken)
        taken.limits_for("8944100000000000001", "234100000000001")


@pytest.mark.timeout(SECONDS + 120)
def test_any_value_under_any_known_key() -> None:
    end = time.monotonic() + SECONDS
    settings(max_examples=300)(by_chance)()
    while time.monotonic() < end:
        settings(max_examples=300)(by_chance)()


@settings(max_examples=100)
@given(st.binary(max_size=300) | st.text(max_size=200).map(str.encode))
def test_any_bytes_as_a_file(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.toml"
    path.write_bytes(data)
    try:
        load(path)
    except SettingsError as error:
        assert str(path) in str(error)
