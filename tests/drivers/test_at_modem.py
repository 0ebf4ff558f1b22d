"""The driver of real modems as the daemon meets it: over a real pty, with a peer that answers by a table."""

from __future__ import annotations

import math
import os
import re
import threading

import pytest

from drivers import library, preparation, sim_card, submitting, transport
from drivers.at_modem import open_modem
from drivers.modem import Modem, ModemDead, ModemSilent, PortLost, SimUnavailable
from drivers.types import (
    Accepted,
    Inbound,
    InDoubt,
    ModemIdentity,
    RefusalClass,
    Refused,
    Registered,
    Registration,
    SimIdentity,
    Slot,
)

DELIVER = "07917248014000F3240B917247587706F400003110824115248012C8329BFD06C9C373B8B82C97E741F034"
REPORT = "07919761989901F006280B917777777777F7515012118383215150121183752130"
SUBMIT = "0001000B915121551532F400000CC8F71D14969741F977FD07"


@pytest.fixture
def hasty(monkeypatch):
    monkeypatch.setattr(preparation, "FIRST_SECONDS", (0.05,))
    monkeypatch.setattr(transport, "RESYNC_SECONDS", (0.05, 0.1, 0.2, 0.4))


class TestOpening:
    def test_it_is_a_modem_and_says_who_it_is(self, opened):
        modem: Modem = opened()
        assert modem.identify() == (
            ModemIdentity("490154203237518", "ACME", "Model 1", "1.0"),
            SimIdentity("8944100000000000001", "234100000000001"),
        )

    def test_a_path_that_does_not_exist(self, tmp_path, news):
        with pytest.raises(PortLost, match=r"ttyNone: there is no such port\. Plug"):
            open_modem(str(tmp_path / "ttyNone"), on_news=news)

    def test_a_path_that_is_no_port(self, tmp_path, news):
        path = tmp_path / "file"
        path.write_text("")
        with pytest.raises(PortLost, match="file: this is no serial port"):
            open_modem(str(path), on_news=news)
        os.mkfifo(tmp_path / "fifo")
        with pytest.raises(PortLost, match="fifo: this is no serial port"):
            open_modem(str(tmp_path / "fifo"), on_news=news)
        with pytest.raises(PortLost, match="null: this is no serial port"):
            open_modem("/dev/null", on_news=news)

    def test_a_port_that_is_in_use(self, peer, opened, news):
        opened()
        with pytest.raises(PortLost, match="another program uses this port"):
            open_modem(peer.port, on_news=news)

    def test_a_port_where_nobody_answers_is_given_back(self, peer, news, hasty):
        peer.otherwise = lambda command: None
        peer.answers.clear()
        with pytest.raises(PortLost, match="nothing answers AT at this port"):
            open_modem(peer.port, on_news=news)
        assert threading.active_count() == len([t for t in threading.enumerate() if not t.name.startswith("read ")])

    def test_a_symlink_names_the_port(self, peer, news, tmp_path):
        link = tmp_path / "modem"
        link.symlink_to(peer.port)
        modem = open_modem(str(link), on_news=news)
        try:
            assert modem.port == str(link)
            assert modem.signal() == -77
        finally:
            modem.close()
            modem.close()

    def test_it_can_be_opened_again_after_close(self, opened):
        opened().close()
        assert opened().signal() == -77

    def test_a_modem_left_at_a_prompt_is_freed_and_nothing_is_sent(self, peer, opened):
        peer.late_prompt()
        assert opened().signal() == -77
        assert peer.pdus == []

    def test_no_ctrl_z_is_ever_written_but_behind_a_pdu(self, peer, opened, submit_pdu):
        modem = opened()
        modem.submit(submit_pdu(), lambda: None)
        assert bytes(peer.raw).count(b"\x1a") == 1

    def test_a_modem_that_stays_in_text_mode_is_not_used(self, peer, opened, monkeypatch):
        peer.answers["AT+CMGF?"] = "+CMGF: 1\r\nOK"
        with pytest.raises(ModemSilent, match="PDU mode"):
            opened()

    def test_a_modem_that_knows_little_is_used_all_the_same(self, peer, opened, submit_pdu):
        for command in list(peer.answers):
            if command not in {"AT", "ATE0", "AT+CMGF=0", "AT+CCID"}:
                del peer.answers[command]
        modem = opened()
        assert modem.submit(submit_pdu(), lambda: None) == Accepted(1)
        assert modem.signal() is None
        assert modem.registration() == Registration(Registered.UNKNOWN)
        assert modem.list_stored() == []
        assert modem.identify()[1].iccid == "8944100000000000001"

    def test_a_modem_that_says_ok_to_all_is_used_too(self, peer, opened, submit_pdu):
        peer.answers = {"AT+CCID": "+CCID: 8944100000000000001\r\nOK"}
        peer.otherwise = "OK"
        assert opened().submit(submit_pdu(), lambda: None) == Accepted(1)


    def test_a_modem_that_is_ready_for_sms_only_after_twenty_seconds(self, peer, opened, monkeypatch):
        monkeypatch.setattr(preparation, "AGAIN_SECONDS", 0.001)
        peer.answers["AT+CGMI"] = "SIMCOM_Ltd\r\nOK"
        peer.answers["AT+CMGF=0"] = [*["+CMS ERROR: 302"] * 20, "OK"]
        assert opened().why_not() == ""
        assert peer.commands.count("AT+CMGF=0") == 21

    def test_a_modem_that_finds_its_speed_by_the_first_letters(self, peer, opened, hasty, monkeypatch):
        monkeypatch.setattr(preparation, "FIRST_SECONDS", (0.05, 0.05, 5.0))
        peer.answers["AT"] = [lambda command: None, lambda command: None, "OK"]
        assert opened().signal() == -77


