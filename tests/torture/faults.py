"""Everything that befalls the station, one class each: what it takes hold of, how it begins, and how it ends."""

from __future__ import annotations

import errno
import random
import resource
import signal
from pathlib import Path
from typing import ClassVar

from tests.torture import loss
from tests.torture.bench import MODEMS, Bench
from tests.torture.interposer import READS, SYNCS, WRITES
from tests.torture.people import drop_bad_files, send_texts

SERVICE, DISK, CLOCK, NETWORK, INBOX, FOLDER = "service", "disk", "clock", "network", "inbox", "folder"
MEMORY_ROOM = 4 * 2**20
HOUR = 3600.0
LEAP = 0.02  # how often the clock is set by hours


class Fault:
    """One fault, whose particulars are drawn from `chance` when it is planned. Two that hold the same thing do not come
    together. `doubt`: a part in flight meanwhile may be in doubt. `ends_service`: the service may end by itself."""

    name: ClassVar[str]
    seconds: ClassVar[tuple[float, float]] = (1.0, 5.0)
    doubt: ClassVar[bool] = False
    ends_service: ClassVar[bool] = False

    def __init__(self, chance: random.Random) -> None:
        self.lasts = chance.uniform(*self.seconds)
        self.holds: frozenset[str] = frozenset()

    @classmethod
    def why_not(cls, _bench: Bench) -> str:
        """Why it cannot be had here, "" when it can."""
        return ""

    def begin(self, bench: Bench) -> None:
        raise NotImplementedError

    def end(self, bench: Bench) -> None:
        pass


# The service's process


class _OfService(Fault):
    def __init__(self, chance: random.Random) -> None:
        super().__init__(chance)
        self.holds = frozenset({SERVICE})


class Killed(_OfService):
    name = "SIGKILL"
    seconds = (0.0, 0.0)
    doubt = True

    def begin(self, bench: Bench) -> None:
        bench.keeper.end(signal.SIGKILL, self.name)


class StoodStill(_OfService):
    name = "SIGSTOP"
    seconds = (0.5, 8.0)
    doubt = True

    def begin(self, bench: Bench) -> None:
        bench.keeper.stop(on=True)

    def end(self, bench: Bench) -> None:
        bench.keeper.stop(on=False)


class OutOfMemory(_OfService):
    name = "memory limit reached"
    doubt = True
    ends_service = True

    def begin(self, bench: Bench) -> None:
        self._limit(bench, room=MEMORY_ROOM)

    def end(self, bench: Bench) -> None:
        self._limit(bench, room=None)

    @staticmethod
    def _limit(bench: Bench, room: int | None) -> None:
        life = bench.keeper.life
        if not bench.keeper.running:
            return
        limit = resource.RLIM_INFINITY if room is None else address_space(life.pid) + room
        resource.prlimit(life.pid, resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))


class _OfLog(Fault):
    """The service is killed, and something happens to the write-ahead log before it starts again."""

    seconds = (0.0, 0.0)
    doubt = True

    def __init__(self, chance: random.Random) -> None:
        super().__init__(chance)
        self.holds = frozenset({SERVICE, DISK})
        self._chance = random.Random(chance.random())

    def begin(self, bench: Bench) -> None:
        bench.keeper.held = True
        bench.keeper.end(signal.SIGKILL, self.name)
        self._befall(bench)

    def _befall(self, bench: Bench) -> None:
        raise NotImplementedError

    def end(self, bench: Bench) -> None:
        bench.keeper.held = False


class TornLog(_OfLog):
    name = "write-ahead log torn by a power cut"

    def _befall(self, bench: Bench) -> None:
        log = loss.wal(bench.database)
        if log.exists():
            with log.open("ab") as file:
                file.write(self._chance.randbytes(self._chance.randrange(1, 9000)))


class DamagedLog(_OfLog):
    name = "write-ahead log damaged by its disk"

    def _befall(self, bench: Bench) -> None:
        lost = loss.damage(bench.database, self._chance, bench.in_hand())
        if lost is not None:
            bench.losses.append(lost)


# A modem


class _OfModem(Fault):
    def __init__(self, chance: random.Random) -> None:
        super().__init__(chance)
        self.modem = chance.randrange(MODEMS)
        self.holds = frozenset({f"modem {self.modem}"})


class Unplugged(_OfModem):
    name = "unplugged"
    doubt = True

    def begin(self, bench: Bench) -> None:
        bench.tell("unplug", modem=self.modem)

    def end(self, bench: Bench) -> None:
        bench.tell("replug", modem=self.modem)


class _OfBytes(_OfModem):
    doubt = True
    faults: ClassVar[dict[str, object]]
    well: ClassVar[dict[str, object]]

    def begin(self, bench: Bench) -> None:
        bench.tell("transport", modem=self.modem, **self.faults)

    def end(self, bench: Bench) -> None:
        bench.tell("transport", modem=self.modem, **self.well)


class DeadPort(_OfBytes):
    name = "dead port"
    faults: ClassVar = {"dead": True}
    well: ClassVar = {"dead": False}


class Noise(_OfBytes):
    name = "noise between lines"
    faults: ClassVar = {"noise": "prompt"}
    well: ClassVar = {"noise": ""}


class NoiseInside(_OfBytes):
    name = "noise within lines"
    faults: ClassVar = {"noise": "bytes", "garbage": True}
    well: ClassVar = {"noise": "", "garbage": False}


