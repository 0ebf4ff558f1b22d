"""Answers of real modems, gathered by others, as their sources read them; and whole modems carried through set-up."""

from __future__ import annotations

import json
import re

import pytest

from drivers import answers
from drivers.lines import Answer, News, Sorter
from drivers.types import Accepted, Inbound, Registered, Slot
from drivers.ussd import answer_of

STATES = {
    "IDLE": Registered.NO, "HOME": Registered.HOME, "SEARCHING": Registered.SEARCHING, "DENIED": Registered.DENIED,
    "ROAMING": Registered.ROAMING, "HOME_SMS_ONLY": Registered.HOME, "ATTACHED_RLOS": Registered.NO,
    "ROAMING_CSFB_NOT_PREFERRED": Registered.ROAMING,
}


@pytest.fixture
def cases(at_responses):
    """(id, lines, expected) of those that a test can judge; says how many, so that none vanish unseen."""

    def choose(wanted, least):
        found = [
            (case["id"], case["lines"], case.get("expect") or case.get("expected"))
            for case in at_responses if "lines" in case and wanted(case)
        ]
        assert len(found) >= least
        return found

    return choose


def of_command(*commands):
    return lambda case: str(case.get("command")) in commands


def expectation(case):
    return case.get("expect") or case.get("expected") or {}


def test_registration(cases):
    for case, lines, expected in cases(lambda c: c.get("solicited") is True and "state" in expectation(c), 20):
        assert answers.registered(lines) is STATES[expected["state"]], case
    for case, lines, expected in cases(lambda c: c.get("command") == "AT+CREG?" and "status" in expectation(c), 2):
        assert expected["status"] == 1
        assert answers.registered(lines) is Registered.HOME, case


def test_a_urc_is_no_answer_to_the_question(cases):
    """A URC has no <n>; where it has all the same, as some modems write it, it reads as what it says."""
    for case, lines, _ in cases(lambda c: c.get("solicited") is False and c["id"].startswith("A-mm-0"), 20):
        if re.match(r"\+C[G5E]*REG: *\d+(?:,*$|, *\"|, *[0-9A-Fa-f]{4})", lines[0]):
            assert answers.registered(lines[:1]) is None, case


def test_no_answer_of_any_modem_breaks_a_parser(at_responses):
    for case in at_responses:
        lines = case.get("lines") or []
        for parse in (
            answers.registered, answers.network_name, answers.own_number, answers.serial_digits, answers.iccid,
            answers.iccid_of_file, answers.memories, answers.room, answers.listed, answers.one_read,
        ):
            parse(lines)
        for line in lines:
            answers.values_offered(line)
            answers.hint(line)
            answers.reference(line)
            answer_of(line)


def test_operators(cases):
    for case, lines, expected in cases(lambda c: c.get("command") == "AT+COPS?" and "operator" in expectation(c), 8):
        assert answers.network_name(lines) == (expected["operator"] or ""), case


def test_own_numbers(cases):
    for case, lines, expected in cases(lambda c: c.get("command") == "AT+CNUM" and "number" in expectation(c), 8):
        assert answers.own_number(lines) == (expected["number"] or None), case


def test_iccids(cases):
    for case, lines, expected in cases(of_command("AT+ICCID / AT+CCID"), 10):
        if re.search("[A-E]", expected.get("iccid", "")):
            continue  # two Chinese SIMs with a letter inside: outside E.118, checked below
        assert answers.iccid(lines) == expected.get("iccid", ""), case
    assert answers.iccid(['"898602F9091830030220"']) == "898602F9091830030220"


def test_files_of_the_sim(cases):
    for case, lines, expected in cases(lambda c: c.get("command") == "AT+CRSM" and expectation(c).get("ret"), 4):
        assert answers.iccid_of_file(lines) == "", case  # not EF-ICCID, and not taken for it
        assert expected["sw1"] == 144