class TestReady:
    @pytest.mark.parametrize(("command", "answer", "says"), [
        ("AT+CSCA?", '+CSCA: "",129\r\nOK', "no SMSC address"),
        ("AT+CSCA?", "+CMS ERROR: 302", "does not give the SMSC address yet"),
        ("AT+CMGF?", ["+CMGF: 0\r\nOK", "+CMGF: 0\r\nOK", "+CMGF: 1\r\nOK"], "text mode"),
        ("AT+CPMS?", "+CMS ERROR: 320", "storage of the modem cannot be read"),
        ("AT+CPIN?", ["+CPIN: READY\r\nOK", "+CME ERROR: 14"], "busy"),
        ("AT+CSCA?", '+CSCA: "002B003400340037003700300030",145\r\nOK', ""),
        ("AT+CSCA?", "ERROR", ""),
        ("AT+CCID", ["+CCID: 8944100000000000001\r\nOK", "ERROR"], ""),
    ])
    def test_what_is_missing_is_said(self, peer, opened, monkeypatch, command, answer, says):
        monkeypatch.setattr(library, "BUSY_PAUSES", (0.001,))
        peer.answers[command] = answer
        found = opened().why_not()
        assert says in found
        assert bool(says) == bool(found)

    @pytest.mark.parametrize(("command", "now", "error"), [
        ("AT+CPIN?", "+CME ERROR: 10", SimUnavailable),
        ("AT+CPIN?", "+CPIN: SIM PIN\r\nOK", SimUnavailable),
        ("AT+CCID", "+CCID: 8944100000000000002\r\nOK", PortLost),
    ])
    def test_another_sim_or_none_is_no_reason_to_wait(self, peer, opened, command, now, error):
        modem = opened()
        peer.answers[command] = now
        with pytest.raises(error):
            modem.why_not()


