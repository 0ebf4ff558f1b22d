"""What stands in the log, and above all what does not."""

from __future__ import annotations

import json
import logging
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from daemon import logs
from daemon.core.batch import RejectedRow
from daemon.core.chain import Head
from daemon.logs.redaction import redact, scrub

KEY = b"a key of this station"
Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """Leave logging as it was found."""
    root, hooks = logging.getLogger(), (sys.excepthook, threading.excepthook)
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:], (sys.excepthook, threading.excepthook) = handlers, hooks
    root.setLevel(level)
    logging.captureWarnings(capture=False)


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Lines:
    """Logging in JSON at DEBUG; called, it gives the lines since the last call."""
    logs.setup("debug", KEY, as_json=True)
    return lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def test_a_line_is_one_json_document_with_a_time_and_its_offset(lines: Lines) -> None:
    logs.logger("daemon.line").info("submitted", message=17, part=1, mr=255)
    [line] = lines()
    assert line.pop("timestamp").endswith("+00:00")
    assert line == {"event": "submitted", "message": 17, "part": 1, "mr": 255, "logger": "daemon.line", "level": "info"}


def test_a_line_names_the_module_that_wrote_it(lines: Lines) -> None:
    structlog.get_logger().bind(part=1).info("submitted")
    assert lines()[0]["logger"] == __name__


def test_a_level_leaves_the_lower_ones_out(capsys: pytest.CaptureFixture[str]) -> None:
    logs.setup("warning", KEY, as_json=True)
    logs.logger("x").info("quiet")
    logging.getLogger("x").info("quiet")
    logs.logger("x").warning("loud")
    assert [json.loads(line)["event"] for line in capsys.readouterr().err.splitlines()] == ["loud"]


def test_setting_up_twice_writes_each_line_once(lines: Lines) -> None:
    logs.setup("info", KEY, as_json=True)
    logs.logger("x").info("once")
    assert len(lines()) == 1


def test_an_unknown_level_is_refused() -> None:
    with pytest.raises(ValueError, match="LOUD"):
        logs.setup("loud", KEY)


def test_libraries_pass_the_same_chain(lines: Lines) -> None:
    logging.getLogger("gsmmodem.modem.GsmModem").debug("write: AT+CPIN=1234")
    logging.getLogger("gsmmodem.modem.GsmModem").warning("to %s", "+447700900123")
    logging.getLogger("apscheduler.executors.default").info("job ran")
    [line] = lines()
    assert line["event"] == f"to {logs.person('+447700900123')}"


def test_a_person_is_three_digits_and_a_tag(lines: Lines) -> None:
    assert re.fullmatch(r"…123#[0-9a-f]{6}", logs.person("+447700900123"))
    tag = logs.person("+447700900123")
    forms = ("07700 900123", "00447700900123", "447700900123", "+44 (0)7700-900-123")
    assert {logs.person(form) for form in forms} == {tag}
    assert logs.person("+447700901123") != tag
    logs.setup("info", b"another station", as_json=True)
    assert logs.person("+447700900123") != tag
    assert lines() == []


@pytest.mark.parametrize("short", ["60777", "999", "Barclays", ""])
def test_a_short_number_or_a_name_is_never_whole(short: str) -> None:
    shown = logs.person(short)
    assert re.fullmatch(r"…\d{0,3}#[0-9a-f]{6}", shown)
    assert not short or short not in shown.partition("#")[0]


@pytest.mark.parametrize("number", [
    "+447700900123", "07700900123", "07700 900 123", "07700\u00a0900123", "+44 (0)7700 900123", "07700-900-123",
    "(0115) 496 0123", "07700.900.123", "0044 7700 900123", "\u202a+44 7700 900123\u202c", "7700900", "07700 – 900123",
])
def test_a_number_in_any_place_and_form_is_a_tag(lines: Lines, number: str) -> None:
    event = f"refused {number}"
    rows = [{"deep": (number, "near")}]
    logs.logger("x").info(event, cell=number, rows=rows, by={number: 1}, error=ValueError(number))
    [line] = lines()
    digits = re.sub(r"\D", "", number)
    assert digits not in re.sub(r"\D", "", json.dumps({**line, "timestamp": ""}))
    assert logs.person(number) in line["event"]
    assert logs.person(number) in line["rows"][0]["deep"][0]
    assert line["rows"][0]["deep"][1] == "near"


@given(st.from_regex(r"\A\+?[0-9]{7,15}\Z"), st.lists(st.sampled_from(" -.()"), max_size=6), st.text(max_size=20))
def test_no_number_survives_whatever_stands_around_it(number: str, between: list[str], around: str) -> None:
    written = number
    for place, mark in enumerate(between, 2):
        written = written[: place * 2] + mark + written[place * 2 :]
    shown = scrub(f"{around} {written} {around}")
    assert number.lstrip("+") not in re.sub(r"[^0-9]", "", re.sub(r"#[0-9a-f]{6}", "#", shown))


def test_texts_pins_and_pdus_are_dropped(lines: Lines) -> None:
    pdu = "07914477581006500B911497874400F0"
    log = logs.logger("x").bind(text="Help for you", body=["Help"], sub={"text": "Help"}, raw=b"Help")
    event = f"<< {pdu}"
    log.info(event, pin=1234, pdu=pdu)
    [line] = lines()
    assert line["event"] == "<< [pdu]"
    assert line["text"] == line["body"] == line["pin"] == line["pdu"] == line["sub"]["text"] == "[redacted]"
    assert "Help" not in json.dumps(line)