class LateBytes(_OfBytes):
    name = "late, torn bytes"
    faults: ClassVar = {"late": 0.2, "split_crlf": True, "one_byte": True}
    well: ClassVar = {"late": 0.0, "split_crlf": False, "one_byte": False}


# The network


class _OfNetwork(Fault):
    doubt = True
    modes: ClassVar[tuple[dict[str, object], ...]]

    def __init__(self, chance: random.Random) -> None:
        super().__init__(chance)
        self.holds = frozenset({NETWORK})
        self._rules = [
            {"do": "answer", "after": chance.randrange(8), "times": 1, **chance.choice(self.modes)}
            for _ in range(chance.randint(1, 5))
        ]

    def begin(self, bench: Bench) -> None:
        bench.tell("clear")
        bench.tell("script", rules=self._rules)

    def end(self, bench: Bench) -> None:
        bench.restore_rules()


class LateAnswers(_OfNetwork):
    name = "late answers"
    modes = ({"mode": "late", "seconds": 1.5}, {"mode": "late", "seconds": 6.0})


class LostAnswers(_OfNetwork):
    name = "lost answers"
    modes = ({"mode": "never"}, {"mode": "never-lost"}, {"mode": "drop", "seconds": 1.0})


class StrayReports(_OfNetwork):
    name = "reports early, twice, late, never"
    modes = tuple(
        {"do": "report", **rule}
        for rule in ({"mode": "early"}, {"mode": "twice"}, {"mode": "late", "seconds": 8.0}, {"mode": "never"},
                     {"mode": "temporary", "seconds": 3.0})
    )  # fmt: skip


# The disk and the clock


class FullDisk(Fault):
    name = "full disk"
    ends_service = True  # it cannot start on one

    def __init__(self, chance: random.Random) -> None:
        super().__init__(chance)
        self.holds = frozenset({DISK})

    @classmethod
    def why_not(cls, bench: Bench) -> str:
        return "" if bench.disk.own or bench.interposer else "needs root, or a C compiler"

    def begin(self, bench: Bench) -> None:
        if bench.disk.own:
            bench.disk.fill()
        elif bench.interposer:
            bench.interposer.fail(errno.ENOSPC, f"{bench.disk.folder}/", calls=WRITES)

    def end(self, bench: Bench) -> None:
        bench.disk.free()
        if bench.interposer:
            bench.interposer.mend()


class FailingDisk(Fault):
    name = "I/O errors on the database"
    ends_service = True  # nor on one that cannot be read
    doubt = True

    def __init__(self, chance: random.Random) -> None:
        super().__init__(chance)
        self.holds = frozenset({DISK})
        self._calls = chance.choice((WRITES, SYNCS, WRITES | SYNCS, WRITES | SYNCS | READS))
        self._one_in = chance.choice((1, 3, 20))

    @classmethod
    def why_not(cls, bench: Bench) -> str:
        return "" if bench.interposer else "needs a C compiler"

    def begin(self, bench: Bench) -> None:
        bench.interposer.fail(errno.EIO, bench.database.name, calls=self._calls, one_in=self._one_in)

    def end(self, bench: Bench) -> None:
        bench.interposer.mend()


class ClockSet(Fault):
    """By some seconds; seldom, and once in a run, by an hour or two forward: back, the station would wait for so long,
    and a status report settles no doubt by a clock that is so wrong."""

    name = "clock set forward or back"
    seconds = (0.0, 0.0)

    def __init__(self, chance: random.Random) -> None:
        super().__init__(chance)
        self.holds = frozenset({CLOCK})
        self._by = chance.choice((-1, 1)) * chance.uniform(1, 10)
        self._leap = chance.uniform(HOUR, 2 * HOUR) if chance.random() < LEAP else 0.0

    @classmethod
    def why_not(cls, bench: Bench) -> str:
        return "" if bench.interposer else "needs a C compiler"

    def begin(self, bench: Bench) -> None:
        ahead = bench.interposer.ahead
        bench.interposer.set_clock(ahead + self._by + (self._leap if ahead < self._leap else 0.0))


# People


class BadDrops(Fault):
    name = "bad drops"
    seconds = (0.0, 0.0)
    count: ClassVar[int] = 100

    def __init__(self, chance: random.Random) -> None:
        super().__init__(chance)
        self.holds = frozenset({FOLDER})
        self._chance = random.Random(chance.random())

    def begin(self, bench: Bench) -> None:
        drop_bad_files(bench, self._chance, self.count)


class InboundFlood(Fault):
    name = "texts pour in"
    seconds = (0.0, 0.0)
    count: ClassVar[int] = 500

    def __init__(self, chance: random.Random) -> None:
        super().__init__(chance)
        self.holds = frozenset({INBOX})
        self._sim = chance.randrange(MODEMS)

    def begin(self, bench: Bench) -> None:
        send_texts(bench, bench.network.sims[self._sim], self.count)


KINDS: tuple[type[Fault], ...] = (
    Killed, StoodStill, OutOfMemory, TornLog, DamagedLog, Unplugged, DeadPort, Noise, NoiseInside, LateBytes,
    LateAnswers, LostAnswers, StrayReports, FullDisk, FailingDisk, ClockSet, BadDrops, InboundFlood,
)  # fmt: skip


def address_space(pid: int) -> int:
    """Bytes of address space that a process uses now (proc(5), statm)."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[0]) * resource.getpagesize()