class TestSim:
    def test_the_pin_is_asked_for_by_iccid_and_tried_once(self, peer, opened):
        asked = []
        peer.answers["AT+CPIN?"] = ["+CPIN: SIM PIN\r\nOK", "+CPIN: READY\r\nOK"]
        peer.answers['AT+CPIN="1234"'] = "OK"
        assert opened(pin=lambda iccid: asked.append(iccid) or "1234").signal() == -77
        assert asked == ["8944100000000000001"]
        assert peer.commands.count('AT+CPIN="1234"') == 1

    def test_a_pin_is_noted_before_it_is_written_and_again_when_it_was_right(self, peer, opened, pins_from):
        pins = pins_from(lambda iccid: "1234")
        noted = []
        peer.answers["AT+CPIN?"] = ["+CPIN: SIM PIN\r\nOK", "+CPIN: READY\r\nOK"]
        peer.answers['AT+CPIN="1234"'] = lambda command: noted.extend(pins.notes) or "OK"
        opened(pin=pins)
        sim = ("8944100000000000001", "490154203237518", "1234")
        assert noted == [("trying", *sim)]
        assert pins.notes == [("trying", *sim), ("right", *sim)]

    @pytest.mark.parametrize(("answer", "notes"), [
        ("+CME ERROR: 16", ["trying", "wrong"]),
        ("+CME ERROR: incorrect password", ["trying", "wrong"]),
        ("ERROR", ["trying"]),
        ("+CME ERROR: 100", ["trying"]),
        (None, ["trying"]),
    ])
    def test_only_what_the_sim_says_is_known(self, peer, opened, pins_from, monkeypatch, hasty, answer, notes):
        monkeypatch.setattr(sim_card, "PIN_SECONDS", 0.1)
        monkeypatch.setattr(sim_card, "AGAIN_SECONDS", 0.001)
        pins = pins_from(lambda iccid: "1234")
        peer.answers["AT+CPIN?"] = "+CPIN: SIM PIN\r\nOK"
        peer.answers['AT+CPIN="1234"'] = lambda command: answer
        with pytest.raises(SimUnavailable, match="not tried again"):
            opened(pin=pins)
        assert [note[0] for note in pins.notes] == notes
        assert peer.commands.count('AT+CPIN="1234"') == 1

    @pytest.mark.parametrize(("answer", "state", "says"), [
        ("+CPIN: SIM PUK\r\nOK", "locked", "asks for SIM PUK"),
        ("+CME ERROR: 12", "locked", "asks for SIM PUK"),
        ("+CPIN: PH-NET PIN\r\nOK", "locked", "asks for PH-NET PIN"),
        ("+CME ERROR: 13", "absent", "SIM failure"),
        ("+CMS ERROR: 314", "absent", "the SIM is busy"),
        ("+CPIN: NOT READY\r\nOK", "absent", "does not get ready"),
    ])
    def test_the_states_of_a_sim_are_told_apart_and_none_but_pin_is_answered(
        self, peer, opened, monkeypatch, answer, state, says
    ):
        monkeypatch.setattr(sim_card, "AGAIN_SECONDS", 0.001)
        monkeypatch.setattr(library, "BUSY_PAUSES", (0.001,))
        peer.answers["AT+CPIN?"] = answer
        with pytest.raises(SimUnavailable, match=says) as raised:
            opened(pin=lambda iccid: "1234")
        assert raised.value.state == state
        assert b"CPIN=" not in peer.raw

    @pytest.mark.parametrize("state", ["SIM PIN2", "SIM PUK2", "READY"])
    def test_the_second_pin_guards_nothing_that_sms_need(self, peer, opened, state):
        peer.answers["AT+CPIN?"] = f"+CPIN: {state}\r\nOK"
        assert opened(pin=lambda iccid: "1234").why_not() == ""
        assert b"CPIN=" not in peer.raw

    def test_nonsense_is_no_lock(self, peer, opened):
        peer.answers["AT+CPIN?"] = b"+CPIN: \xff\xfe^\x7f\r\nOK\r\n"
        with pytest.raises(ModemSilent, match="nonsense"):
            opened(pin=lambda iccid: "1234")

    @pytest.mark.parametrize("answer", ["+CME ERROR: 16", "ERROR", "+CME ERROR: incorrect password"])
    def test_a_wrong_pin_is_not_tried_again(self, peer, opened, answer):
        peer.answers["AT+CPIN?"] = "+CPIN: SIM PIN\r\nOK"
        peer.answers['AT+CPIN="1234"'] = answer
        with pytest.raises(SimUnavailable, match="not tried again") as raised:
            opened(pin=lambda iccid: "1234")
        assert raised.value.state == "locked"
        assert "1234" not in str(raised.value)
        assert peer.commands.count('AT+CPIN="1234"') == 1

    @pytest.mark.parametrize("pin", [None, lambda iccid: None, lambda iccid: "12", lambda iccid: '1234"\rATD112;'])
    def test_no_pin_or_none_that_could_be_one_writes_nothing(self, peer, opened, pin):
        peer.answers["AT+CPIN?"] = "+CPIN: SIM PIN\r\nOK"
        with pytest.raises(SimUnavailable) as raised:
            opened(pin=pin)
        assert raised.value.state == "locked"
        assert b"CPIN=" not in peer.raw

    @pytest.mark.parametrize("answer", ["+CME ERROR: 10", "+CME ERROR: SIM not inserted", "+CPIN: NOT INSERTED\r\nOK"])
    def test_no_sim(self, peer, opened, answer):
        peer.answers["AT+CPIN?"] = answer
        with pytest.raises(SimUnavailable) as raised:
            opened()
        assert raised.value.state == "absent"

    @pytest.mark.parametrize(("command", "answer"), [
        ("AT+CCID", "8944100000000000001\r\nOK"),
        ("AT+CCID", '+CCID: "8944100000000000001F"\r\nOK'),
        ("AT+CCID", "ICCID: 8944100000000000001\r\nOK"),
        ("AT^ICCID?", "^ICCID: 984401000000000000F1\r\nOK"),
        ("AT+QCCID", "+QCCID: 8944100000000000001\r\nOK"),
        ("AT+ICCID", "+ICCID: 8944100000000000001\r\nOK"),
        ("AT+CRSM=176,12258,0,0,10", '+CRSM: 144,0,"984401000000000000F1"\r\nOK'),
        ("AT+CCID", '+CMTI: "SM",1\r\n^RSSI: 18\r\n8944100000000000001\r\nOK'),
    ])
    def test_the_iccid_is_found_by_any_of_the_ways(self, peer, opened, command, answer):
        del peer.answers["AT+CCID"]
        peer.answers[command] = answer
        assert opened().identify()[1].iccid == "8944100000000000001"

    def test_a_sim_that_gives_nothing_of_itself(self, peer, opened):
        del peer.answers["AT+CCID"]
        del peer.answers["AT+CIMI"]
        with pytest.raises(SimUnavailable):
            opened().identify()

    @pytest.mark.parametrize("answer", [
        "490154203237518", '"490154203237518"', "+CGSN: 490154203237518", "IMEI: 490154203237518",
    ])
    def test_the_imei_in_any_dress(self, peer, opened, answer):
        peer.answers["AT+CGSN"] = answer + "\r\nOK"
        assert opened().identify()[0].imei == "490154203237518"