def test_memories(cases):
    for case, lines, expected in cases(lambda c: str(c.get("command")) == "AT+CPMS=?", 12):
        offered = answers.memories(lines)
        if "mem1" in expected:
            assert [*offered, [], [], []][:3] == [expected["mem1"], expected["mem2"], expected["mem3"]], case
        elif "read" in expected and lines[0] != "+CPMS: ":
            assert sorted(set(offered[0]) & {"ME", "SM"}) == expected["read"], case
        elif "SM" in expected:
            assert {name: name in offered[0] for name in ("ME", "SM", "SR")} == expected, case


def test_parameter_lists(cases):
    for case, lines, _ in cases(of_command("AT+CNMI=?", "+CNMI"), 4):
        offered = answers.values_offered(lines[0])
        assert len(offered) == 5, case
        assert all(offered), case
    assert answers.values_offered("+CNMI: (0-2),(0,1,3),(0),2") == [{0, 1, 2}, {0, 1, 3}, {0}, {2}]


def test_announcements(cases):
    for case, lines, expected in cases(lambda c: c["lines"][:1] and c["lines"][0].startswith(("+CMTI: ", "+CDSI")), 4):
        if "index" in expected:
            found = answers.hint(lines[0])
            assert (found[1] if found else -1) == expected["index"], case
            assert expected.get("memory", "SM") in {"SM", found[0] if found else "SM"}, case


def test_lists(cases):
    by_id = {case: (lines, expected) for case, lines, expected in cases(of_command("AT+CMGL=4"), 2)}
    lines, _ = by_id["A-pgm-023"]
    assert answers.listed(lines[:-1]) == [(0, lines[2])]
    lines, expected = by_id["A-lluv-005"]
    assert [index for index, _ in answers.listed(lines[:-1])] == [message["index"] for message in expected["messages"]]
    assert answers.listed(lines[:-1])[2][1] == lines[-2]


def test_reads(cases):
    judged = 0
    asked = re.compile(r"AT\+CMGR=\w+$")
    pdu_mode = re.compile(r"\+CMGR: ?[013]?,[^\"]*$|\+CMGR: \d\d+$")
    for case, lines, _ in cases(lambda c: asked.match(str(c.get("command"))), 60):
        if len(lines) > 1 and pdu_mode.match(lines[0]):
            judged += 1
            pdu = answers.one_read([line for line in lines if line != "OK"])
            assert pdu == lines[1].strip() or lines[0].startswith("+CMGR: 3"), case
    assert judged > 40
    for case, lines, _ in cases(lambda c: c["id"] in {"A-gogsm-008", "A-lluv-002"}, 2):
        assert answers.one_read([line for line in lines if line != "OK"]) is None, case


def test_references(cases):
    for case, lines, expected in cases(lambda c: str(c.get("command")).startswith("AT+CMGS"), 2):
        found = [mr for line in lines if (mr := answers.reference(line)) is not None]
        assert found == [expected["reference"]], case


def test_ussd(at_responses):
    judged = 0
    for case in at_responses:
        expected = case.get("expect") or case.get("expected") or {}
        if not str(case.get("command")).startswith("AT+CUSD") or "raw" not in case or "text" not in expected:
            continue
        sorter = Sorter()
        said = [event.lines[0] for event in sorter.feed(case["raw"].encode()) if isinstance(event, News)]
        found = [answer for line in said if (answer := answer_of(line))]
        best = next((answer for answer in found if not answer.ends), found[0])
        assert best.text == re.sub("[\r\n]+", "\n", expected["text"]), case["id"]
        judged += 1
    assert judged >= 8
    by_id = {case["id"]: case for case in at_responses}
    assert answer_of(by_id["A-lluv-037"]["lines"][0]).text == by_id["A-lluv-037"]["expected"]["text"]
    assert answer_of(by_id["A-lluv-035"]["lines"][0]).text == ""


