"""The wire: lines and events do not depend on how bytes are cut, and an exchange ends whatever the port does."""

from __future__ import annotations

import threading
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers import lines, wire
from drivers.discovery import present, why_no_modem
from drivers.lines import Answer, Final, News, Prompt, Sorter, Splitter
from drivers.modem import ModemSilent, PortLost
from drivers.trace import Trace, redact
from drivers.transport import Channel, bare

REPORT = "07919761989901F006280B917777777777F7515012118383215150121183752130"
PIECES = [
    b"\r\n", b"\r", b"\n", b"OK", b"ERROR", b"> ", b">", b"+CSQ: 1,99", b"+CMS ERROR: 38", b'+CMTI: "SM",3',
    b"\xff\x00", b"+CDS: 25", REPORT.encode(), b"+CMGS: 5", b"+CMGL: 1,1,,35",
    b'+CUSD: 0,"two', b'lines",15', b"AT+CSQ",
    b" ", b"DODGY",
]
STREAMS = st.lists(st.sampled_from(PIECES) | st.binary(max_size=4), max_size=30).map(b"".join)
COMMANDS = st.sampled_from(["", "AT", "AT+CSQ", "AT+CMGL=4", "AT+CMGS=24", "AT+CGMI", 'AT+CUSD=1,"*1#",15'])


def cut(data, cuts):
    edges = [0, *sorted(at % (len(data) + 1) for at in cuts), len(data)]
    return [data[low:high] for low, high in pairwise(edges)]


@given(STREAMS, st.lists(st.integers(0, 500), max_size=20))
def test_the_same_bytes_give_the_same_lines_however_they_are_cut(data, cuts):
    whole, pieces = Splitter(), Splitter()
    assert list(whole.feed(data)) == [line for piece in cut(data, cuts) for line in pieces.feed(piece)]


@given(STREAMS, COMMANDS)
def test_the_same_bytes_give_the_same_events_one_at_a_time(data, command):
    whole, pieces = Sorter(), Sorter()
    whole.expect(command)
    pieces.expect(command)
    assert list(whole.feed(data)) == [event for at in range(len(data)) for event in pieces.feed(data[at:at + 1])]


URCS = ["^RSSI:1", '+CMTI: "SM",1', f"+CDS: 25\r\n{REPORT}", "RING", "DODGY", "+CREG: 5"]


@given(st.lists(st.sampled_from(URCS), max_size=6))
def test_no_news_is_taken_for_an_answer_or_lost_in_one(news):
    sorter = Sorter()
    sorter.expect("AT+CSQ")
    said = [piece for urc in news for piece in (urc, "")]
    stream = "\r\n".join([*said, "+CSQ: 7,99", *said, "OK", ""]).encode()
    events = list(sorter.feed(stream))
    assert [event for event in events if not isinstance(event, News)] == [Answer("+CSQ: 7,99"), Final("OK")]
    said = [event.lines for event in events if isinstance(event, News)]
    assert said == [tuple(urc.split("\r\n")) for urc in news * 2]


@given(st.binary(max_size=300))
def test_any_bytes_are_read_without_an_error(data):
    sorter = Sorter()
    sorter.expect("AT+CMGL=4")
    for event in sorter.feed(data + b"\r\n"):
        assert event


def test_a_line_without_end_does_not_fill_the_memory():
    splitter = Splitter()
    found = list(splitter.feed(b"x" * (3 * lines.LONGEST_LINE + 5)))
    assert [len(line) for line in found] == [lines.LONGEST_LINE] * 3
    assert list(splitter.feed(b"\r\n")) == ["x" * 5]


@pytest.mark.parametrize("final", [
    "OK", "ERROR", "+CMS ERROR: 38", "+CME ERROR:14", "+CMS ERROR: network timeout", "COMMAND NOT SUPPORT",
    "CME ERROR: unknown",
])
def test_final_results(final):
    sorter = Sorter()
    sorter.expect("AT+CMGS=24")
    assert list(sorter.feed(f"\r\n{final}\r\n".encode())) == [Final(final)]


@pytest.mark.parametrize("line", ["OKAY", "OK then", "ERRORS", "+CMS ERRORS"])
def test_lines_that_only_begin_like_a_final_result(line):
    sorter = Sorter()
    sorter.expect("AT+CSQ")
    assert list(sorter.feed(f"\r\n{line}\r\n".encode())) == [News((line,))]


