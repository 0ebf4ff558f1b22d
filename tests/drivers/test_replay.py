"""A transcript is a test: the driver meets again what it met then, and understands the same.

To make a test of somebody's bug report, unpack their bundle (`outpost modem probe PORT --bundle FILE`) into a folder of
its own under bundles/.
"""

from __future__ import annotations

import json
import re
import zipfile
from contextlib import closing
from pathlib import Path

import pytest

from drivers.probe import exchanges, impersonal, probe, write_bundle
from drivers.trace import Trace, redact
from drivers.types import Accepted, Slot

BUNDLES = sorted((Path(__file__).parent / "bundles").iterdir())
UNDERSTOOD = ("registered", "network", "signal_dbm", "storage", "sweeps", "why_not", "error")
PERSONAL = ("490154203237518", "8944100000000000001", "234100000000001", "447700900000")
DELIVER = "07911326040000F0040B911346610089F60000208062917314080CC8F71D14969741F977FD07"
_MASK = re.compile(r"\[(\d+) (hex digits|digits|characters)\]")


@pytest.fixture
def replay(peer_class):
    """Makes a modem of a transcript. Masked values are filled with invented ones of the same length."""
    made = []

    def make(transcript):
        peer = peer_class()
        made.append(peer)
        script: dict[str, list[list[str]]] = {}
        for exchange in exchanges(transcript):
            script.setdefault(exchange["asked"], []).append(exchange["answered"])

        def answer(written):
            known = script.get(redact(written))
            if not known:
                return b"\r\nERROR\r\n"
            lines = known.pop(0) if len(known) > 1 else known[0]
            peer.at_prompt = ">" in lines
            return b"".join(b"\r\n> " if line == ">" else b"\r\n%s\r\n" % line.encode() for line in map(_unmask, lines))

        peer.answers, peer.prompt, peer.otherwise, peer.after_pdu = {}, answer, answer, answer
        return peer

    yield make
    for peer in made:
        peer.close()


def _unmask(line):
    def fill(found):
        length = int(found[1])
        return "x" * length if found[2] == "characters" else ("89" + "1" * length)[:length]

    return _MASK.sub(fill, line.replace(" | ", "\r\n"))


def understood(found):
    modem = [found["modem"][key] for key in ("manufacturer", "model", "firmware")]
    return [*modem, found["quirks"]["make"], *(found[key] for key in UNDERSTOOD)]


def work(modem, part):
    """What the daemon asks of a modem, and what comes of it, without what a transcript masks."""
    prepared = modem.prepared()
    return {
        "outcome": modem.submit(part, lambda: None),
        "registration": modem.registration(),
        "signal": modem.signal(),
        "why_not": modem.why_not(),
        "stored": len(modem.list_stored()),
        "rooms": modem.rooms(),
        "empty": modem.read(Slot("SM", 3)) is None,
        "prepared": (prepared.quirks, prepared.memories, prepared.acknowledges, prepared.modem.model),
    }


def test_the_same_conversation_again(peer, opened, news, tmp_path, replay, submit_pdu, open_at):
    peer.answers["AT+CMGL=4"] = f"+CMGL: 3,1,,24\r\n{DELIVER}\r\nOK"
    peer.answers["AT+CMGR=3"] = "OK"
    with closing(Trace(tmp_path / "first")) as first, closing(Trace(tmp_path / "second")) as second:
        then = work(opened(trace=first), submit_pdu())
        again = work(open_at(replay((tmp_path / "first").read_text()).port, trace=second), submit_pdu())
    assert again == then
    assert then["outcome"] == Accepted(1)
    said = [[one["asked"] for one in exchanges((tmp_path / name).read_text())] for name in ("first", "second")]
    assert said[0] == said[1]


def test_a_bundle_of_a_probe_holds_nothing_personal_and_can_be_replayed(peer, tmp_path, replay):
    peer.answers["AT+CNUM"] = '+CNUM: "Desk","+447700900999",145\r\nOK'
    found, transcript = probe(peer.port)
    assert found["error"] == found["why_not"] == ""
    assert found["smsc"] == "+447700900000"
    write_bundle(tmp_path / "bundle.zip", found, transcript)
    with zipfile.ZipFile(tmp_path / "bundle.zip") as bundle:
        texts = {name: bundle.read(name).decode() for name in bundle.namelist()}
    for personal in (*PERSONAL, "447700900999", "Desk"):
        assert not [name for name, text in texts.items() if personal in text]
    assert peer.pdus == []
    touching = ("AT+CPIN=", "AT+CMGD", "AT+CMGR", "AT+CMGL")
    assert not [command for command in peer.commands if command.startswith(touching)]
    again, _ = probe(replay(texts["transcript.at.txt"]).port)
    told = json.loads(texts["findings.json"])
    assert understood(again) == understood(told)


def test_a_probe_of_a_port_where_nobody_answers(peer, monkeypatch):
    monkeypatch.setattr("drivers.preparation.FIRST_SECONDS", (0.05,))
    peer.answers, peer.otherwise = {}, lambda command: None
    found, _ = probe(peer.port)
    assert "nothing answers AT" in found["error"]
    assert impersonal(found)["port"] == peer.port.rpartition("/")[2]


@pytest.mark.parametrize("folder", BUNDLES, ids=lambda folder: folder.name)
def test_a_bundle_is_understood_as_it_was(folder, replay):
    told = json.loads((folder / "findings.json").read_text())
    found, _ = probe(replay((folder / "transcript.at.txt").read_text()).port)
    assert understood(found) == understood(told)
