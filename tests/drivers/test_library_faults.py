"""The faults of python-gsmmodem-new that touch sending, receiving and reports: there in the library, not in our driver.

Each is shown on the stock library first, so that a fault that upstream mends is noticed and our replacement can go.
"""

from __future__ import annotations

import logging
import re
import sys
import termios
import threading

import pytest

from drivers import library, submitting
from drivers.library import CommandError, GsmModem, SerialComms
from drivers.modem import ModemSilent, SimUnavailable
from drivers.types import Accepted, Inbound, InDoubt, RefusalClass, Refused, Slot

CALLBACKS_GO_ASTRAY = pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
REPORT = "07919761989901F006280B917777777777F7515012118383215150121183752130"
CTRL_Z = "\x1a"
OUT_OF_ORDER = Refused("CMS", 38, RefusalClass.TEMPORARY, "network out of order")


@pytest.fixture
def stock(peer):
    """A stock modem on the peer with the port open, but not set up."""
    made: list[GsmModem] = []
    before = set(threading.enumerate())

    def open_(**options) -> GsmModem:
        modem = GsmModem(peer.port, **options)
        modem.timeout = 0.02  # how often its reading thread looks whether to end
        SerialComms.connect(modem)
        modem._compileSmsRegexes()
        made.append(modem)
        return modem

    yield open_
    for modem in made:
        modem.alive = False
        modem.rxThread.join(2)
        modem.serial.close()
    for thread in set(threading.enumerate()) - before:
        thread.join(15)  # its handlers wait up to ten seconds for an answer


def test_the_library_is_the_version_whose_parts_we_replace():
    assert library.version("python-gsmmodem-new") == library.PINNED
    assert [cls.__name__ for cls in library.Session.__mro__[:4]] == ["Session", "GsmModem", "Transport", "SerialComms"]


class TestFault1UrcInsideAnAnswer:
    answer = '+CMTI: "SM",3\r\n+CSQ: 18,99\r\nOK'

    def test_stock_takes_the_urc_for_the_answer(self, peer, stock):
        peer.answers["AT+CSQ"] = self.answer
        told = []
        modem = stock(smsReceivedCallbackFunc=told.append)
        with pytest.raises(CommandError):
            _ = modem.signalStrength
        assert told == []

    def test_ours_gives_the_answer_and_keeps_the_urc(self, peer, opened, news):
        modem = opened()
        peer.answers["AT+CSQ"] = self.answer
        assert modem.signal() == -77
        news.wait()
        assert modem.hinted() == [Slot("SM", 3)]

    def test_ours_keeps_a_report_with_its_pdu_from_inside_a_list(self, peer, opened, news):
        modem = opened()
        stored = "07917248014000F3240B917247587706F400003110824115248012C8329BFD06C9C373B8B82C97E741F034"
        peer.answers["AT+CMGL=4"] = [f"+CMGL: 4,0,,35\r\n+CDS: 25\r\n{REPORT}\r\n{stored}\r\nOK", "OK"]
        assert modem.list_stored() == [Inbound(stored, Slot("SM", 4))]
        assert modem.take_direct() == [Inbound(REPORT, None)]


class TestFault2CommandsBetweenPromptAndPdu:
    @CALLBACKS_GO_ASTRAY
    def test_stock_reads_a_message_into_the_pdu(self, peer, stock, submit_pdu):
        modem = stock(smsReceivedCallbackFunc=lambda sms: None)
        modem._smsMemReadDelete = "SM"
        modem.write("AT+CMGS=24", expectedResponseTermSeq="> ")
        peer.say('+CMTI: "SM",3')
        peer.wait(lambda: b"AT+CMGR=3" in peer.raw)  # its other thread writes at the prompt
        peer.say("ERROR")  # so that it lets go of its lock
        modem.write(submit_pdu().hex, waitForResponse=False, writeTerm=CTRL_Z)
        peer.wait(lambda: peer.pdus)
        assert peer.pdus == ["AT+CMGR=3\r" + submit_pdu().hex]

    def test_ours_writes_the_pdu_and_nothing_else(self, peer, opened, submit_pdu, news):
        modem = opened()
        pdu = submit_pdu()

        def at_prompt():
            peer.say('+CMTI: "SM",3')
            news.wait()

        assert modem.submit(pdu, at_prompt) == Accepted(1)
        assert peer.pdus == [pdu.hex]
        assert modem.hinted() == [Slot("SM", 3)]

    def test_ours_refuses_a_command_of_our_own_at_the_prompt(self, peer, opened, submit_pdu):
        modem = opened()
        with pytest.raises(RuntimeError, match="one command at a time"):
            modem.submit(submit_pdu(), modem.signal)
        assert modem.submit(submit_pdu(), lambda: None) == Accepted(1)
        assert len(peer.pdus) == 1