def test_a_ussd_text_that_never_ends_swallows_no_final_result():
    sorter = Sorter()
    sorter.expect("AT+CSQ")
    stream = b'+CUSD: 0,"never\r\nends\r\n+CSQ: 7,99\r\nOK\r\n'
    assert list(sorter.feed(stream)) == [News(('+CUSD: 0,"never\nends',)), Answer("+CSQ: 7,99"), Final("OK")]


ANSWERS = {
    "AT+CSQ": (b"+CSQ: 18,99", "+CSQ: 18,99"), "AT+CMGS=24": (b"+CMGS: 123", "+CMGS: 123"),
    "AT+CPIN?": (b"+CPIN: READY", "+CPIN: READY"), "AT+CMGF?": (b"+CMGF: 0", "+CMGF: 0"),
    "AT+CCID": (b"+CCID: 8944100000000000001", "+CCID: 8944100000000000001"),
}


@pytest.mark.parametrize("command", ANSWERS)
def test_a_urc_in_the_midst_of_a_line_tears_no_answer(command):
    said, line = ANSWERS[command]
    stream = b"\r\n" + said + b"\r\n\r\nOK\r\n"
    for at in range(len(stream)):
        sorter = Sorter()
        sorter.expect(command)
        lines_now, finals = [], []
        for event in sorter.feed(stream[:at] + b"\r\n^RSSI: 18\r\n" + stream[at:]):
            if isinstance(event, Answer):
                lines_now[len(lines_now) - event.corrects:] = [event.text]
            finals = [event] if isinstance(event, Final) else finals
        assert finals == [Final("OK")], at
        assert lines_now[0].replace(" ", "") == line.replace(" ", ""), at  # blanks at the tear are lost


@pytest.mark.parametrize("urc", [f"+CDS: 25\r\n{REPORT}", '+CMTI: "SM",13'])
def test_a_urc_in_the_midst_of_another_loses_neither(urc):
    stream = f"\r\n{urc}\r\n".encode()
    for at in range(len(stream)):
        events = list(Sorter().feed(stream[:at] + b"\r\n^RSSI: 18\r\n" + stream[at:]))
        assert News(("^RSSI: 18",)) in events, at
        said = [[line.replace(" ", "") for line in event.lines] for event in events]
        assert urc.replace(" ", "").split("\r\n") in said, at


def test_a_prompt_is_one_event_and_what_follows_is_read_on():
    sorter = Sorter()
    sorter.expect("AT+CMGS=24")
    assert list(sorter.feed(b'\r\n> +CMTI: "SM",1\r\n>\r\n')) == [Prompt(), News(('+CMTI: "SM",1',)), Prompt()]


@pytest.fixture
def channel(peer):
    strays, gone = [], threading.Event()
    made = Channel(peer.port, 115200, strays.append, gone.set, None)
    made.strays, made.was_gone = strays, gone
    made.wire.open()
    yield made
    made.wire.close()


def test_a_command_and_its_answer(channel):
    assert channel.ask("AT+CSQ", 5) == ["+CSQ: 18,99", "OK"]


def test_noise_does_not_stretch_a_timeout_which_counts_from_the_command(peer, channel):
    peer.answers["AT+X"] = lambda command: b"\r\n^RSSI:25\r\n" * 50
    with pytest.raises(ModemSilent, match=r"no answer to AT\+X in 0.1 seconds"):
        channel.ask("AT+X", 0.1)


def test_after_a_timeout_a_stale_answer_is_not_taken_for_a_fresh_one(peer, channel):
    channel.question = "AT+CMGF?"
    peer.answers["AT+X"] = lambda command: None
    with pytest.raises(ModemSilent):
        channel.ask("AT+X", 0.05)
    peer.answers["AT+CMGF?"] = "+X: late\r\nOK\r\n+CMGF: 0\r\nOK"
    assert channel.ask("AT+CSQ", 5) == ["+CSQ: 18,99", "OK"]
    assert b"\x1b\rAT+CMGF?\rAT+CSQ\r" in peer.raw


def test_an_unplugged_port_ends_a_wait_at_once(peer, channel):
    raised = []

    def ask():
        with pytest.raises(PortLost, match="gone") as lost:
            channel.ask("AT+X", 3600)
        raised.append(lost)

    peer.answers["AT+X"] = lambda command: None
    asker = threading.Thread(target=ask)
    asker.start()
    peer.wait_for("AT+X")
    peer.unplug()
    asker.join(5)
    assert raised
    assert channel.was_gone.wait(5)
    assert not channel.wire.alive
    with pytest.raises(PortLost):
        channel.wire.pause(3600)


