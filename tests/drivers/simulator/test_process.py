"""The simulator as a process of its own: ready line, JSON commands, control socket, signals."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

TIMEOUT = 20  # seconds until a test gives up


class Process:
    """The simulator at the end of two pipes."""

    def __init__(self, directory: Path, *options: str) -> None:
        self.directory = directory
        self.child = subprocess.Popen(
            [sys.executable, "-m", "drivers.simulator", "--dir", str(directory), *options],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.ready = json.loads(self.child.stdout.readline())

    def do(self, **order):
        self.child.stdin.write(json.dumps(order) + "\n")
        self.child.stdin.flush()
        return json.loads(self.child.stdout.readline())

    def ports_left(self) -> list[Path]:
        return list(self.directory.glob("ttyUSB*"))


@pytest.fixture
def start(tmp_path):
    with contextlib.ExitStack() as stack:

        def run(*options: str) -> Process:
            process = Process(tmp_path / "ports", *options)
            stack.enter_context(process.child)
            stack.callback(process.child.kill)
            return process

        yield run


def test_it_says_which_ports_are_ready(start):
    process = start("--modems", "3")
    assert process.ready["ready"] is True
    assert [Path(port).name for port in process.ready["ports"]] == ["ttyUSB0", "ttyUSB1", "ttyUSB2"]
    assert process.ready["sims"][0] == "8944100000000000001"


def test_commands_on_standard_input(start, connect, submit_pdu, tmp_path):
    process = start("--modems", "2", "--log", str(tmp_path / "log.jsonl"))
    sim = process.ready["sims"][0]
    terminal = connect(process.ready["ports"][0], "AT+CNMI=2,1,0,1,0")
    order = {"do": "inbound", "sim": sim, "from": "+447700900777", "text": "Hello"}
    assert process.do(**order) == {"ok": True, "parts": 1}
    terminal.until(b"+CMTI")
    assert process.do(do="refuse", sim=sim, code=38, times=1) == {"ok": True}
    terminal.submit(submit_pdu(), "+CMS ERROR: 38")
    terminal.text()
    terminal.until(b"+CDS")
    stats = process.do(do="stats")
    assert {key: stats[key] for key in ("submit", "refuse", "report", "deliver")} == {
        "submit": 1, "refuse": 1, "report": 1, "deliver": 1,
    }  # fmt: skip
    assert process.do(do="unplug", modem=0) == {"ok": True}
    assert process.do(do="replug", modem=0, path="ttyUSB7")["port"].endswith("ttyUSB7")
    events = [json.loads(line)["event"] for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert events == ["deliver", "refuse", "answer", "submit", "answer", "report", "unplug", "replug"]


@pytest.mark.parametrize(
    ("order", "told"),
    [
        ({"do": "dance"}, "cannot do 'dance'"),
        ({"do": "unplug", "modem": 9}, "no modem 9"),
        ({"do": "unplug", "port": 0}, "missing a required argument: 'modem'"),
        ({"do": "inbound", "sim": "1", "from": "x", "text": "y"}, "no SIM 1"),
        ({"do": "refuse", "cod": 1}, "no key cod"),
    ],
)
def test_a_wrong_command_is_answered_with_the_reason(start, order, told):
    process = start()
    answer = process.do(**order)
    assert answer["ok"] is False
    assert told in answer["error"]
    process.child.stdin.write("nonsense\n[]\n")
    process.child.stdin.flush()
    assert all(json.loads(process.child.stdout.readline())["ok"] is False for _ in range(2))


@pytest.mark.parametrize("how", ["SIGTERM", "SIGINT", "stop", "end of input"])
def test_it_ends_cleanly_and_removes_the_ports(start, connect, how):
    process = start("--modems", "2")
    connect(process.ready["ports"][0])
    assert len(process.ports_left()) == 2
    if how == "stop":
        assert process.do(do="stop") == {"ok": True}
    elif how == "end of input":
        process.child.stdin.close()
    else:
        process.child.send_signal(getattr(signal, how))
    assert process.child.wait(TIMEOUT) == 0
    assert process.ports_left() == []
    assert process.child.stderr.read() == ""


def test_a_control_socket_outlives_standard_input(start, tmp_path):
    process = start("--control", str(tmp_path / "control"))
    process.child.stdin.close()
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(TIMEOUT)
        client.connect(str(tmp_path / "control"))
        client.sendall(b'{"do": "stats"}\n')
        assert json.loads(client.recv(65536))["ok"] is True
    process.child.terminate()
    assert process.child.wait(TIMEOUT) == 0
    assert not (tmp_path / "control").exists()


def test_a_new_simulator_takes_the_names_that_a_killed_one_left(start, connect):
    killed = start()
    killed.child.kill()
    killed.child.wait(TIMEOUT)
    assert connect(start().ready["ports"][0]).quiet()


def test_sims_and_script_come_from_files(start, connect, submit_pdu, tmp_path):
    (tmp_path / "sims.json").write_text(json.dumps([{"iccid": "8944200000000000009", "first_mr": 7}]))
    (tmp_path / "script.json").write_text(json.dumps([{"do": "refuse", "code": 1, "recipient": "+447700900123"}]))
    process = start("--sims", str(tmp_path / "sims.json"), "--script", str(tmp_path / "script.json"))
    terminal = connect(process.ready["ports"][0])
    terminal.submit(submit_pdu("+447700900123"), "+CMS ERROR: 1")
    assert terminal.ask("AT+CCID") == ["+CCID: 8944200000000000009"]


@pytest.mark.parametrize("content", ["[{", "{}", '[{"colour": "red"}]', '[{"modem": 3}]', '[{}, {"modem": 0}]'])
def test_a_wrong_sim_file_is_named_and_nothing_starts(tmp_path, content):
    sims = tmp_path / "sims.json"
    sims.write_text(content)
    done = subprocess.run(
        [sys.executable, "-m", "drivers.simulator", "--dir", str(tmp_path / "ports"), "--sims", str(sims)],
        capture_output=True, text=True, timeout=TIMEOUT, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert str(sims) in done.stderr
    assert list((tmp_path / "ports").glob("*")) == []