class TestFault3LatePrompt:
    def test_stock_is_wedged_for_good(self, peer, stock):
        modem = stock()
        peer.prompt = lambda command: None
        with pytest.raises(library.TimeoutException):
            modem.write("AT+CMGS=24", timeout=0.05, expectedResponseTermSeq="> ")
        peer.late_prompt()
        for _ in range(2):
            with pytest.raises(library.TimeoutException):
                modem.write("AT", timeout=0.1)

    def test_ours_frees_it_with_esc_and_sends_the_next(self, peer, opened, submit_pdu, monkeypatch):
        monkeypatch.setattr(submitting, "PROMPT_SECONDS", 0.05)
        modem = opened()
        at_prompt = []
        peer.prompt = lambda command: None
        with pytest.raises(ModemSilent, match=re.escape(peer.port)):
            modem.submit(submit_pdu(), lambda: at_prompt.append(1))
        assert at_prompt == []
        peer.late_prompt()
        peer.prompt = b"\r\n> "
        monkeypatch.setattr(submitting, "PROMPT_SECONDS", 5)
        assert modem.submit(submit_pdu("08"), lambda: None) == Accepted(1)
        assert peer.pdus == [submit_pdu("08").hex]

    def test_ours_recovers_when_the_prompt_comes_after_the_esc(self, peer, opened, submit_pdu, monkeypatch, until):
        """ESC, the late prompt, and our question lands in the prompt: only a second ESC ends it."""
        monkeypatch.setattr(submitting, "PROMPT_SECONDS", 0.05)
        modem = opened()
        peer.prompt = lambda command: None
        with pytest.raises(ModemSilent):
            modem.submit(submit_pdu(), lambda: None)
        peer.prompt = b"\r\n> "
        peer.answers["AT+CMGF?"] = [lambda command: peer.late_prompt(), "+CMGF: 0\r\nOK"]
        monkeypatch.setattr(submitting, "PROMPT_SECONDS", 5)
        assert modem.submit(submit_pdu("08"), lambda: None) == Accepted(1)
        assert peer.pdus == [submit_pdu("08").hex]


