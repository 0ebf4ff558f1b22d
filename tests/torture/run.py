"""One run: round after round of faults, each followed by the proof that the station sends again, and the reckoning."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from tests.torture.accounts import Reckoning, Trouble, left_in, reckon, waiting
from tests.torture.bench import LIMITS, Bench
from tests.torture.faults import Fault
from tests.torture.loss import made_good
from tests.torture.plan import Strike, rounds

RECOVERS_WITHIN = 240.0
DRAINS_WITHIN = 600.0
LAST_REPORTS_WITHIN = 20.0
CHECK_LIMITS_EVERY = 10  # rounds
MOST_MIB = 80.0
"""What the service may hold at any time, however much it has sent and received."""


@dataclass(slots=True)
class Result:
    """What a run found. `wrong` is empty when everything held."""

    seed: int
    seconds: float = 0.0
    rounds: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    recovery: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    left_out: dict[str, str] = field(default_factory=dict)
    reckoning: Reckoning = field(default_factory=Reckoning)
    wrong: list[str] = field(default_factory=list)


class Run:
    """`go` once. What is wrong ends it, so that the folder shows things as they were."""

    def __init__(
        self, bench: Bench, seed: int, kinds: Sequence[type[Fault]], say: Callable[[str], None] = print
    ) -> None:
        self._bench = bench
        self._say = say
        self.result = Result(seed)
        self.result.left_out = {kind.name: why for kind in kinds if (why := kind.why_not(bench))}
        self._kinds = [kind for kind in kinds if not kind.why_not(bench)]
        self._troubles: list[Trouble] = []
        self._ends_service: list[Trouble] = []

    def go(self, seconds: float) -> Result:
        """Faults for so long, and until each kind has come; then peace, until nothing waits any more."""
        bench, result = self._bench, self.result
        if not bench.until(self._all_have_sent_since(0.0), RECOVERS_WITHIN):
            result.wrong.append("it never began to send")
        begun = time.monotonic()
        for strikes in rounds(result.seed, self._kinds):
            enough = time.monotonic() - begun >= seconds and len(result.faults) == len(self._kinds)
            if enough or result.wrong:
                break
            self._round(strikes)
        self._settle()
        result.seconds = time.monotonic() - begun
        return result

    def _round(self, strikes: list[Strike]) -> None:
        result = self.result
        result.rounds += 1
        ended = self._strike(strikes)
        last, names = max(ended.values()), ", ".join(ended)
        for strike in strikes:
            result.faults[strike.fault.name] += 1
        if self._bench.until(self._all_have_sent_since(last), RECOVERS_WITHIN):
            firsts = self._bench.witness.first_since
            for name, at in ended.items():
                result.recovery[name].append(max(firsts(iccid, at) for iccid in self._bench.network.sims) - at)
            self._say(f"{result.rounds}: {names}; all SIMs send after {time.monotonic() - last:.1f} s")
        else:
            silent = [iccid for iccid in self._bench.network.sims if self._bench.witness.last[iccid] <= last]
            result.wrong.append(f"after {names}: nothing sent for {RECOVERS_WITHIN:.0f} s by {silent}")
        self._check(thoroughly=result.rounds % CHECK_LIMITS_EVERY == 0)

    def _strike(self, strikes: list[Strike]) -> dict[str, float]:
        """Begin and end each fault in its time; when each was over."""
        bench, begun = self._bench, time.monotonic()
        moments = sorted(
            [(strike.at, n, strike.fault.begin) for n, strike in enumerate(strikes)]
            + [(strike.over, n, strike.fault.end) for n, strike in enumerate(strikes)],
            key=lambda moment: moment[:2],
        )
        for at, _, act in moments:
            bench.until(lambda at=at: time.monotonic() >= begun + at, at + 1)
            act(bench)
        ended = {strike.fault.name: begun + strike.over for strike in strikes}
        for strike in strikes:
            trouble = Trouble(strike.fault.name, begun + strike.at, time.monotonic())
            self._troubles += [trouble] if strike.fault.doubt else []
            self._ends_service += [trouble] if strike.fault.ends_service else []
        return ended

    def _all_have_sent_since(self, moment: float) -> Callable[[], bool]:
        return lambda: all(self._bench.witness.last[iccid] > moment for iccid in self._bench.network.sims)

    def _check(self, *, thoroughly: bool) -> None:
        bench, wrong = self._bench, self.result.wrong
        wrong += [f"{recipient}: part {seq} was taken twice" for recipient, seq in bench.witness.twice()]
        wrong += [f"a thread: {told}" for told in bench.keeper.hangs]
        if bench.losses:
            loss = made_good(bench.database, bench.losses[-1])
            if loss is None:
                wrong.append("the disk lost entries of the database, and nobody was told")
            else:
                bench.losses[-1] = loss
        for life in bench.keeper.lives:
            most = max((sample.mib for sample in life.samples), default=0.0)
            if most > MOST_MIB:
                wrong.append(f"the service (process {life.pid}) held {most:.0f} MiB")
            excused = any(t.begun <= life.ended <= t.ended + 5 for t in self._ends_service)
            if life.ended and not life.why and not excused:
                wrong.append(f"the service (process {life.pid}) ended by itself, code {life.code}")
        if thoroughly:
            wrong += bench.witness.too_fast(LIMITS)

    def _settle(self) -> None:
        """In peace, nothing may wait for ever; then each message is looked at."""
        bench, result = self._bench, self.result
        bench.feeding = False
        if not result.wrong and not bench.until(lambda: not _waiting(bench), DRAINS_WITHIN):
            result.wrong.append(f"it does not come to rest: {_waiting(bench)}")
        if not result.wrong:
            bench.until(lambda: not reckon(bench, self._troubles).wrong, LAST_REPORTS_WITHIN)
        self._check(thoroughly=True)
        result.reckoning = reckon(bench, self._troubles)
        if not result.wrong:  # otherwise much still waits, and is not lost
            result.wrong += result.reckoning.wrong


def _waiting(bench: Bench) -> dict[str, int]:
    """What something must still come of: messages by state, and dropped files."""
    files = len(left_in(bench))
    return waiting(bench.database) | ({"files": files} if files else {})
