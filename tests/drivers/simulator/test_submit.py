"""Submitting to the simulated network: what it accepts, what it says, and what its log holds."""

from __future__ import annotations

import json

import pytest


def test_an_accepted_submit_is_answered_and_logged(simulate, connect, happened):
    simulator = simulate(2)
    first, second = (connect(port) for port in simulator.ports)
    assert first.text("+447700900123", "Hello £5") == ["+CMGS: 0"]
    assert second.text("+447700900124", "Also") == ["+CMGS: 0"]
    submits = happened(simulator, "submit")
    assert [(event["iccid"], event["recipient"], event["text"], event["mr"]) for event in submits] == [
        (simulator.iccids[0], "+447700900123", "Hello £5", 0),
        (simulator.iccids[1], "+447700900124", "Also", 0),
    ]
    assert submits[0]["t_command"] <= submits[0]["t_prompt"] <= submits[0]["t"]
    assert submits[0]["t"] <= happened(simulator, "answer")[0]["t"]


def test_the_message_reference_wraps_for_each_sim(simulate, connect):
    simulator = simulate(sims=[{"first_mr": 254}])
    terminal = connect(simulator.ports[0])
    assert [terminal.text(report=False)[0] for _ in range(4)] == ["+CMGS: 254", "+CMGS: 255", "+CMGS: 0", "+CMGS: 1"]


def test_three_hundred_in_a_row(simulate, connect, happened):
    simulator = simulate()
    terminal = connect(simulator.ports[0])
    answers = [terminal.text(text=f"Number {n}", report=False)[0] for n in range(300)]
    assert answers == [f"+CMGS: {n % 256}" for n in range(300)]
    assert [event["text"] for event in happened(simulator, "submit")] == [f"Number {n}" for n in range(300)]


def test_escape_at_the_prompt_sends_nothing(simulate, connect, happened, submit_pdu):
    simulator = simulate()
    terminal = connect(simulator.ports[0])
    part = submit_pdu()
    terminal.prompt(part)
    terminal.send(part.hex.encode() + b"\x1b")
    terminal.until(b"\r\nOK\r\n")
    assert terminal.quiet()
    assert happened(simulator, "submit") == []


@pytest.mark.parametrize(
    "spoil", [lambda pdu: pdu[:-2], lambda pdu: pdu + "00", lambda pdu: "zz" + pdu[2:], lambda _pdu: ""]
)
def test_a_pdu_of_the_wrong_length_or_not_hex_is_turned_down(simulate, connect, happened, submit_pdu, spoil):
    simulator = simulate()
    terminal = connect(simulator.ports[0])
    part = submit_pdu()
    terminal.prompt(part)
    terminal.send(spoil(part.hex).encode() + b"\x1a")
    terminal.until(b"\r\n+CMS ERROR: 304\r\n")
    assert happened(simulator, "submit") == []


def test_a_pdu_may_come_in_pieces_with_the_next_command_behind_it(simulate, connect, submit_pdu):
    terminal = connect(simulate(radio_delay=0.02).ports[0])
    part = submit_pdu(report=False)
    terminal.prompt(part)
    for byte in part.hex.encode():
        terminal.send(bytes([byte]))
    terminal.send(b"\x1aAT+CGMI\r")
    assert terminal.until(b"Outpost").startswith(b"\r\n+CMGS: 0\r\n\r\nOK\r\n")


@pytest.mark.parametrize(
    ("rule", "final"),
    [
        ({"code": 38}, "+CMS ERROR: 38"),
        ({"code": 30, "kind": "CME"}, "+CME ERROR: 30"),
        ({"kind": "ERROR"}, "ERROR"),
    ],
)
def test_refusals(simulate, connect, happened, submit_pdu, rule, final):
    simulator = simulate()
    terminal = connect(simulator.ports[0])
    simulator.rule(do="refuse", times=1, **rule)
    terminal.submit(submit_pdu(), final)
    assert terminal.text() == ["+CMGS: 0"]
    assert len(happened(simulator, "refuse")) == 1


def test_refusals_by_recipient_ending_sim_and_count(simulate, connect, submit_pdu):
    simulator = simulate(2)
    terminal, other = (connect(port) for port in simulator.ports)
    simulator.script([
        {"do": "accept", "recipient": "+447700900299"},
        {"do": "refuse", "code": 1, "ends_with": "99", "sim": simulator.iccids[0]},
        {"do": "refuse", "code": 8, "recipient": "+447700900111", "after": 1, "times": 1},
    ])
    terminal.submit(submit_pdu("+447700900199"), "+CMS ERROR: 1")
    terminal.text("+447700900299")
    other.text("+447700900199")
    terminal.text("+447700900111")
    terminal.submit(submit_pdu("+447700900111"), "+CMS ERROR: 8")
    terminal.text("+447700900111")
    simulator.clear()
    terminal.text("+447700900199")


def test_a_refusal_can_hide_an_acceptance(simulate, connect, happened, submit_pdu):
    simulator = simulate()
    terminal = connect(simulator.ports[0])
    simulator.rule(do="refuse", code=332, accepted=True)
    terminal.submit(submit_pdu(), "+CMS ERROR: 332")
    assert len(happened(simulator, "submit")) == 1


def test_no_service_and_no_smsc(simulate, connect, submit_pdu):
    simulator = simulate()
    terminal = connect(simulator.ports[0])
    simulator.register(0, "searching")
    terminal.submit(submit_pdu(), "+CMS ERROR: 331")
    simulator.register(0, "roaming")
    terminal.ask('AT+CSCA=""')
    terminal.submit(submit_pdu(), "+CMS ERROR: 330")