class TestSubmitting:
    @pytest.mark.parametrize("prompt", [b">", b"> ", b"\r\n> ", b"\r\n>\r\n\r", b"\r> ", b"> \r\n", b"\r\r\n>\r\n"])
    @pytest.mark.parametrize("one_byte", [False, True])
    def test_every_shape_of_prompt(self, peer, opened, submit_pdu, prompt, one_byte):
        modem = opened()
        peer.prompt, peer.one_byte = prompt, one_byte
        assert modem.submit(submit_pdu(), lambda: None) == Accepted(1)
        assert peer.pdus == [submit_pdu().hex]

    def test_echo_of_command_and_pdu_and_a_second_prompt(self, peer, opened, submit_pdu):
        peer.echo = True
        modem = opened()
        peer.after_pdu = lambda pdu: f"{pdu}\r\n> \r\n+CMGS: 9\r\nOK".encode() + b"\r\n"
        assert modem.submit(submit_pdu(), lambda: None) == Accepted(9)

    def test_echo_of_the_command_behind_the_pdu(self, peer, opened, submit_pdu):
        modem = opened()
        peer.prompt = b"\r> "
        peer.after_pdu = b"AT+CMGS=24\r\n+CMGS: 1,\r\n\r\nOK\r\n"
        assert modem.submit(submit_pdu(), lambda: None) == Accepted(1)

    @pytest.mark.parametrize(("line", "mr"), [
        ("+CMGS: 7", 7), ("+CMGS:7", 7), ("+CMGS:  7 ", 7), ('+CMGS: 5,"07/02/05,08:30:45+32"', 5), ("+CMGS: 255", 255),
    ])
    def test_every_shape_of_reference(self, peer, opened, submit_pdu, line, mr):
        modem = opened()
        peer.after_pdu = f"{line}\r\nOK"
        assert modem.submit(submit_pdu(), lambda: None) == Accepted(mr)

    def test_noise_between_any_two_lines(self, peer, opened, submit_pdu, news):
        modem = opened()
        noise = f'^RSSI:25\r\n\r\n+CMTI: "SM",2\r\nDODGY\r\n+CDS: 25\r\n{REPORT}\r\n+CREG: 5\r\nOK\r\nRING'
        peer.after_pdu = f"{noise}\r\n+CMGS: 7\r\n{noise.replace('OK', 'NO CARRIER')}\r\nOK"
        assert modem.submit(submit_pdu(), lambda: None) == Accepted(7)
        assert modem.take_direct() == [Inbound(REPORT, None)] * 2

    @pytest.mark.parametrize("urc", ["^RSSI:25", "^MODE: 3,3", "+ZUSIMR:2", '+CMTI: "SM",9'])
    def test_noise_between_a_header_and_its_pdu(self, peer, opened, urc):
        modem = opened()
        peer.answers["AT+CMGL=4"] = [f"{urc}\r\n+CMGL: 3,0,,25\r\n{urc}\r\n{REPORT}\r\n{urc}\r\nOK", "OK"]
        assert Inbound(REPORT, Slot("SM", 3)) in modem.list_stored()

    def test_a_lost_final_ok_is_no_doubt(self, peer, opened, submit_pdu, monkeypatch):
        monkeypatch.setattr(submitting, "OK_SECONDS", 0.05)
        modem = opened()
        peer.after_pdu = ["+CMGS: 7", "+CMGS: 8\r\nOK"]
        assert modem.submit(submit_pdu(), lambda: None) == Accepted(7)
        assert modem.submit(submit_pdu("08"), lambda: None) == Accepted(8)

    def test_an_ok_without_a_reference_is_a_doubt(self, peer, opened, submit_pdu):
        modem = opened(answer_seconds=0.1)
        peer.after_pdu = "OK"
        assert isinstance(modem.submit(submit_pdu(), lambda: None), InDoubt)

    def test_a_refusal_in_place_of_the_prompt(self, peer, opened, submit_pdu):
        modem = opened()
        called = []
        peer.prompt = "+CMS ERROR: 332"
        outcome = modem.submit(submit_pdu(), lambda: called.append(1))
        assert isinstance(outcome, Refused)
        assert (outcome.kind, outcome.code) == ("CMS", 332)
        peer.prompt = "ERROR"
        outcome = modem.submit(submit_pdu(), lambda: called.append(1))
        assert isinstance(outcome, Refused)
        assert (outcome.kind, outcome.code) == ("ERROR", None)
        assert called == []

    @pytest.mark.parametrize(("error", "kind", "code"), [
        ("+CMS ERROR: 10", "CMS", 10), ("+CMS ERROR:10", "CMS", 10), ("+CME ERROR: 10", "CME", 10),
        ("ERROR", "ERROR", None), ("COMMAND NOT SUPPORT", "ERROR", None),
    ])
    def test_a_refusal_after_the_pdu(self, peer, opened, submit_pdu, error, kind, code):
        modem = opened()
        peer.after_pdu = error
        outcome = modem.submit(submit_pdu(), lambda: None)
        assert isinstance(outcome, Refused)
        assert (outcome.kind, outcome.code) == (kind, code)

    def test_the_manufacturer_explains_a_vendor_code(self, peer, opened, submit_pdu):
        peer.answers["AT+CGMI"] = " WAVECOM MODEM\r\nOK"
        modem = opened()
        peer.after_pdu = ["+CMS ERROR: 514", "+CMS ERROR: 513"]
        outcome = modem.submit(submit_pdu(), lambda: None)
        assert isinstance(outcome, Refused)
        assert outcome.cls is RefusalClass.CONGESTION
        assert isinstance(modem.submit(submit_pdu(), lambda: None), InDoubt)

    def test_nothing_is_written_before_at_prompt_returns(self, peer, opened, submit_pdu):
        modem = opened()
        seen = []
        modem.submit(submit_pdu(), lambda: seen.append(bytes(peer.raw).endswith(b"AT+CMGS=24\r")))
        assert seen == [True]

    def test_other_work_is_done_until_the_answer_comes(self, peer, opened, submit_pdu):
        worked = []
        peer.after_pdu = None

        def meanwhile():
            peer.wait(lambda: len(peer.pdus) == 1)
            worked.append(len(worked))
            if len(worked) == 3:
                peer.say("+CMGS: 5\r\nOK")
            return (0.0, 0.001, math.inf)[worked[-1]]

        assert opened().submit(submit_pdu(), lambda: None, meanwhile) == Accepted(5)
        assert worked == [0, 1, 2]

    def test_no_other_work_is_done_before_the_pdu_has_left(self, peer, opened, submit_pdu):
        peer.prompt = "+CMS ERROR: 500"
        assert opened().submit(submit_pdu(), lambda: None, lambda: 1 / 0).kind == "CMS"

    def test_an_exception_at_the_prompt_cancels_it_and_goes_on(self, peer, opened, submit_pdu):
        modem = opened()

        def fails():
            raise OSError("disk full")

        with pytest.raises(OSError, match="disk full"):
            modem.submit(submit_pdu(), fails)
        assert modem.submit(submit_pdu("08"), lambda: None) == Accepted(1)
        assert peer.pdus == [submit_pdu("08").hex]

    def test_a_prompt_withdrawn_while_at_prompt_ran_gets_no_pdu(self, peer, opened, submit_pdu, monkeypatch):
        modem = opened()

        def slow():
            peer.at_prompt = False
            peer.say('+CMS ERROR: 500\r\n+CMTI: "SM",1')
            news.wait()

        news = modem._on_news
        assert isinstance(modem.submit(submit_pdu(), slow), Refused)
        assert submit_pdu().hex.encode() not in peer.raw

    def test_the_port_lost_before_the_prompt(self, peer, opened, submit_pdu):
        modem = opened()
        raised = []
        peer.prompt = lambda command: None

        def send():
            with pytest.raises(PortLost, match=re.escape(modem.port)) as lost:
                modem.submit(submit_pdu(), lambda: None)
            raised.append(lost)

        sender = threading.Thread(target=send)
        sender.start()
        peer.wait_for("AT+CMGS=24")
        peer.unplug()
        sender.join(5)
        assert raised
        with pytest.raises(PortLost):
            modem.signal()

    def test_the_port_lost_at_the_prompt(self, peer, opened, submit_pdu, news):
        modem = opened()

        def unplugged():
            peer.unplug()
            news.wait()

        with pytest.raises(PortLost):
            modem.submit(submit_pdu(), unplugged)

    def test_close_from_another_thread_wakes_a_waiting_submit(self, peer, opened, submit_pdu):
        modem = opened(answer_seconds=3600)
        peer.after_pdu = lambda pdu: None
        outcome = []
        sender = threading.Thread(target=lambda: outcome.append(modem.submit(submit_pdu(), lambda: None)))
        sender.start()
        peer.wait(lambda: peer.pdus)
        modem.close()
        sender.join(5)
        assert isinstance(outcome[0], InDoubt)

    def test_two_parts_unanswered_leave_a_late_answer_to_nobody(self, peer, opened, submit_pdu, hasty):
        modem = opened(answer_seconds=0.05)
        peer.after_pdu = lambda pdu: None
        for last in ("07", "08"):
            assert isinstance(modem.submit(submit_pdu(last), lambda: None), InDoubt)
        peer.answers["AT+CSQ"] = "+CMGS: 41\r\nOK\r\n+CSQ: 18,99\r\nOK"
        assert modem.signal() == -77
        assert modem.late_answers() == []

    def test_a_modem_that_stays_dumb_is_silent_before_anything_is_written(self, peer, opened, submit_pdu, hasty):
        modem = opened(answer_seconds=0.05)
        peer.after_pdu = lambda pdu: None
        modem.submit(submit_pdu(), lambda: None)
        peer.answers.clear()
        peer.otherwise = lambda command: None
        with pytest.raises(ModemDead):
            modem.submit(submit_pdu("08"), lambda: None)
        assert peer.pdus == [submit_pdu().hex]

    def test_a_modem_that_started_anew_is_put_into_pdu_mode_first(self, peer, opened, submit_pdu, until):
        """In text mode the octet count would be read as a telephone number."""
        modem = opened()
        del peer.commands[:]
        peer.say("RDY\r\n+CPIN: READY\r\nSMS DONE")
        until(lambda: modem._unasked.restarted)
        assert modem.submit(submit_pdu(), lambda: None) == Accepted(1)
        assert peer.commands.index("AT+CMGF=0") < peer.commands.index("AT+CMGS=24")

    def test_another_sim_after_a_new_start_is_not_used(self, peer, opened, submit_pdu, until):
        modem = opened()
        peer.answers["AT+CCID"] = "+CCID: 8944100000000000002\r\nOK"
        peer.say("+CPIN: READY")
        until(lambda: modem._unasked.restarted)
        with pytest.raises(PortLost, match="another SIM"):
            modem.submit(submit_pdu(), lambda: None)
        assert peer.pdus == []