def test_close_is_no_loss_and_may_be_repeated(channel):
    channel.wire.close()
    channel.wire.close()
    assert not channel.was_gone.is_set()
    with pytest.raises(PortLost):
        channel.ask("AT", 1)


def test_a_command_in_a_message_for_people_carries_nothing():
    assert [bare(command) for command in ('AT+CPIN="1234"', "AT+CMGS=26", "AT+CREG?", "AT^ICCID?", "ATE0", "0791")] == [
        "AT+CPIN", "AT+CMGS", "AT+CREG?", "AT^ICCID?", "ATE0", "a command",
    ]


class TestDiscovery:
    def test_ports_that_are_there_each_once(self, peer, tmp_path):
        (tmp_path / "link").symlink_to(peer.port)
        (tmp_path / "file").write_text("")
        assert present([str(tmp_path / "link"), peer.port, str(tmp_path / "none"), str(tmp_path / "file")]) == [
            str(tmp_path / "link"),
        ]

    def test_a_modem(self, peer):
        assert why_no_modem(peer.port) is None

    def test_a_port_in_use_and_a_silent_one(self, peer, channel):
        assert "another program" in why_no_modem(peer.port)
        channel.wire.close()
        peer.answers.clear()
        peer.otherwise = lambda command: None
        assert "no answer to AT" in why_no_modem(peer.port, tries=(0.02,))


class TestTrace:
    @pytest.mark.parametrize(("line", "shown"), [
        ('AT+CPIN="1234"', "AT+CPIN=[PIN]"),
        ("AT+CPIN?", "AT+CPIN?"),
        ("AT+CMGS=24", "AT+CMGS=24"),
        (REPORT, "[66 hex digits]"),
        ('+CMT: "+447700900123",28', '+CMT: "[13 digits]",28'),
        ('+CUSD: 0,"Your number\nis 07700",15', '+CUSD: 0,"[20 characters]",15'),
        (">", ">"), ("> x", "[3 characters]"), ('AT+CUSD=1,"*100*07700900123#",15', 'AT+CUSD=1,"[17 characters]",15'),
        ("+CCID: 8944100000000000001", "+CCID: [19 hex digits]"),
        ("+CIMI: 12345678", "+CIMI: [8 digits]"),
        ("07700900123", "[11 digits]"),
        ('+CMTI: "SM",3', '+CMTI: "SM",3'),
        ("OK", "OK"),
        ("+CMS ERROR: 38", "+CMS ERROR: 38"),
    ])
    def test_what_is_shown_of_a_line(self, line, shown):
        assert redact(line) == shown

    def test_a_transcript_of_a_whole_session_holds_no_secret(self, peer, opened, submit_pdu, tmp_path):
        trace = Trace.in_directory(tmp_path, peer.port)
        peer.answers["AT+CPIN?"] = ["+CPIN: SIM PIN\r\nOK", "+CPIN: READY\r\nOK"]
        peer.answers['AT+CPIN="7391"'] = "OK"
        peer.echo = True
        modem = opened(trace=trace, pin=lambda iccid: "7391")
        peer.after_pdu = lambda pdu: f"{pdu}\r\n+CDS: 25\r\n{REPORT}\r\n+CMGS: 1\r\nOK"
        modem.submit(submit_pdu(), lambda: None)
        modem.close()
        trace.close()
        (file,) = tmp_path.iterdir()
        text = file.read_text()
        assert file.stat().st_mode & 0o777 == 0o600
        assert "> AT+CMGS=24" in text
        assert "< +CMGS: 1" in text
        for secret in ("7391", submit_pdu().hex, REPORT, "15125551234", "8944100000000000001", "234100000000001"):
            assert secret not in text

    def test_it_does_not_grow_without_bound(self, tmp_path, monkeypatch):
        monkeypatch.setattr("drivers.trace.MOST_BYTES", 2000)
        trace = Trace(tmp_path / "t")
        for _ in range(200):
            trace.sent("AT+CSQ")
        trace.close()
        assert sorted(file.name for file in tmp_path.iterdir()) == ["t", "t.1"]
        assert all(file.stat().st_size < 2100 for file in tmp_path.iterdir())


def test_the_write_of_a_stuck_port_ends(peer, channel, monkeypatch):
    """Nobody reads the other end: the kernel's buffer fills, and the writer must not wait for ever."""
    monkeypatch.setattr(wire, "WRITE_SECONDS", 0.1)
    peer.stop()
    with pytest.raises(PortLost, match="took nothing"):
        channel.wire.write(b"x" * 1_000_000)
