"""Outpost beside gammu-smsd and SMS Server Tools 3: the same texts, on the same simulated modems, in turn.

    python benchmarks/peers.py [--seconds 10] [--kills 20]

Throughput: each gets as many one-part texts as it is likely to send in --seconds. Status reports are off, since the
others would read them at another pace; each keeps its own durability. Kills: 40 texts at half a second of radio, and
20 times a SIGKILL, up to a second after the first PDU of each life; the network's log says who got a text twice.

Without the Debian packages gammu-smsd and smstools their rows are left out.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from signal import SIGKILL
from threading import Event
from typing import Any

from programs import PROGRAMS, Outpost, Program, TunedGammu, TunedSmstools
from results import in_turn, parser, write
from station import simulator
from traffic import Log, figures

FAST = (Outpost, TunedSmstools)
CASES: Sequence[tuple[int, float, Sequence[type[Program]]]] = (
    (1, 0.0, (*FAST, TunedGammu)), (8, 0.0, FAST), (1, 0.5, PROGRAMS), (8, 0.5, (*FAST, TunedGammu)), (1, 2.5, FAST),
)
"""Modems, seconds of radio, and who is measured with them: as shipped the others are slow in one way, shown once."""
KILL_TEXTS, KILL_RADIO, KILL_SEED = 40, 0.5, 7
QUIET_SECONDS = 10.0
"""So long without a submit once everybody has got a text, and four times as long before: nothing more comes."""

ENOUGH = Event()
"""Nothing is waited for any more."""


def wait(done: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while not done():
        if time.monotonic() > end or ENOUGH.is_set():
            return False
        time.sleep(0.02)
    return True


def how_many(program: type[Program], modems: int, radio: float, seconds: float) -> int:
    """Texts that it is likely to send in so many seconds, four for each modem at least."""
    if program in FAST:
        return round(200 * seconds) if not radio else modems * max(4, round(seconds / radio))
    return modems * max(4, round(seconds / (0.7 + radio)))


def throughput(case: tuple[type[Program], int, float], seconds: float) -> dict[str, Any]:
    """One run of one program."""
    kind, modems, radio = case
    texts = how_many(kind, modems, radio, seconds)
    with tempfile.TemporaryDirectory(prefix="outpost-bench-") as name, simulator(Path(name), modems, radio) as ports:
        program, log = kind(Path(name), ports), Log(Path(name) / "network.jsonl")
        program.start()
        try:
            program.wait_ready()
            before = program.cpu_seconds()
            program.drop(texts)
            if not wait(lambda: log.answered() >= texts, 60 + 5 * seconds):
                print(f"{kind.name}: {log.answered()} of {texts} texts only")
            used = program.cpu_seconds() - before
        finally:
            program.end()
        found = {"program": kind.name, "modems": modems, "radio_s": radio, "messages": log.answered()}
        return found | figures(log) | {"cpu_ms": 1000 * used / log.answered()}


def kills(kind: type[Program], times: int, texts: int, quiet: float) -> dict[str, Any]:
    """Kill it again and again until it has nothing more to send; who got a text twice, or none."""
    chance = random.Random(KILL_SEED)
    with tempfile.TemporaryDirectory(prefix="outpost-bench-") as name, simulator(Path(name), 1, KILL_RADIO) as ports:
        program, log = kind(Path(name), ports), Log(Path(name) / "network.jsonl")
        killed = 0
        program.start()
        try:
            program.wait_ready()
            program.drop(texts)
            while wait(log.submitted, quiet if log.texted() == texts else 4 * quiet):
                if killed < times:
                    time.sleep(chance.random() * 2 * KILL_RADIO)
                    program.end(SIGKILL)
                    killed += 1
                    log.more()
                    program.start()
            doubtful = program.in_doubt()
        finally:
            program.end(SIGKILL)
    return {
        "program": kind.name, "kills": killed, "texts": texts, "twice": log.twice(), "copies": log.copies(),
        "not_sent": texts - log.texted(), "left_to_a_person": doubtful,
    }  # fmt: skip


def main() -> None:
    """Measure what is installed."""
    options = parser("peers", __doc__)
    options.add_argument("--kills", type=int, default=20)
    chosen = options.parse_args()
    present = [program for program in PROGRAMS if program.here()]
    for package in dict.fromkeys(program.package for program in PROGRAMS if program not in present):
        print(f"{package} is not installed and is left out. To have it, as root: apt-get install {package}")
    cases = [(program, modems, radio) for modems, radio, measured in CASES for program in measured if program.here()]
    killed = [program for program in present if "shipped" not in program.name]
    texts, quiet = KILL_TEXTS, QUIET_SECONDS
    if chosen.quick:
        chosen.runs, chosen.seconds, chosen.kills, texts, quiet = 1, 0.05, 1, 2, 1.5
        cases, killed = [(Outpost, 1, 0.0)], [Outpost]
    sent = in_turn(cases, chosen.runs, partial(throughput, seconds=chosen.seconds))
    with ThreadPoolExecutor() as at_once:  # who gets a text twice is no question of speed
        try:
            counted = list(at_once.map(lambda program: kills(program, chosen.kills, texts, quiet), killed))
        finally:
            ENOUGH.set()
    results = {"throughput": sent, "kills": counted}
    write(chosen, results)


if __name__ == "__main__":
    main()