class TestHoldLink:
    def test_on_and_off(self, peer, opened):
        peer.answers |= {"AT+CMMS=2": "OK", "AT+CMMS=0": "OK"}
        modem = opened()
        modem.hold_link(True)
        for _ in range(2):
            modem.hold_link(False)
        assert peer.commands[-2:] == ["AT+CMMS=2", "AT+CMMS=0"]

    def test_a_refusal_is_remembered(self, peer, opened):
        modem = opened()
        peer.answers["AT+CMMS=2"] = "+CMS ERROR: 500"
        for _ in range(3):
            modem.hold_link(True)
        assert [command for command in peer.commands if "CMMS" in command] == ["AT+CMMS=2", "AT+CMMS=1"]


class TestArriving:
    def test_a_direct_pdu_stays_until_acknowledged(self, peer, opened, news):
        modem = opened()
        peer.say(f"+CDS: 25\r\n{REPORT}\r\n+CMT: ,35\r\n{DELIVER}")
        news.wait(2)
        assert list(modem.take_direct()) == list(modem.take_direct()) == [Inbound(REPORT, None), Inbound(DELIVER, None)]
        modem.acknowledge(Inbound(REPORT, None))
        modem.acknowledge(Inbound(REPORT, None))
        assert modem.take_direct() == [Inbound(DELIVER, None)]
        assert peer.commands.count("AT+CNMA") == 1

    def test_no_cnma_where_csms_is_not_known(self, peer, opened, news):
        peer.answers["AT+CSMS=1"] = "ERROR"
        modem = opened()
        peer.say(f"+CDS: 25\r\n{REPORT}")
        news.wait()
        modem.acknowledge(Inbound(REPORT, None))
        assert "AT+CNMA" not in peer.commands

    @pytest.mark.parametrize("urc", [
        f"+CDS: 25\r\n^RSSI: 20\r\n{REPORT}", f"+CDS: ,25\r\n{REPORT}", f"+CDS:25\r\n{REPORT.lower()}",
    ])
    @pytest.mark.parametrize("one_byte", [False, True])
    def test_shapes_of_a_direct_report(self, peer, opened, news, urc, one_byte):
        modem = opened()
        peer.one_byte = one_byte
        peer.say(urc)
        news.wait()
        assert [inbound.pdu.upper() for inbound in modem.take_direct()] == [REPORT]

    def test_cell_broadcasts_are_no_messages(self, peer, opened, news):
        modem = opened()
        peer.say(f'+CBM: 88\r\n{"00" * 88}\r\n+CMTI: "SM",1')
        news.wait()
        assert modem.take_direct() == []

    def test_the_sweep_covers_every_memory(self, peer, opened):
        peer.answers["AT+CPMS=?"] = '+CPMS: ("ME","SM","SR"),("ME","SM"),("ME","SM")\r\nOK'
        modem = opened()
        peer.answers |= {
            'AT+CPMS="SR"': "+CPMS: 1,10,1,10,1,10\r\nOK",
            "AT+CMGL=4": [f"+CMGL: 0,1,,35\r\n{DELIVER}\r\nOK", "OK", f"+CMGL: 2,,25\r\n{REPORT}\r\nOK"],
        }
        assert modem.list_stored() == [Inbound(DELIVER, Slot("SM", 0)), Inbound(REPORT, Slot("SR", 2))]

    def test_outbound_messages_are_left_alone(self, peer, opened):
        modem = opened()
        peer.answers["AT+CMGL=4"] = [f"+CMGL: 1,2,,24\r\n{SUBMIT}\r\n+CMGL: 2,3,,35\r\n{DELIVER}\r\nOK", "OK"]
        assert modem.list_stored() == [Inbound(DELIVER, Slot("SM", 2))]

    def test_what_was_stored_for_sending_is_listed_where_it_takes_half_of_a_memory(self, peer, opened):
        modem = opened()
        peer.answers |= {
            'AT+CPMS="SM"': "+CPMS: 11,20,11,20,11,20\r\nOK", 'AT+CPMS="ME"': "+CPMS: 1,23,11,20,11,20\r\nOK",
            "AT+CMGL=4": [f"+CMGL: 1,2,,24\r\n{SUBMIT}\r\n+CMGL: 2,3,,35\r\n{DELIVER}\r\nOK", "OK"],
            **{f"AT+CMGR={n}": "OK" for n in range(256)},
        }
        assert modem.list_stored() == [Inbound(SUBMIT, Slot("SM", 1)), Inbound(DELIVER, Slot("SM", 2))]
        assert modem.rooms() == {"SM": (9, 20), "ME": (1, 23)}

    @pytest.mark.parametrize("listing", ["+CMS ERROR: 320", "OK"])
    def test_where_the_list_fails_it_reads_by_index(self, peer, opened, listing):
        modem = opened()
        peer.answers |= {
            'AT+CPMS="SM"': "+CPMS: 2,10,2,10,2,10\r\nOK", "AT+CMGL=4": [listing, "OK"],
            "AT+CMGR=0": "+CMS ERROR: 321", "AT+CMGR=1": f"+CMGR: 1,,35\r\n{DELIVER}\r\nOK", "AT+CMGR=2": "OK",
            "AT+CMGR=3": f"+CMGR: 25\r\n{REPORT}\r\nOK",
        }
        assert modem.list_stored() == [Inbound(DELIVER, Slot("SM", 1)), Inbound(REPORT, Slot("SM", 3))]
        assert "AT+CMGR=4" not in peer.commands

    def test_read_and_delete_choose_the_memory_first(self, peer, opened):
        modem = opened()
        peer.answers |= {"AT+CMGR=3": f"+CMGR: 1,,35\r\n{DELIVER}\r\nOK", "AT+CMGD=3": "OK"}
        assert modem.read(Slot("ME", 3)) == Inbound(DELIVER, Slot("ME", 3))
        modem.delete(Slot("ME", 3))
        assert peer.commands[-3:] == ['AT+CPMS="ME"', "AT+CMGR=3", "AT+CMGD=3"]
        modem.delete(Slot("SM", 3))
        assert peer.commands[-2:] == ['AT+CPMS="SM"', "AT+CMGD=3"]

    @pytest.mark.parametrize("answer", ["OK", "+CMS ERROR: 321", "ERROR"])
    def test_an_empty_slot(self, peer, opened, answer):
        peer.answers["AT+CMGR=0"] = answer
        assert opened().read(Slot("SM", 0)) is None

    def test_a_memory_that_cannot_be_chosen_is_not_read(self, peer, opened):
        """A report announced in "SR" must not be looked for under the same index of another memory."""
        peer.answers["AT+CMGR=0"] = f"+CMGR: 1,,35\r\n{DELIVER}\r\nOK"
        assert opened().read(Slot("SR", 0)) is None
        assert "AT+CMGR=0" not in peer.commands

    @pytest.mark.parametrize(("answer", "free"), [("OK", True), ("+CMS ERROR: 321", True), ("+CMS ERROR: 320", False)])
    def test_a_delete_that_is_refused_is_said(self, peer, opened, answer, free):
        peer.answers["AT+CMGD=3"] = answer
        assert opened().delete(Slot("SM", 3)) is free