def test_a_head_of_the_record_is_whole_and_nothing_else_under_its_key_is(lines: Lines) -> None:
    log = logs.logger("x")
    pdu = "07914477581006500B911497874400F0"
    head = Head(1234567, "5e" * 32)
    log.info("lost", head=head)
    log.info("none", head=None)
    for other in (pdu, f"17:{pdu.lower()}", str(head), Head(17, pdu), Head(447700900123 * 10**4, "5e" * 32)):
        log.info("other", head=other)
    log.info("other", pdu=head, lacks=head)
    found = lines()
    assert [line["head"] for line in found[:2]] == [str(head), None]
    shown = json.dumps(found[2:])
    assert not any(secret.lower() in shown.lower() for secret in (pdu, "5e" * 8, "447700900123"))


def test_an_object_shows_its_type_alone(lines: Lines) -> None:
    row = RejectedRow(row=3, ref="NS-3", to="60777", text="Help for you", reason="short code")
    logs.logger("x").info("rejected", row=row)
    assert lines()[0]["row"] == "[RejectedRow]"


def test_what_is_of_no_person_stays(lines: Lines) -> None:
    class State(StrEnum):
        READY = "ready"

    harmless = {
        "sim": "8944100000000000001", "imsi": "234100000000001", "imei": "490154203237518", "queued": 120,
        "free_bytes": 50_000_000_000, "took": 0.123456789, "at": 1767600000.25, "ok": True, "none": None,
    }
    shown_as = {
        "state": (State.READY, "ready"), "path": (Path("/dev/ttyUSB0"), "/dev/ttyUSB0"),
        "day": (date(2026, 3, 29), "2026-03-29"), "gap": (timedelta(seconds=10), "0:00:10"),
        "when": (datetime(2026, 3, 29, tzinfo=UTC), "2026-03-29 00:00:00+00:00"),
    }
    given_values = {key: value for key, (value, _) in shown_as.items()}
    logs.logger("x").info("next at 2026-03-29T09:00:00+01:00", **harmless, **given_values)
    [line] = lines()
    assert line["event"] == "next at 2026-03-29T09:00:00+01:00"
    assert {key: line[key] for key in harmless} == harmless
    assert {key: line[key] for key in shown_as} == {key: shown for key, (_, shown) in shown_as.items()}


def test_a_number_under_a_hardware_key_or_as_an_integer_is_still_a_tag(lines: Lines) -> None:
    logs.logger("x").info("odd", sim="07700900123", value=447700900123)
    [line] = lines()
    assert line["sim"] == line["value"] == logs.person("07700900123")


def test_a_tag_stays_a_tag(lines: Lines) -> None:
    tag = logs.person("07700900123")
    logs.logger("x").info(f"{tag} 7 parts", recipient=tag)
    [line] = lines()
    assert (line["event"], line["recipient"]) == (f"{tag} 7 parts", tag)


def test_a_short_code_under_a_person_s_key_is_a_tag(lines: Lines) -> None:
    logs.logger("x").info("reply", sender="60777")
    assert lines()[0]["sender"] == logs.person("60777")


@pytest.mark.parametrize("as_json", [True, False])
def test_a_traceback_has_no_numbers_or_variables(capsys: pytest.CaptureFixture[str], as_json: bool) -> None:
    logs.setup("info", KEY, as_json=as_json)
    pin = "4821"
    try:
        raise RuntimeError("refused 07700 900123")
    except RuntimeError:
        logs.logger("x").exception("line stopped", tries=len(pin))
    shown = capsys.readouterr().err
    assert "RuntimeError" in shown
    assert "test_logs.py" in shown
    assert logs.person("07700 900123") in shown
    assert "900123" not in shown
    assert pin not in shown


def test_an_exception_that_nobody_caught_is_logged_and_redacted(lines: Lines) -> None:
    def fail() -> None:
        raise RuntimeError("refused 07700 900123")

    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    [line] = lines()
    assert line["level"] == "critical"
    assert line["exception"][0]["exc_value"] == f"refused {logs.person('07700 900123')}"


def test_nothing_that_a_process_prints_by_itself_shows_a_number() -> None:
    script = """
import logging, warnings
from daemon import logs
logs.setup("info", b"key")
warnings.warn("from 07700 900123")
logging.getLogger("library").warning("%d parts", "07700900123")
raise RuntimeError("refused 07700 900123")
"""
    process = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    warning, fault, crash = process.stderr.splitlines()
    assert process.returncode == 1
    assert "UserWarning: from …123#" in json.loads(warning)["event"]
    assert fault == "a log line of library could not be written: TypeError"
    assert json.loads(crash)["exception"][0]["exc_value"].startswith("refused …123#")
    assert "900123" not in process.stderr + process.stdout


def test_each_thread_binds_its_own_values(lines: Lines) -> None:
    def line(iccid: str) -> None:
        logs.bind(sim=iccid)
        logs.logger("x").info("ready")
        logging.getLogger("library").info("ready")

    for iccid in ("8944100000000000001", "8944100000000000002"):
        thread = threading.Thread(target=line, args=(iccid,))
        thread.start()
        thread.join()
    logs.logger("x").info("main")
    assert [line.get("sim") for line in lines()] == ["8944100000000000001"] * 2 + ["8944100000000000002"] * 2 + [None]


def test_a_terminal_gets_lines_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    logs.setup("info", KEY, as_json=False)
    logs.logger("daemon.intake").info("taken", rows=120, sender="07700900123")
    shown = capsys.readouterr().err
    assert "taken" in shown
    assert "rows=120" in shown
    assert "07700900123" not in shown


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary(),
                    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=10))
def test_any_value_can_be_logged(value: object) -> None:
    json.dumps(redact(None, "info", {"event": "any", "value": value}))
