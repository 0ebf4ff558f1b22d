"""What people do to a station besides dropping good lists: thousands of bad files, hundreds of texts."""

from __future__ import annotations

import contextlib
import os
import random
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.torture.bench import Bench

NOBODY = "+447700900199"  # of the numbers that belong to nobody: texted by a fault of ours alone
SENDERS = 200


def drop_bad_files(bench: Bench, chance: random.Random, count: int) -> None:
    """None of them may be taken, and each must be named in rejected/ with its reason."""
    incoming = bench.station.spool / "incoming"
    with contextlib.suppress(OSError):  # the disk is full
        for _ in range(count):
            name = f"bad-{len(bench.asked.bad)}{chance.choice(('.csv', '.csv', '.jsonl', '.xlsx', '.vcf', '.txt', ''))}"
            _make_bad(incoming / f".{name}", chance)
            (incoming / f".{name}").rename(incoming / name)
            bench.asked.bad.add(name)


def _make_bad(path: Path, chance: random.Random) -> None:
    match chance.randrange(6):
        case 0:
            path.write_bytes(b"")
        case 1:
            path.write_bytes(chance.randbytes(chance.randrange(1, 5000)))
        case 2:
            path.write_text(f"to,text\n{NOBODY[:6]},too short a number {path.name}\n")
        case 3:
            path.symlink_to("/etc/hostname")
        case 4:
            os.mkfifo(path)
        case _:
            path.write_text(f"no heading at all, {path.name}, {chance.random()}\n" * chance.randrange(1, 50))


def send_texts(bench: Bench, sim: str, count: int) -> None:
    """From phones that were never texted: so nobody opts out."""
    for n in range(count):
        text = f"A reply, number {len(bench.asked.inbound)}"
        bench.tell("inbound", sim=sim, **{"from": f"+44770090{n % SENDERS:04d}"}, text=text)
        bench.asked.inbound.add(text)