class TestSetUpOfUrcs:
    @pytest.mark.parametrize(("offer", "chosen"), [
        ("+CNMI: (0-2),(0-3),(0,2),(0-2),(0,1)", "2,1,0,1"),
        ("+CNMI: (0-2),(0,1),(0,2),(0,2),(1)", "2,1,0,2"),
        ("+CNMI: (0,1),(0-1),(0),(0-1)", "1,1,0,1"),
        ("+CNMI: (0-2),(0,1),(0),(0)", "2,1,0,0"),
        ("+CNMI: (2),(0-1,3),(0,2),(0-1),(0)", "2,1,0,1"),
    ])
    def test_what_the_modem_says_it_can(self, peer, opened, offer, chosen):
        peer.answers = {k: v for k, v in peer.answers.items() if not k.startswith("AT+CNMI=")}
        peer.answers |= {"AT+CNMI=?": f"{offer}\r\nOK", f"AT+CNMI={chosen}": "OK"}
        opened()
        tried = [command[8:] for command in peer.commands if command.startswith("AT+CNMI=")]
        assert tried == ["?", chosen]

    def test_the_usual_order_where_it_does_not_say(self, peer, opened):
        peer.answers = {k: v for k, v in peer.answers.items() if not k.startswith("AT+CNMI=")}
        opened()
        assert [command[8:] for command in peer.commands if command.startswith("AT+CNMI=")] == [
            "?", "2,1,0,1", "1,1,0,1", "2,1,0,2", "1,1,0,2", "2,1,0,0", "1,1,0,0",
        ]

    @pytest.mark.parametrize(("count", "memories"), [(3, '"SM","SM","SM"'), (2, '"SM","SM"'), (1, '"SM"')])
    def test_cpms_with_as_many_memories_as_it_takes(self, peer, opened, count, memories):
        for tried in ('"SM","SM","SM"', '"SM","SM"', '"SM"'):
            peer.answers[f"AT+CPMS={tried}"] = "OK" if tried == memories else "ERROR"
        opened()
        assert f"AT+CPMS={memories}" in peer.commands
        assert len([command for command in peer.commands if command.startswith('AT+CPMS="')]) == 4 - count

    def test_what_a_make_needs_is_sent(self, peer, opened):
        peer.answers["AT+CGMI"] = "huawei\r\nOK"
        peer.answers |= {"AT^CURC=0": "OK", "AT^PORTSEL=1": "COMMAND NOT SUPPORT", "AT+CNMI=1,1,0,1": "OK"}
        opened()
        assert peer.commands.index("AT^CURC=0") < peer.commands.index("AT+CPIN?") < peer.commands.index("AT^PORTSEL=1")
        assert "AT+CNMI=1,1,0,1" in peer.commands


