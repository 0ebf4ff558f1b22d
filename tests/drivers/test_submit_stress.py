"""Submit after submit to a modem that answers late, torn, or never: no part is ever given another's answer."""

import itertools
import random
import threading

import pytest

from drivers import transport
from drivers.types import Accepted, InDoubt, Refused

SUBMITS = 25
BUSY_SECONDS = 2.0


class Moody:
    """What the peer does with each PDU, and the truth of it: an MR, "refused", or "lost". One thing after the other: an
    answer that is late comes before the answer to any later command, as with a modem that was busy."""

    def __init__(self, peer, seed):
        self.rng = random.Random(seed)
        self.truth = {}
        self.late = ""
        self.mrs = itertools.count(self.rng.randrange(256))
        peer.after_pdu = self.pdu
        peer.answers["AT+CMGF?"] = lambda _: self.first("+CMGF: 0\r\nOK")
        peer.answers["AT+CSQ"] = lambda _: self.first("+CSQ: 18,99\r\nOK")
        peer.prompt = self.prompt
        self.peer = peer

    def first(self, answer):
        late, self.late = self.late, ""
        return late + answer

    def prompt(self, _command):
        if self.late:
            self.peer.say(self.first("").removesuffix("\r\n"))
        self.peer.late_prompt()

    def pdu(self, pdu):
        mood = self.rng.choice(["at once"] * 5 + ["late", "late", "torn", "noisy", "refused", "no answer", "lost"])
        mr = None if mood in {"refused", "lost"} else next(self.mrs) % 256
        self.truth[pdu] = "refused" if mood == "refused" else "lost" if mr is None else mr
        match mood:
            case "at once":
                return f"+CMGS: {mr}\r\nOK"
            case "late":
                self.late = f"+CMGS: {mr}\r\nOK\r\n"
            case "torn":
                return f'\r\n+CMGS: {mr}\r\n+CMTI: "SM",3\r\n\r\nOK\r\n'.encode()
            case "noisy":
                return f"^RSSI: 20\r\n+CMGS: {mr}\r\n^RSSI: 21\r\nOK"
            case "refused":
                return "+CMS ERROR: 38"
        return None


@pytest.mark.parametrize("seed", range(2))
def test_no_part_is_given_the_answer_of_another(peer, opened, submit_pdu, monkeypatch, seed):
    monkeypatch.setattr(transport, "RESYNC_SECONDS", (0.5, 1.0, 2.0, 4.0))
    modem = opened(answer_seconds=0.15)
    moody = Moody(peer, seed)
    said = {}
    for n in range(SUBMITS):
        part = submit_pdu(f"{n:02X}")
        said.setdefault(part.hex, []).append(modem.submit(part, lambda: None))
        if moody.rng.random() < 0.3:
            assert modem.signal() == -77
        for pdu, outcome in modem.late_answers():
            said[pdu.hex].append(outcome)
    assert len(said) == SUBMITS
    for hexed, outcomes in said.items():
        truth = moody.truth[hexed]
        assert len(outcomes) <= 2, "an answer is credited once"
        for outcome in outcomes:
            match outcome:
                case Accepted(mr):
                    assert truth == mr, (truth, outcomes)
                case Refused():
                    assert truth == "refused", outcomes
                case InDoubt():
                    assert outcome is outcomes[0]
    settled = [outcomes[-1] for hexed, outcomes in said.items() if moody.truth[hexed] != "lost"]
    assert sum(not isinstance(outcome, InDoubt) for outcome in settled) > SUBMITS // 2


def test_a_modem_that_is_deaf_for_long_is_waited_for_and_its_answer_credited(peer, opened, submit_pdu, monkeypatch):
    """It hears nothing while the network takes its time, and then answers all that it was asked meanwhile."""
    monkeypatch.setattr(transport, "RESYNC_SECONDS", (0.1, 0.1))
    modem = opened(answer_seconds=BUSY_SECONDS / 2)
    deaf, unheard = threading.Event(), []
    question, deaf_to = peer.answers["AT+CMGF?"], "AT+CMGF?"
    deaf.set()
    peer.answers[deaf_to] = lambda command: unheard.append(command) if deaf.is_set() else question

    def wake():
        deaf.clear()
        peer.say("+CMGS: 41\r\nOK\r\n" + "\r\n".join([question] * len(unheard)))

    peer.after_pdu = lambda _: None
    timer = threading.Timer(BUSY_SECONDS, wake)
    timer.start()
    assert isinstance(modem.submit(submit_pdu("01"), lambda: None), InDoubt)
    assert modem.signal() == -77
    timer.join()
    assert len(unheard) > len(transport.RESYNC_SECONDS)
    assert modem.late_answers() == [(submit_pdu("01"), Accepted(41))]
    peer.after_pdu = "+CMGS: 42\r\nOK"
    assert modem.submit(submit_pdu("02"), lambda: None) == Accepted(42)
