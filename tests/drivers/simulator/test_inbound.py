"""What the simulated network brings: status reports and texts, by URC, into storage, or later when there is no room."""

from __future__ import annotations

import pytest

from drivers import pdu
from drivers.types import Deliver, StatusReport

DIRECT, STORED = "AT+CNMI=2,1,0,1,0", "AT+CNMI=2,1,0,2,0"


def report_in(line: bytes) -> StatusReport:
    report = pdu.decode(line.decode().strip())
    assert isinstance(report, StatusReport)
    return report


def direct(terminal, prefix: bytes = b"+CDS: ") -> bytes:
    terminal.until(b"\r\n" + prefix)
    length = terminal.until(b"\r\n").strip().lstrip(b",")
    raw = terminal.until(b"\r\n").strip()
    assert int(length) == len(raw) // 2 - 1 - int(raw[:2], 16)
    return raw


def test_a_direct_status_report_matches_its_submit(simulate, connect):
    terminal = connect(simulate(sims=[{"first_mr": 200}]).ports[0], DIRECT)
    terminal.text("+447700900123")
    report = report_in(direct(terminal))
    assert (report.mr, report.recipient, report.status) == (200, "+447700900123", 0)


def test_a_stored_status_report_is_announced_and_read_from_sr(simulate, connect):
    terminal = connect(simulate().ports[0], STORED)
    terminal.text()
    terminal.until(b'\r\n+CDSI: "SR",1\r\n')
    terminal.ask('AT+CPMS="SR"')
    header, raw = terminal.ask("AT+CMGR=1")
    assert header == f"+CMGR: 0,,{len(raw) // 2 - 1 - int(raw[:2], 16)}"
    assert report_in(raw.encode()).status == 0
    assert terminal.ask("AT+CMGR=1")[0].startswith("+CMGR: 1,,")  # read now
    terminal.ask("AT+CMGD=1")
    terminal.ask("AT+CMGR=1", "+CMS ERROR: 321")


def test_a_report_that_nobody_asked_for_is_not_made(simulate, connect):
    simulator = simulate()
    terminal = connect(simulator.ports[0], DIRECT)
    terminal.text(report=False)
    terminal.text("+447700900124")
    assert report_in(direct(terminal)).recipient == "+447700900124"


@pytest.mark.parametrize(
    ("rule", "statuses"),
    [
        ({"do": "undelivered"}, [0x43]),
        ({"do": "report", "mode": "undelivered", "status": 0x46}, [0x46]),
        ({"do": "report", "mode": "temporary"}, [0x22, 0]),
        ({"do": "report", "mode": "twice"}, [0, 0]),
        ({"do": "report", "mode": "late", "seconds": 0.05}, [0]),
        ({"do": "report", "mode": "never"}, []),
    ],
)
def test_reports_by_script(simulate, connect, rule, statuses):
    simulator = simulate()
    terminal = connect(simulator.ports[0], DIRECT)
    simulator.command({**rule, "recipient": "+447700900123"})
    terminal.text("+447700900123")
    assert [report_in(direct(terminal)).status for _ in statuses] == statuses
    assert terminal.quiet()


def test_a_report_may_be_earlier_than_the_answer(simulate, connect, submit_pdu):
    simulator = simulate(radio_delay=0.05)
    terminal = connect(simulator.ports[0], DIRECT)
    simulator.rule(do="report", mode="early")
    part = submit_pdu()
    terminal.prompt(part)
    terminal.send(part.hex.encode() + b"\x1a")
    said = terminal.until(b"+CMGS: 0\r\n")
    assert b"+CDS:" in said


def test_with_csms_1_an_unacknowledged_report_comes_again(simulate, connect, happened):
    simulator = simulate(ack_timeout=0.05)
    terminal = connect(simulator.ports[0], "AT+CSMS=1", DIRECT)
    terminal.text()
    first = direct(terminal)
    assert direct(terminal) == first
    terminal.ask("AT+CNMA")
    assert len(happened(simulator, "ack")) == 1
    terminal.ask("AT+CNMA", "+CMS ERROR: 340")


def test_with_csms_1_the_next_waits_for_the_acknowledgement(simulate, connect):
    simulator = simulate(ack_timeout=60)
    terminal = connect(simulator.ports[0], "AT+CSMS=1", DIRECT)
    terminal.text("+447700900101")
    assert report_in(direct(terminal)).recipient == "+447700900101"
    terminal.text("+447700900102")
    assert terminal.quiet()
    terminal.ask("AT+CNMA")
    assert report_in(direct(terminal)).recipient == "+447700900102"


def test_an_inbound_text_is_stored_and_announced(simulate, connect):
    simulator = simulate()
    terminal = connect(simulator.ports[0], DIRECT)
    simulator.inbound(simulator.iccids[0], "+447700900777", "Who is this?")
    terminal.until(b'\r\n+CMTI: "SM",1\r\n')
    header, raw = terminal.ask("AT+CMGL=4")
    assert header.startswith("+CMGL: 1,0,,")
    message = pdu.decode(raw)
    assert isinstance(message, Deliver)
    assert (message.sender, message.text) == ("+447700900777", "Who is this?")