def test_a_late_answer_is_accepted_before_it_is_said(simulate, connect, happened, submit_pdu, wait_for):
    simulator = simulate()
    terminal = connect(simulator.ports[0])
    simulator.rule(do="answer", mode="late", seconds=0.1, times=1)
    part = submit_pdu(report=False)
    terminal.prompt(part)
    terminal.send(part.hex.encode() + b"\x1aAT+CGMI\r")
    wait_for(lambda: happened(simulator, "submit"))
    assert happened(simulator, "answer") == []
    assert terminal.until(b"Outpost").startswith(b"\r\n+CMGS: 0\r\n")  # deaf until then


def test_a_late_answer_may_come_between_other_commands(simulate, connect, submit_pdu):
    simulator = simulate()
    terminal = connect(simulator.ports[0])
    simulator.rule(do="answer", mode="late", seconds=0.1, busy=False)
    part = submit_pdu(report=False)
    terminal.prompt(part)
    terminal.send(part.hex.encode() + b"\x1aAT+CGMI\r")
    said = terminal.until(b"+CMGS: 0\r\n\r\nOK\r\n")
    assert said.index(b"Outpost") < said.index(b"+CMGS")


@pytest.mark.parametrize(("mode", "accepted"), [("never", 1), ("never-lost", 0)])
def test_an_answer_that_never_comes(simulate, connect, happened, submit_pdu, mode, accepted):
    simulator = simulate()
    terminal = connect(simulator.ports[0])
    simulator.rule(do="answer", mode=mode, times=1)
    part = submit_pdu(report=False)
    terminal.prompt(part)
    terminal.send(part.hex.encode() + b"\x1a")
    assert terminal.quiet()
    assert len(happened(simulator, "submit")) == accepted
    assert happened(simulator, "answer") == []
    assert terminal.text(report=False) == [f"+CMGS: {accepted}"]


def test_a_port_that_drops_instead_of_answering(simulate, connect, happened, submit_pdu, wait_for):
    simulator = simulate()
    terminal = connect(simulator.ports[0])
    simulator.rule(do="answer", mode="drop", seconds=0.05, times=1)
    part = submit_pdu()
    terminal.prompt(part)
    terminal.send(part.hex.encode() + b"\x1a")
    with pytest.raises(OSError):
        terminal.until(b"+CMGS")
    assert len(happened(simulator, "submit")) == 1
    wait_for(lambda: happened(simulator, "replug"))
    assert connect(simulator.ports[0]).text() == ["+CMGS: 1"]


def test_a_late_prompt_and_none(simulate, connect, submit_pdu):
    simulator = simulate()
    terminal = connect(simulator.ports[0])
    simulator.rule(do="prompt", mode="late", seconds=0.05, times=1)
    simulator.rule(do="prompt", mode="never", times=1)
    assert terminal.text() == ["+CMGS: 0"]
    terminal.send(b"AT+CMGS=20\r")
    assert terminal.quiet()
    assert terminal.text() == ["+CMGS: 1"]


@pytest.mark.parametrize("tail", [b"", b"\x1a"])
def test_unplugged_in_the_pdu_only_what_was_whole_is_accepted(simulate, connect, happened, submit_pdu, wait_for, tail):
    simulator = simulate(radio_delay=30)
    terminal = connect(simulator.ports[0])
    part = submit_pdu()
    terminal.prompt(part)
    terminal.send(part.hex.encode() + tail)
    if tail:
        wait_for(lambda: happened(simulator, "submit"))
    simulator.unplug(0)
    simulator.replug(0)
    simulator.delays(radio=0)
    again = connect(simulator.ports[0])
    assert again.text(text="Second") == [f"+CMGS: {len(tail)}"]
    assert [event["text"] for event in happened(simulator, "submit")] == ["Hello"] * len(tail) + ["Second"]
    assert len(happened(simulator, "answer")) == 1


def test_the_log_file_holds_an_accepted_submit_before_it_is_answered(simulate, connect, tmp_path):
    log = tmp_path / "log.jsonl"
    terminal = connect(simulate(log=log).ports[0])
    for count in range(1, 20):
        terminal.text(report=False)
        events = [json.loads(line) for line in log.read_text().splitlines()]
        assert [event["event"] for event in events].count("submit") == count


def test_stats_tell_how_the_time_went(simulate, connect):
    simulator = simulate(radio_delay=0.02)
    terminal = connect(simulator.ports[0])
    for _ in range(3):
        terminal.text(report=False)
    modem = simulator.stats()["modems"][0]
    assert modem["submits"] == 3
    assert modem["busy"] >= 0.06
    assert 0 < modem["gap"] <= modem["idle"]


@pytest.mark.parametrize(
    "rule",
    [
        {"do": "explode"},
        {"do": "answer", "mode": "sometimes"},
        {"do": "refuse", "cod": 1},
        {"do": "refuse", "kind": "CMX"},
        {"do": "refuse", "times": "often"},
        {"do": "prompt", "mode": "late", "recipient": "+447700900123"},
    ],
)
def test_a_wrong_rule_is_named_and_none_of_its_script_holds(simulate, connect, rule):
    simulator = simulate()
    with pytest.raises(ValueError, match="rule 2"):
        simulator.script([{"do": "refuse", "code": 1}, rule])
    assert connect(simulator.ports[0]).text() == ["+CMGS: 0"]