class TestFault4AnswerAfterTheTimeout:
    def test_stock_takes_the_stale_ok_for_the_next_prompt(self, peer, stock, submit_pdu):
        modem = stock()
        peer.after_pdu = lambda pdu: None
        modem.write("AT+CMGS=24", expectedResponseTermSeq="> ")
        with pytest.raises(library.TimeoutException):
            modem.write(submit_pdu().hex, timeout=0.05, writeTerm=CTRL_Z)
        peer.prompt = "+CMGS: 1\r\nOK"
        assert modem.write("AT+CMGS=24", expectedResponseTermSeq="> ")[-1] == "OK"

    def test_ours_credits_it_once_to_the_part_it_belongs_to(self, peer, opened, submit_pdu, news):
        modem = opened(answer_seconds=0.05)
        peer.after_pdu = lambda pdu: None
        assert isinstance(modem.submit(submit_pdu(), lambda: None), InDoubt)
        peer.say("+CMGS: 41\r\nOK")
        news.wait()
        assert modem.late_answers() == [(submit_pdu(), Accepted(41))]
        assert modem.late_answers() == []
        peer.after_pdu = "+CMGS: 42\r\nOK"
        assert modem.submit(submit_pdu("08"), lambda: None) == Accepted(42)

    def test_ours_credits_it_when_it_comes_in_place_of_the_next_prompt(self, peer, opened, submit_pdu):
        modem = opened(answer_seconds=0.05)
        peer.after_pdu = lambda pdu: None
        assert isinstance(modem.submit(submit_pdu(), lambda: None), InDoubt)

        def stale_then_prompt(command):
            peer.say("+CMGS: 41\r\nOK")
            peer.late_prompt()

        peer.prompt = stale_then_prompt
        peer.after_pdu = "+CMGS: 42\r\nOK"
        assert modem.submit(submit_pdu("08"), lambda: None) == Accepted(42)
        assert modem.late_answers() == [(submit_pdu(), Accepted(41))]

    def test_ours_does_not_give_the_older_answer_to_the_newer_part(self, peer, opened, submit_pdu):
        """Both answers come after the second PDU: accepted the first, refused the second."""
        modem = opened(answer_seconds=0.2)
        peer.after_pdu = [lambda pdu: None, "+CMGS: 41\r\nOK\r\n+CMS ERROR: 38"]
        assert isinstance(modem.submit(submit_pdu(), lambda: None), InDoubt)
        assert modem.submit(submit_pdu("08"), lambda: None) == OUT_OF_ORDER
        assert modem.late_answers() == [(submit_pdu(), Accepted(41))]

    def test_ours_knows_by_the_mr_that_an_answer_is_not_the_older_ones(self, peer, opened, submit_pdu):
        modem = opened(answer_seconds=0.5)
        peer.after_pdu = ["+CMGS: 255\r\nOK", lambda pdu: None, "+CMGS: 1\r\nOK"]
        assert modem.submit(submit_pdu(), lambda: None) == Accepted(255)
        assert isinstance(modem.submit(submit_pdu("08"), lambda: None), InDoubt)
        assert modem.submit(submit_pdu("09"), lambda: None) == Accepted(1)
        assert modem.late_answers() == []
        peer.after_pdu = "+CMGS: 0\r\nOK\r\n+CMGS: 2\r\nOK"  # now the older one comes, while the next one waits
        assert modem.submit(submit_pdu("0A"), lambda: None) == Accepted(2)
        assert modem.late_answers() == [(submit_pdu("08"), Accepted(0))]

    def test_ours_tells_two_answers_apart_by_their_mrs(self, peer, opened, submit_pdu):
        """The modem answers the newer part first; the part between them was lost, so that no MR is certain."""
        modem = opened(answer_seconds=0.5)
        peer.after_pdu = ["+CMGS: 7\r\nOK", lambda pdu: None, "+CMGS: 10\r\nOK\r\n+CMGS: 8\r\nOK"]
        assert modem.submit(submit_pdu(), lambda: None) == Accepted(7)
        assert isinstance(modem.submit(submit_pdu("08"), lambda: None), InDoubt)
        assert modem.submit(submit_pdu("09"), lambda: None) == Accepted(10)
        assert modem.late_answers() == [(submit_pdu("08"), Accepted(8))]

    def test_ours_waits_on_where_an_mr_goes_back(self, peer, opened, submit_pdu):
        modem = opened(answer_seconds=0.2)
        peer.after_pdu = [lambda pdu: None, "+CMGS: 2\r\nOK", "+CMGS: 1\r\nOK\r\n+CMGS: 3\r\nOK"]
        assert isinstance(modem.submit(submit_pdu(), lambda: None), InDoubt)
        assert modem.submit(submit_pdu("08"), lambda: None) == Accepted(2)
        assert modem.submit(submit_pdu("09"), lambda: None) == Accepted(3)
        peer.after_pdu = ["+CMGS: 1\r\nOK", "+CMGS: 2\r\nOK"]
        assert isinstance(modem.submit(submit_pdu("0A"), lambda: None), InDoubt)
        assert modem.submit(submit_pdu("0B"), lambda: None) == Accepted(2)

    def test_ours_trusts_no_lone_answer_of_a_modem_that_answers_at_any_time(self, peer, opened, submit_pdu):
        """It has shown that an answer may come after later commands: then an only one may be the older part's."""
        modem = opened(answer_seconds=0.1)
        peer.after_pdu = lambda pdu: None
        assert isinstance(modem.submit(submit_pdu(), lambda: None), InDoubt)
        peer.answers["AT+CSQ"] = ["+CMGS: 41\r\nOK\r\n+CSQ: 18,99\r\nOK", "+CSQ: 18,99\r\nOK"]
        assert modem.signal() == -77
        assert isinstance(modem.submit(submit_pdu("08"), lambda: None), InDoubt)
        peer.after_pdu = "+CMGS: 42\r\nOK"
        assert isinstance(modem.submit(submit_pdu("09"), lambda: None), InDoubt)
        peer.after_pdu = "+CMGS: 43\r\nOK"
        assert modem.submit(submit_pdu("0A"), lambda: None) == Accepted(43)

    def test_ours_does_not_take_a_late_ok_for_the_answer_to_another_command(self, peer, opened, submit_pdu):
        modem = opened(answer_seconds=0.05)
        peer.after_pdu = lambda pdu: None
        assert isinstance(modem.submit(submit_pdu(), lambda: None), InDoubt)
        peer.answers["AT+CSQ"] = "+CMGS: 41\r\nOK\r\n+CSQ: 10,99\r\nOK"
        assert modem.signal() == -93
        assert modem.late_answers() == [(submit_pdu(), Accepted(41))]
        assert modem.registration().network == "Net"

    def test_ours_credits_a_late_refusal_only_while_nothing_else_was_written(self, peer, opened, submit_pdu, news):
        modem = opened(answer_seconds=0.05)
        peer.after_pdu = lambda pdu: None
        assert isinstance(modem.submit(submit_pdu(), lambda: None), InDoubt)
        peer.say("+CMS ERROR: 38")
        news.wait()
        assert modem.late_answers() == [(submit_pdu(), OUT_OF_ORDER)]
        assert isinstance(modem.submit(submit_pdu("08"), lambda: None), InDoubt)
        assert modem.signal() == -77
        peer.say("+CMS ERROR: 38")
        assert modem.signal() == -77
        assert modem.late_answers() == []