def test_urcs_of_all_makes_are_news_during_a_command(at_responses):
    judged = 0
    for case in at_responses:
        if case.get("command") != "(URC)" and case["id"] not in {"A-lluv-006", "A-lluv-008"}:
            continue
        sorter = Sorter()
        sorter.expect("AT+CSQ")
        stream = "".join(f"\r\n{line}\r\n" for line in case["lines"])
        events = list(sorter.feed(stream.encode()))
        assert events, case["id"]
        assert all(isinstance(event, News) for event in events), case["id"]
        assert not any(isinstance(event, Answer) for event in events)
        judged += 1
    assert judged > 40


def test_a_urc_before_the_echo(at_responses, peer, opened):
    modem = opened()
    (case,) = [case for case in at_responses if case["id"] == "A-lluv-015"]
    peer.answers["AT+COPS?"] = case["raw"].encode()
    assert modem.registration().network == "MTS"


TRACES = [
    "gsmmodem-GenericTestModem", "gsmmodem-Huawei_E1752", "gsmmodem-Huawei_K3715", "gsmmodem-Nokia_N79",
    "gsmmodem-QUALCOMM_M6280_ZTE_modem_", "gsmmodem-WAVECOM_MODEM_MULTIBAND_900E_1800", "gsmmodem-ZTE_K3565_Z",
]


def test_every_trace_is_carried_through(init_traces):
    assert {path.stem for path in init_traces.glob("*.json")} == {*TRACES, "gogsmmodem-zte"}


@pytest.mark.parametrize("name", TRACES)
@pytest.mark.parametrize("one_byte", [False, True])
def test_a_whole_modem_is_set_up_and_sends(init_traces, peer, opened, submit_pdu, news, name, one_byte):
    trace = json.loads((init_traces / f"{name}.json").read_text())
    peer.answers = {command: "".join(lines).encode() for command, lines in trace["stated_answers"].items()}
    peer.answers |= {command: [b"+CME ERROR: 14\r\n", b"OK\r\n"] for command in trace["sim_busy_commands"]}
    peer.answers["AT+CCID"] = b"+CCID: 8944100000000000001\r\n\r\nOK\r\n"
    for command in ("AT+CIMI", "AT+CGSN"):
        peer.answers.setdefault(command, b"111111111111111\r\nOK\r\n")
    peer.otherwise = b"OK\r\n"
    peer.one_byte = one_byte
    modem = opened()
    identity, sim = modem.identify()
    assert sim.imsi == "111111111111111"
    assert identity.imei == "111111111111111"
    for said in trace["stated_answers"].get("AT+CGMI", [])[:1]:
        assert identity.manufacturer == said.strip()
    assert modem.submit(submit_pdu(), lambda: None) == Accepted(1)
    peer.say('+CMTI: "SM",5')
    news.wait()
    assert modem.hinted() == [Slot("SM", 5)]
    assert not [command for command in peer.commands if command.startswith("ATZ")]


def test_the_zte_of_another_source(init_traces, peer, opened, submit_pdu, news):
    """Its echo of ATE0 ends with a bare line feed, its prompt with a line end, and its noise comes at any time."""
    trace = json.loads((init_traces / "gogsmmodem-zte.json").read_text())
    noise = "".join(line.removeprefix("<-") for line in trace["oob"]).encode()
    peer.answers["ATE0"] = b"ATE0\n\r\nOK\r\n"
    peer.answers["AT+CPMS=?"] = noise + "".join(trace["storage"][1:]).replace("<-", "").encode()
    peer.prompt = noise + b"> \r\n"
    deliver = "07917248014000F3240B917247587706F400003110824115248012C8329BFD06C9C373B8B82C97E741F034"
    peer.answers["AT+CMGR=5"] = f"{noise.decode()}+CMGR: 1,,35\r\n{deliver}\r\n\r\nOK".encode() + b"\r\n"
    modem = opened()
    assert modem.submit(submit_pdu(), lambda: None) == Accepted(1)
    peer.say("".join(trace["receive"]).replace("<-", "").encode())
    news.wait()
    (slot,) = modem.hinted()
    assert modem.read(slot) == Inbound(deliver, Slot("SM", 5))