class TestState:
    @pytest.mark.parametrize(("answer", "dbm"), [
        ("+CSQ: 18,99", -77), ("+CSQ:4,0", -105), ("+CSQ: 99,99", None), ("+CSQ: 0,0", -113), ("+CSQ: 31,0", -51),
        ("", None),
    ])
    def test_signal(self, peer, opened, answer, dbm):
        peer.answers["AT+CSQ"] = f"{answer}\r\nOK" if answer else "OK"
        assert opened().signal() == dbm

    def test_registration_by_packet_network_where_the_other_has_none(self, peer, opened):
        modem = opened()
        peer.answers |= {"AT+CREG?": "+CREG: 0,3\r\nOK", "AT+CEREG?": "+CEREG: 0,5\r\nOK"}
        assert modem.registration() == Registration(Registered.ROAMING, "Net", "UMTS")
        peer.answers["AT+CEREG?"] = "+CEREG: 0,2\r\nOK"
        assert modem.registration() == Registration(Registered.DENIED)

    def test_the_smsc(self, peer, opened):
        peer.answers["AT+CSCA?"] = '+CSCA: "+447802092035",145\r\nOK'
        assert opened().smsc() == "+447802092035"

    def test_ussd_of_several_lines_and_a_release_before_it(self, peer, opened):
        modem = opened()
        peer.answers['AT+CUSD=1,"*101#",15'] = '+CUSD: 2,"Release",15\r\nOK\r\n+CUSD: 0,"Bal: 5\r\nExp 01 Jan",15'
        assert modem.ussd("*101#") == "Bal: 5\nExp 01 Jan"

    def test_ussd_wakes_when_the_port_goes(self, peer, opened):
        modem = opened()
        peer.answers['AT+CUSD=1,"*101#",15'] = "OK"
        unplugger = threading.Thread(target=lambda: (peer.wait_for('AT+CUSD=1,"*101#",15'), peer.unplug()))
        unplugger.start()
        with pytest.raises(PortLost):
            modem.ussd("*101#")
        unplugger.join()