class TestFault5AByteThatIsNotUtf8:
    @CALLBACKS_GO_ASTRAY
    def test_stock_loses_its_reading_thread_unseen(self, peer, stock):
        modem = stock()
        peer.say(b"\r\n\xff\xfe\r\n")
        modem.rxThread.join(5)
        assert not modem.rxThread.is_alive()
        assert modem.alive

    def test_ours_reads_on(self, peer, opened):
        modem = opened()
        peer.say(b"\r\n\xff\xfe\r\n\x00")
        assert modem.signal() == -77


def test_fault_6_ours_survives_a_flood_of_urcs_while_commands_go_out(peer, opened):
    modem = opened()
    stop = threading.Event()

    def flood():
        while not stop.is_set():
            peer.say(b"\r\n^RSSI:17\r\n")

    thread = threading.Thread(target=flood)
    thread.start()
    try:
        assert {modem.signal() for _ in range(40)} == {-77}
    finally:
        stop.set()
        thread.join()


class TestFault7TwoUrcsInOneBurst:
    burst = b'\r\n+CMTI: "SM",3\r\n\r\n+CMTI: "SM",4\r\n'

    def test_stock_loses_the_second(self, peer, stock):
        handled = []
        modem = stock()
        modem._handleSmsReceived = handled.append
        modem._GsmModem__threadedHandleModemNotification(['+CMTI: "SM",3', '+CMTI: "SM",4'])
        assert handled == ['+CMTI: "SM",3']

    def test_ours_keeps_both(self, peer, opened, news):
        modem = opened()
        peer.say(self.burst)
        news.wait(2)
        assert modem.hinted() == [Slot("SM", 3), Slot("SM", 4)]
        assert modem.hinted() == []


