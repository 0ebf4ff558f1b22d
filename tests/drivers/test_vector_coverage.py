"""No vector is left unread: each fact told of a real modem names the test that holds it, and each answer of a modem is
judged somewhere or belongs to a command that is never asked."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from drivers import answers
from drivers.library import error_of
from drivers.lines import Answer, News, Sorter
from drivers.ussd import decode

HERE = Path(__file__).parent
FILES = {
    "at_responses", "fields", "gsm7", "issue_facts", "pdu_deliver", "pdu_status", "pdu_submit", "reassembly", "split",
}  # fmt: skip
SORTED_HERE = "test_urcs_and_errors_of_the_facts"
HELD_BY = {
    "I-001": "test_every_shape_of_prompt", "I-002": "test_every_shape_of_prompt", "I-003": "test_every_shape_of_prompt",
    "I-004": "test_a_memory_that_cannot_be_chosen_is_not_read", "I-005": "test_read_and_delete_choose_the_memory_first",
    "I-006": "test_no_news_is_taken_for_an_answer_or_lost_in_one", "I-007": "test_reads",
    "I-008": "test_shapes_of_a_direct_report", "I-009": SORTED_HERE,
    "I-010": "test_noise_does_not_stretch_a_timeout_which_counts_from_the_command",
    "I-011": "test_a_modem_left_at_a_prompt_is_freed_and_nothing_is_sent",
    "I-012": "test_a_modem_that_says_ok_to_all_is_used_too", "I-013": "test_a_refusal_is_remembered",
    "I-014": "test_rooms_of_the_facts",
    "I-015": "test_a_refusal_after_the_pdu", "I-016": "test_a_refusal_after_the_pdu",
    "I-017": "test_ussd_of_the_facts", "I-018": "test_what_a_make_needs_is_sent", "I-019": "test_ussd_of_the_facts",
    "I-020": "test_ussd_of_the_facts", "I-021": "test_ussd_of_the_facts", "I-022": "test_ussd_of_the_facts",
    "I-023": "test_ours_tries_a_plain_command_again_but_not_for_ever",
    "I-024": "test_ours_tries_a_plain_command_again_but_not_for_ever", "I-025": SORTED_HERE,
    "I-026": "test_a_sim_that_is_not_ready_at_once",
    "I-027": "test_after_a_timeout_a_stale_answer_is_not_taken_for_a_fresh_one", "I-028": SORTED_HERE,
    "I-029": "test_sms_commands_that_fail_until_the_modem_is_ready",
    "I-030": "test_a_modem_that_started_anew_is_put_into_pdu_mode_first",
    "I-031": "test_the_same_bytes_give_the_same_lines_however_they_are_cut", "I-032": SORTED_HERE,
    "I-033": "test_a_wrong_pin_is_not_tried_again", "I-034": "test_registration",
    "I-035": "test_echo_of_command_and_pdu_and_a_second_prompt",
    "I-036": "test_echo_of_command_and_pdu_and_a_second_prompt", "I-037": "test_registration", "I-038": SORTED_HERE,
    "I-039": "test_no_news_is_taken_for_an_answer_or_lost_in_one", "I-040": "test_a_urc_is_no_answer_to_the_question",
    "I-041": "test_a_garbage_line_before_a_list", "I-042": "test_where_the_list_fails_it_reads_by_index",
    "I-043": "test_a_modem_that_stays_in_text_mode_is_not_used", "I-044": "test_type_of_number",
    "I-045": "test_echo_of_command_and_pdu_and_a_second_prompt", "I-046": "test_a_refusal_after_the_pdu",
    "I-047": "test_a_refusal_after_the_pdu", "I-048": "test_rooms_of_the_facts", "I-049": "test_parameter_lists",
    "I-050": "test_any_bytes_are_read_without_an_error", "I-051": "test_rooms_of_the_facts",
    "I-052": "test_shapes_of_a_direct_report",
}  # fmt: skip
NEVER_ASKED = re.compile(
    r"[#^%*]|\+(XACT|CGEV|CPOL|CSIM|CGCONTRDP|CTZU|URAT|UGCNTRD|UUSBCONF|UPINCNT|UIPADDR|UBMCONF|XL?CE?S\w*|CEER|CSCB|"
    r"CLIP|CCWA|CLCC|WS46|CFUN|CNMI|CPMS|PACSP)|AT\+(COPS=\?|CCLK|CSIM|CCWA|CLAC|CLCC|CSCS|CIND|CESQ|CPBR|CCFC|WIND|"
    r"CFUN=\?)|ATI|AT\+CMG[RL]=.*(text|\"ALL\")|\(parameter list\)|AT\+CNMI=\?/AT\+CPMS"
)
"""Commands and notices of other drivers: Outpost neither writes nor needs them. Read as news, or not at all."""


def test_every_file_of_vectors_has_its_test(vectors):
    vectors("fields")  # skips where there are none
    folder = Path(os.environ.get("OUTPOST_VECTORS", HERE.parents[2] / "shared" / "vectors"))
    assert {path.stem for path in folder.glob("*.jsonl")} == FILES


def test_every_fact_is_held_by_a_test(vectors):
    written = "".join(path.read_text() for path in HERE.glob("test_*.py"))
    for fact in vectors("issue_facts"):
        assert f"def {HELD_BY[fact['id']]}(" in written, fact["id"]


def test_every_answer_is_judged_or_never_asked_for(at_responses):
    judged = re.compile(
        r"\(URC\)|-$|AT\+(CREG\?|CMGR=\w+$|CMGL=4|CNUM|ICCID|CPMS=|CPMS\?|COPS\?|CRSM|CNMI=\?|CUSD|CMGS|CPIN\?|CFUN\?|"
        r"CSCA\?|CSQ|CGMM|CMGR=\d+$)"
    )
    for case in at_responses:
        command = str(case.get("command") or "-")
        assert judged.match(command) or NEVER_ASKED.match(command), (case["id"], command)


@pytest.mark.parametrize("line", [
    "^RSSI:13", "^RSSI:25", "+CREG: 0", "+CGREG: 0", "+CGEV: NW DETACH", "^SQWE: 0", "RDY", "SMS DONE", "PB DONE",
])  # fmt: skip
def test_urcs_and_errors_of_the_facts(line):
    sorter = Sorter()
    sorter.expect("AT+CSQ")
    events = list(sorter.feed(f"\r\n{line}\r\n+CSQ: 9,99\r\n".encode()))
    assert events == [News((line,)), Answer("+CSQ: 9,99")]
    for words, code in (("SIM busy", 14), ("operation not supported", 4), ("no network service", 30), ("30", 30)):
        assert error_of(f"+CME ERROR: {words}") == ("CME", code)


def test_rooms_of_the_facts(at_responses):
    assert answers.room(["+CPMS: 0,23,0,23,0,50"]) == (0, 23)
    assert answers.room(["+CPMS: 0,10,0,10,0,10"]) == (0, 10)
    assert answers.room(['+CPMS: "ME",1,23,"SM",0,50,"SM",0,50']) == (1, 23)
    assert answers.room(["+CPMS: 7"]) == (7, 0)
    assert answers.room(["+CPMS: "]) is None
    judged = 0
    for case in at_responses:
        expected = case.get("expected") or case.get("expect") or {}
        if case.get("command") == 'AT+CPMS="SM"':
            assert answers.room(case["lines"]) == (expected["used"], expected["total"]), case["id"]
            judged += 1
    assert judged


@pytest.mark.parametrize(("said", "dcs", "text"), [
    ("041F044004380432", 72, "Прив"), ("041F044004380432", 7, "Прив"), ("00480069", 15, "Hi"),
    ("48656C6C6F", 0, "Hello"), ("C8329BFD06", 1, "Hello"), ("C8329BFD06", 15, "Hello"),
])  # fmt: skip
def test_ussd_of_the_facts(said, dcs, text):
    assert decode(said, dcs) == text


def test_signal_and_service_centre_and_bearer_of_others(at_responses, peer, opened):
    modem = opened()
    judged = set()
    for case in at_responses:
        expected = case.get("expect") or case.get("expected") or {}
        command = str(case.get("command"))
        if command in {"AT+CSQ", "AT+CSCA?", "AT+COPS?"} and "lines" in case:
            lines = [line for line in case["lines"] if line != "OK"]
            peer.answers[command] = "\r\n".join([*lines, "OK"])
            if command == "AT+CSQ" and 0 <= expected["rssi"] <= 31:
                assert modem.signal() == -113 + 2 * expected["rssi"], case["id"]
            if "smsc" in expected:
                assert modem.smsc() == (expected["smsc"] or ""), case["id"]
            if "act" in expected:
                assert (answers.bearer(lines) == "") == (expected["act"] == "UNKNOWN"), case["id"]
            judged.add(command)
    assert judged == {"AT+CSQ", "AT+CSCA?", "AT+COPS?"}


def test_a_garbage_line_before_a_list(peer, opened):
    deliver = "07917248014000F3240B917247587706F400003110824115248012C8329BFD06C9C373B8B82C97E741F034"
    modem = opened()
    peer.answers["AT+CMGL=4"] = [f"garbage\r\n+CMGL: 3,1,,35\r\n{deliver}\r\nOK", "OK"]
    assert [inbound.pdu for inbound in modem.list_stored()] == [deliver]


def test_a_sim_that_is_not_ready_at_once(peer, opened):
    peer.answers["AT+CPIN?"] = ["+CME ERROR: 3", "+CPIN: READY\r\nOK"]
    assert opened().identify()[1].imsi == "234100000000001"


def test_sms_commands_that_fail_until_the_modem_is_ready(peer, opened):
    peer.answers |= {"AT+CGMI": "SIMCOM_Ltd\r\nOK", "AT+CGMM": "SIMCOM_SIM800L\r\nOK", "AT+CMGF=0": ["ERROR", "OK"]}
    assert opened().identify()[0].model == "SIMCOM_SIM800L"