def test_an_inbound_text_comes_directly_with_mt_2(simulate, connect):
    simulator = simulate()
    terminal = connect(simulator.ports[0], "AT+CNMI=2,2,0,1,0")
    simulator.inbound(simulator.iccids[0], "Bank", "Hi")
    message = pdu.decode(direct(terminal, b"+CMT: ").decode())
    assert isinstance(message, Deliver)
    assert message.sender == "Bank"


def test_without_cnmi_everything_is_stored_silently(simulate, connect, wait_for, happened):
    simulator = simulate()
    terminal = connect(simulator.ports[0])
    simulator.inbound(simulator.iccids[0], "+447700900777", "Hi")
    terminal.text()
    wait_for(lambda: happened(simulator, "report"))
    assert terminal.quiet()
    assert len(terminal.ask("AT+CMGL=4")) == 2


@pytest.mark.parametrize("text", ["x" * 400, "Ŵ" * 150, "Hello 😀 " * 20])
def test_a_long_inbound_text_comes_in_parts(simulate, connect, text):
    simulator = simulate()
    terminal = connect(simulator.ports[0])
    parts = simulator.inbound(simulator.iccids[0], "+447700900777", text)["parts"]
    messages = [pdu.decode(line) for line in terminal.ask("AT+CMGL=4")[1::2]]
    assert [(m.concat.seq, m.concat.total) for m in messages] == [(seq, parts) for seq in range(1, parts + 1)]
    assert "".join(m.text for m in messages) == text
    assert len({m.concat.ref for m in messages}) == 1


def test_parts_can_be_swapped_left_out_and_doubled(simulate, connect):
    simulator = simulate()
    terminal = connect(simulator.ports[0])
    simulator.inbound(simulator.iccids[0], "+447700900777", "x" * 400, order=[3, 1, 1], ref=9, ref_bits=16)
    messages = [pdu.decode(line) for line in terminal.ask("AT+CMGL=4")[1::2]]
    assert [(m.concat.ref, m.concat.ref_bits, m.concat.seq) for m in messages] == [(9, 16, 3), (9, 16, 1), (9, 16, 1)]


def test_when_storage_is_full_the_network_keeps_the_rest_until_there_is_room(simulate, connect):
    simulator = simulate(sims=[{"slots": 2}])
    terminal = connect(simulator.ports[0], DIRECT)
    for number in range(4):
        simulator.inbound(simulator.iccids[0], "+447700900777", f"Text {number}")
    terminal.until(b'+CMTI: "SM",2\r\n')
    assert terminal.ask("AT+CPMS?") == ['+CPMS: "SM",2,2,"SM",2,2,"SM",2,2']
    assert simulator.stats()["waiting"] == {simulator.iccids[0]: 2}
    terminal.ask("AT+CMGD=2")
    terminal.until(b'+CMTI: "SM",2\r\n')
    message = pdu.decode(terminal.ask("AT+CMGR=2")[1])
    assert isinstance(message, Deliver)
    assert message.text == "Text 2"
    terminal.ask("AT+CMGD=1,4")
    terminal.until(b'+CMTI: "SM",1\r\n')
    assert simulator.stats()["waiting"] == {simulator.iccids[0]: 0}


@pytest.mark.parametrize("away", ["unplug", "deregister"])
def test_what_comes_while_a_sim_is_away_waits_for_it(simulate, connect, submit_pdu, wait_for, happened, away):
    simulator = simulate(report_delay=0.05)
    terminal = connect(simulator.ports[0])
    terminal.text()
    if away == "unplug":
        simulator.unplug(0)
    else:
        simulator.register(0, "searching")
    simulator.inbound(simulator.iccids[0], "+447700900777", "Are you there?")
    wait_for(lambda: simulator.stats()["waiting"][simulator.iccids[0]] == 2)
    if away == "unplug":
        simulator.replug(0)
        terminal = connect(simulator.ports[0])
    else:
        simulator.register(0, "home")
    assert len(terminal.ask("AT+CMGL=4")) == 2
    assert [len(happened(simulator, kind)) for kind in ("deliver", "report")] == [1, 1]


def test_one_sim_can_text_another(simulate, connect):
    simulator = simulate(2)
    sender, receiver = (connect(port, DIRECT) for port in simulator.ports)
    sender.text("+447700900998", "From next door")
    receiver.until(b'+CMTI: "SM",1\r\n')
    message = pdu.decode(receiver.ask("AT+CMGR=1")[1])
    assert isinstance(message, Deliver)
    assert (message.sender, message.text) == ("+447700900999", "From next door")


def test_a_urc_waits_for_the_end_of_the_pdu(simulate, connect, submit_pdu):
    simulator = simulate()
    terminal = connect(simulator.ports[0], DIRECT)
    part = submit_pdu(report=False)
    terminal.prompt(part)
    terminal.send(part.hex[:10].encode())
    simulator.inbound(simulator.iccids[0], "+447700900777", "Hi")
    terminal.send(part.hex[10:].encode() + b"\x1a")
    said = terminal.until(b"+CMTI").replace(b"\r\n", b" ")
    assert said.startswith(b" +CMGS: 0  OK ")


def test_any_pdu_can_be_brought_even_a_broken_one(simulate, connect):
    simulator = simulate()
    terminal = connect(simulator.ports[0], DIRECT)
    simulator.inbound_pdu(simulator.iccids[0], "07914477")
    terminal.until(b'+CMTI: "SM",1\r\n')
    assert terminal.ask("AT+CMGR=1")[1] == "07914477"