class TestFault11UnpluggedWhileSending:
    @CALLBACKS_GO_ASTRAY
    def test_stock_waits_to_the_end_of_its_timeout(self, peer, stock, submit_pdu, until):
        modem = stock()
        peer.after_pdu = lambda pdu: None
        modem.write("AT+CMGS=24", expectedResponseTermSeq="> ")
        raised = []

        def send():
            try:
                modem.write(submit_pdu().hex, timeout=0.5, writeTerm=CTRL_Z)
            except library.TimeoutException as error:
                raised.append(error)

        sender = threading.Thread(target=send)
        sender.start()
        peer.wait(lambda: peer.pdus)
        until(lambda: sys._current_frames()[sender.ident].f_code.co_name == "wait")
        peer.unplug()
        sender.join()
        assert raised

    def test_ours_says_in_doubt_at_once(self, peer, opened, submit_pdu, news):
        modem = opened(answer_seconds=3600)
        outcome = []
        peer.after_pdu = lambda pdu: None
        sender = threading.Thread(target=lambda: outcome.append(modem.submit(submit_pdu(), lambda: None)))
        sender.start()
        peer.wait(lambda: peer.pdus)
        peer.unplug()
        sender.join(5)
        assert outcome == [InDoubt("the port went before the modem answered")]
        news.wait()


class TestFault12PdusThatNobodyCanRead:
    @pytest.mark.parametrize("garbage", ["0791", "no hex at all", "00" * 20])
    @CALLBACKS_GO_ASTRAY
    def test_stock_raises_in_a_thread_and_loses_it(self, peer, stock, garbage):
        told = []
        modem = stock(smsStatusReportCallback=told.append)
        with pytest.raises(Exception):  # noqa: B017  # which one depends on the garbage
            modem._handleSmsStatusReportTe(-1, garbage)
        assert told == []

    @pytest.mark.parametrize("garbage", ["0791", "no hex at all", "00" * 20])
    def test_ours_hands_it_over_raw(self, peer, opened, news, garbage):
        modem = opened()
        peer.say(f"+CDS: 25\r\n{garbage}")
        assert modem.signal() == -77  # one that is too short is waited for until the next line
        news.wait()
        assert modem.take_direct() == [Inbound(garbage, None)]


class TestFaults13To15TheStockWayOfSending:
    def test_stock_keeps_one_mr_of_two_parts(self, peer, stock):
        modem = stock()
        modem._commands = ["+CMGS"]
        sent = modem.sendSms("+15125551234", "x" * 200)
        assert len(peer.pdus) == 2
        assert sent.reference == 2

    def test_stock_refuses_ucs2_without_cscs(self, peer, stock):
        modem = stock()
        modem._commands = ["+CMGS"]
        with pytest.raises(CommandError):
            modem.sendSms("+15125551234", "\u0416")

    def test_ours_sends_what_it_is_given_without_cscs_and_gives_each_mr(self, peer, opened, submit_pdu):
        modem = opened()
        modem.hold_link(True)
        assert [modem.submit(submit_pdu(last), lambda: None) for last in ("07", "08")] == [Accepted(1), Accepted(2)]
        modem.hold_link(False)
        assert peer.pdus == [submit_pdu("07").hex, submit_pdu("08").hex]
        assert not [command for command in peer.commands if "CSCS" in command or "CSMP" in command]


