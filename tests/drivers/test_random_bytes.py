"""Whatever a port brings, the reading thread lives, memory stays bounded, and the modem is found again behind it.

A few seconds' worth by default; `OUTPOST_FUZZ_SECONDS=600` goes on for ten minutes.
"""

import os
import random
import threading
import time

import pytest

from drivers import answers, pdu
from drivers.lines import LONGEST_LINE, Sorter
from drivers.modem import ModemError
from drivers.unasked import MOST_DIRECT, MOST_HINTS, MOST_USSD
from drivers.ussd import answer_of

ROUNDS = 16
SECONDS = float(os.environ.get("OUTPOST_FUZZ_SECONDS", "0"))
SCRAPS = (
    b"\r\n", b"\r", b"\n", b"> ", b"\r\n> ", b"OK", b"ERROR", b"+CMS ERROR: 500", b"+CME ERROR: SIM busy", b"+CMGS: 7",
    b"+CDS: 25\r\n", b"+CMT: ,35\r\n", b'+CMTI: "SM",', b'+CDSI: "SR",1', b'+CUSD: 0,"', b"+CUSD: 2", b'"', b",15\r\n",
    b"+CMGL: 1,1,,35\r\n", b"+CMGR: 0,,24\r\n", b"+CREG: 0,1", b"+CSQ: 18,99", b"+CPMS: 7,20", b"^RSSI: 18\r\n", b"RDY",
    b"07917248014000F3240B917247587706F400003110824115248012C8329BFD06C9C373B8B82C97E741F034", b"\x00", b"\xff\xfe",
    b"\x1a", b"\x1b", b"A" * 9000, b"0" * 400, "äöü€".encode(), b"8944100000000000001",
)  # fmt: skip
COMMANDS = ("", "AT+CSQ", "AT+CMGL=4", "AT+CMGR=1", "AT+CIMI", "AT+CREG?", "AT+CMGS=24", "AT+CUSD=1", "AT+CPMS?")
PARSERS = (
    answers.registered, answers.network_name, answers.bearer, answers.own_number, answers.serial_digits, answers.iccid,
    answers.iccid_of_file, answers.memories, answers.room, answers.listed, answers.one_read,
)  # fmt: skip


def noise(rng, length):
    """Bytes of which some look like what modems say, whole or torn."""
    out = bytearray()
    while len(out) < length:
        kind = rng.random()
        if kind < 0.3:
            out += rng.randbytes(rng.randrange(1, 40))
        else:
            scrap = rng.choice(SCRAPS)
            out += scrap if kind < 0.8 else scrap[: rng.randrange(len(scrap) + 1)]
    return bytes(out)


def read(rng, data):
    """Through the splitting and sorting, in pieces of any size and with any command in hand, and all that reads it."""
    sorter = Sorter()
    at = 0
    while at < len(data):
        size = rng.choice((1, 3, 64, 4096))
        sorter.expect(rng.choice(COMMANDS))
        for event in sorter.feed(data[at : at + size]):
            lines = list(getattr(event, "lines", None) or [getattr(event, "text", "")])
            for parse in PARSERS:
                parse(lines)
            for line in lines:
                for parse in (answers.values_offered, answers.hint, answers.reference, answer_of, pdu.decode):
                    parse(line)
        at += size
        assert len(sorter._splitter._rest) < 2 * LONGEST_LINE
        assert len(sorter._half_pdu) < 2 * LONGEST_LINE


@pytest.mark.timeout(SECONDS + 60)
def test_random_bytes(peer, opened, until):
    rng = random.Random(1)
    modem = opened()
    unasked, channel = modem._unasked, modem._session.channel
    end = time.monotonic() + SECONDS
    rounds = 0
    while rounds < ROUNDS or time.monotonic() < end:
        rounds += 1
        data = noise(rng, 20_000)
        read(rng, data)
        if rounds % 4:
            continue
        writer = threading.Thread(target=peer.say, args=(data,))
        writer.start()
        try:
            modem._session.try_to("AT+CSQ", 0.2)
        except ModemError as error:
            pytest.fail(f"round {rounds}: {error}")
        writer.join()
        peer.say(b'"\r\nOK\r\n' * 50)  # end whatever was begun
        assert channel.wire.alive
        assert channel.wire._reader.is_alive()
        for inbound in modem.take_direct():
            pdu.decode(inbound.pdu)
            modem._unasked.forget(inbound)
        assert len(unasked._direct) <= MOST_DIRECT
        assert len(unasked._hints) <= MOST_HINTS
        assert len(unasked._ussd) <= MOST_USSD
        modem.hinted()
        assert until(lambda: modem.signal() == -77)