class TestFault16Busy:
    def test_stock_writes_the_bare_pdu_outside_a_prompt(self, peer, stock, submit_pdu):
        modem = stock()
        peer.after_pdu = "+CMS ERROR: 515"
        modem.write("AT+CMGS=24", expectedResponseTermSeq="> ")

        def send():
            with pytest.raises(library.TimeoutException):
                modem.write(submit_pdu().hex, timeout=0.3, writeTerm=CTRL_Z)

        sender = threading.Thread(target=send)
        sender.start()
        peer.wait(lambda: bytes(peer.raw).count(submit_pdu().hex.encode()) == 2)
        sender.join()
        assert peer.commands == ["AT+CMGS=24"]  # no second prompt was asked for

    def test_ours_writes_the_pdu_once(self, peer, opened, submit_pdu):
        modem = opened()
        peer.after_pdu = "+CMS ERROR: 515"
        outcome = modem.submit(submit_pdu(), lambda: None)
        assert isinstance(outcome, Refused)
        assert (outcome.code, outcome.cls) == (515, RefusalClass.TEMPORARY)
        assert modem.signal() == -77
        assert bytes(peer.raw).count(submit_pdu().hex.encode()) == 1

    @pytest.mark.parametrize("busy", ["+CME ERROR: 14", "+CMS ERROR: 515", "+CME ERROR: SIM busy"])
    def test_ours_tries_a_plain_command_again_but_not_for_ever(self, peer, opened, monkeypatch, busy):
        monkeypatch.setattr(library, "BUSY_PAUSES", (0.01, 0.01))
        modem = opened()
        peer.answers["AT+CSQ"] = [busy, busy, "+CSQ: 18,99\r\nOK"]
        assert modem.signal() == -77
        peer.answers["AT+CSQ"] = busy
        assert modem.signal() is None
        assert peer.commands.count("AT+CSQ") == 6


class TestFault17Pin:
    @pytest.mark.parametrize("state", ["SIM PUK", "SIM PIN2", "PH-NET PIN"])
    def test_stock_gives_the_pin_in_any_state(self, peer, stock, state):
        peer.answers["AT+CPIN?"] = f"+CPIN: {state}\r\nOK"
        with pytest.raises(CommandError):
            stock()._unlockSim("1234")
        assert 'AT+CPIN="1234"' in peer.commands

    @pytest.mark.parametrize("state", ["SIM PUK", "PH-NET PIN", "PH-SIM PIN"])
    def test_ours_does_not(self, peer, opened, state):
        peer.answers["AT+CPIN?"] = f"+CPIN: {state}\r\nOK"
        with pytest.raises(SimUnavailable) as raised:
            opened(pin=lambda iccid: "1234")
        assert raised.value.state == "locked"
        assert "1234" not in str(raised.value)
        assert not [command for command in peer.commands if command.startswith("AT+CPIN=")]

    def test_ours_works_on_where_only_pin2_is_asked_for(self, peer, opened):
        peer.answers["AT+CPIN?"] = "+CPIN: SIM PIN2\r\nOK"
        assert opened(pin=lambda iccid: "1234").signal() == -77
        assert not [command for command in peer.commands if command.startswith("AT+CPIN=")]


class TestFault18FlowControl:
    def test_stock_forces_it_on(self, peer, stock):
        stock()
        assert termios.tcgetattr(peer.slave)[2] & termios.CRTSCTS

    def test_ours_leaves_it_off(self, peer, opened):
        opened()
        assert not termios.tcgetattr(peer.slave)[2] & termios.CRTSCTS


class TestFault19VerboseErrors:
    def test_stock_waits_for_another_end(self, peer, stock):
        peer.answers["AT+X"] = "+CMS ERROR: network timeout"
        with pytest.raises(library.TimeoutException):
            stock().write("AT+X", timeout=0.1)

    @pytest.mark.parametrize(("words", "code"), [("call barred", 10), ("no network service", 331)])
    def test_ours_knows_the_code_of_the_words(self, peer, opened, submit_pdu, words, code):
        modem = opened()
        peer.after_pdu = f"+CMS ERROR: {words}"
        outcome = modem.submit(submit_pdu(), lambda: None)
        assert isinstance(outcome, Refused)
        assert outcome.code == code

    @pytest.mark.parametrize("error", [
        "+CMS ERROR: network timeout", "+CMS ERROR: 332", "+CMS ERROR: words that nobody knows", "+CMS ERROR: 600",
    ])
    def test_ours_is_in_doubt_where_it_may_have_been_sent(self, peer, opened, submit_pdu, error):
        modem = opened()
        peer.after_pdu = error
        assert isinstance(modem.submit(submit_pdu(), lambda: None), InDoubt)
        assert modem.late_answers() == []


class TestFault20RingInsideAText:
    urc = '+CUSD: 0,"EXPIRING soon",15'

    def test_stock_takes_it_for_a_call(self, stock):
        calls = []
        modem = stock()
        modem._handleIncomingCall = calls.append
        modem._GsmModem__threadedHandleModemNotification([self.urc])
        assert calls

    def test_ours_gives_the_text(self, peer, opened):
        modem = opened()
        peer.answers['AT+CUSD=1,"*100#",15'] = "OK\r\n" + self.urc
        assert modem.ussd("*100#") == "EXPIRING soon"


class TestFault21IndexAfterAnUnreadablePdu:
    good = "07917248014000F3240B917247587706F400003110824115248012C8329BFD06C9C373B8B82C97E741F034"
    answer = f"+CMGL: 1,1,,35\r\nAFSDLF SDKFJ\r\n+CMGL: 7,1,,35\r\n{good}\r\nOK"

    def test_stock_gives_the_next_message_the_index_before(self, peer, stock):
        peer.answers["AT+CMGL=4"] = self.answer
        modem = stock()
        modem._smsMemReadDelete = "SM"
        assert [sms.index for sms in modem.listStoredSms()] == [1]

    def test_ours_keeps_each_at_its_own(self, peer, opened):
        modem = opened()
        peer.answers["AT+CMGL=4"] = [self.answer, "OK"]
        assert modem.list_stored() == [Inbound("AFSDLF SDKFJ", Slot("SM", 1)), Inbound(self.good, Slot("SM", 7))]


class TestFault22HarmlessAnswersToSetUp:
    oddities = pytest.mark.parametrize(("command", "answer"), [
        ("AT+CFUN?", "OK"), ("AT+CPMS=?", '+CPMS:("SM","ME"),("SM"),("SM")\r\nOK'), ("AT+CGMI", "ERROR"),
    ])

    @oddities
    def test_stock_ends_on_them(self, peer, command, answer):
        peer.otherwise = "OK"
        peer.answers |= {"AT+CLAC": "+CMGS\r\nOK", "AT+ZPAS?": "ERROR", "AT+CSCA?": '+CSCA: "+44",145\r\nOK'}
        peer.answers[command] = answer
        modem = GsmModem(peer.port)
        modem.timeout = 0.02
        with pytest.raises((TypeError, IndexError, CommandError)):
            modem.connect()
        modem.close()

    @oddities
    def test_ours_does_not(self, peer, opened, submit_pdu, command, answer):
        peer.answers[command] = answer
        assert opened().submit(submit_pdu(), lambda: None) == Accepted(1)


class TestFault25ReportsAnnounced:
    def test_stock_matches_neither(self):
        assert not GsmModem.CDS_REGEX.match("+CDS: 25")
        assert not GsmModem.CDSI_REGEX.match('+CDSI: "SR", 4')

    def test_ours_takes_both(self, peer, opened, news):
        modem = opened()
        peer.say(f'+CDS: 25\r\n{REPORT}\r\n+CDSI: "SR", 4\r\n+CDSI: "SR",5')
        news.wait(3)
        assert modem.take_direct() == [Inbound(REPORT, None)]
        assert modem.hinted() == [Slot("SR", 4), Slot("SR", 5)]


class TestFault26Secrets:
    def test_no_log_line_and_no_error_holds_pin_number_or_pdu(self, peer, opened, submit_pdu, caplog):
        caplog.set_level(logging.DEBUG)
        peer.answers["AT+CPIN?"] = ["+CPIN: SIM PIN\r\nOK", "+CPIN: READY\r\nOK"]
        peer.answers['AT+CPIN="7391"'] = "OK"
        modem = opened(pin=lambda iccid: "7391")
        modem.submit(submit_pdu(), lambda: None)
        with pytest.raises(ModemSilent) as raised:
            modem.ussd("*100*5551234567#")
        assert "5551234567" not in str(raised.value)
        logged = caplog.text + str(raised.value)
        for secret in ("7391", submit_pdu().hex, "5551234567"):
            assert secret not in logged

    def test_the_stock_error_holds_the_whole_command(self, peer, stock):
        with pytest.raises(CommandError, match="5551234567"):
            stock().write('AT+CUSD=1,"*100*5551234567#",15')
