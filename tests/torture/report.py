"""What a run found, as Markdown for people and JSON for programs."""

from __future__ import annotations

import json
import platform
import statistics
from pathlib import Path
from typing import Any

from tests.torture.accounts import TEXTS_IN
from tests.torture.bench import LIMITS, MODEMS, Bench
from tests.torture.keeper import Life
from tests.torture.run import Result

STEADY_SECONDS = 60.0  # a life is judged for growth from here on
HOUR = 3600.0


def facts(bench: Bench, result: Result) -> dict[str, Any]:
    """The figures of a run."""
    lives = bench.keeper.lives
    samples = [sample for life in lives for sample in life.samples]
    return {
        "seed": result.seed,
        "seconds": round(result.seconds),
        "machine": {"system": platform.platform(), "python": platform.python_version()},
        "held": not result.wrong,
        "wrong": result.wrong,
        "modems": MODEMS,
        "rounds": result.rounds,
        "faults": {name: _fault(result, name) for name in sorted(result.recovery)},
        "left_out": result.left_out,
        "messages": len(bench.asked.texts),
        "states": dict(result.reckoning.states),
        "submits": bench.witness.submits,
        "submitted_twice": len(bench.witness.twice()),
        "refusals": dict(bench.witness.refusals()),
        "in_doubt": dict(result.reckoning.doubts),
        "losses": len(bench.losses),
        "forgotten": dict(result.reckoning.forgotten),
        "replies": len(bench.asked.inbound),
        "bad_files": len(bench.asked.bad),
        "windows": {key: {"most": most, "limit": LIMITS[key]} for key, most in bench.witness.most().items()},
        "starts": len(lives),
        "memory_mib": {
            "first": round(samples[0].mib, 1), "last": round(samples[-1].mib, 1),
            "most": round(max(sample.mib for sample in samples), 1),
        },
        "longest_life": _growth(max(lives, key=lambda life: len(life.samples))),
        "most_threads": max((sample.threads for sample in samples), default=0),
        "most_files": max((sample.files for sample in samples), default=0),
    }


def _fault(result: Result, name: str) -> dict[str, Any]:
    seconds = result.recovery[name]
    return {"times": result.faults[name], "recovered_median": round(statistics.median(seconds), 2),
            "recovered_most": round(max(seconds), 2)}  # fmt: skip


def _growth(life: Life) -> dict[str, float]:
    """How memory, threads and open files grew in one life of the service, its first minute left out."""
    steady = [sample for sample in life.samples if sample.at - life.started >= STEADY_SECONDS] or life.samples
    if len(steady) < 2:
        mib = steady[0].mib if steady else 0.0
        return {"seconds": 0.0, "mib_from": mib, "mib_to": mib, "mib_an_hour": 0.0}
    slope = statistics.linear_regression([s.at for s in steady], [s.mib for s in steady]).slope
    return {
        "seconds": round(steady[-1].at - life.started), "mib_from": round(steady[0].mib, 1),
        "mib_to": round(steady[-1].mib, 1), "mib_an_hour": round(slope * HOUR, 2),
        "threads_from": steady[0].threads, "threads_to": steady[-1].threads,
        "files_from": steady[0].files, "files_to": steady[-1].files,
    }  # fmt: skip


def write(path: Path, found: dict[str, Any]) -> None:
    """`path` in Markdown, and the same beside it in JSON."""
    path.with_suffix(".json").write_text(json.dumps(found, indent=1) + "\n")
    path.write_text(markdown(found))


def markdown(found: dict[str, Any]) -> str:
    """The report that people read."""
    windows = [f"| {key} | {w['most']} | {w['limit']:.0f} |" for key, w in found["windows"].items()]
    faults = [
        f"| {name} | {fault['times']} | {fault['recovered_median']:.1f} | {fault['recovered_most']:.1f} |"
        for name, fault in found["faults"].items()
    ]
    life, memory = found["longest_life"], found["memory_mib"]
    lines = [
        "# Torture: the last report", "",
        (f"Made by `make torture ARGS=--seed={found['seed']}`: {found['seconds'] // 60} minutes, "
        f"{found['modems']} modems, {found['rounds']} rounds of faults, {found['starts']} starts of the service. "
        f"{found['machine']['system']}, Python {found['machine']['python']}."), "",
        "**Everything held.**" if found["held"] else "**Something did not hold:**", "",
        *[f"- {wrong}" for wrong in found["wrong"]], "",
        "| | |", "|---|---|",
        f"| messages | {found['messages']} |",
        *[f"| … {state} | {n} |" for state, n in sorted(found["states"].items())],
        f"| submits that the network took | {found['submits']} |",
        f"| … of them a second time | {found['submitted_twice']} |",
        f"| texts that came in, each found once | {found['replies'] - found['forgotten'].get(TEXTS_IN, 0)} |",
        f"| bad files, each rejected with its reason | {found['bad_files']} |", "",
        "## Faults", "",
        "Seconds from the end of a fault until every SIM has sent again, all faults of its round included.", "",
        "| fault | times | median | longest |", "|---|---|---|---|", *faults,
        *[f"| {name} | left out: {why} | | |" for name, why in found["left_out"].items()], "",
        "## In doubt", "", "| why | parts |", "|---|---|",
        *[f"| {cause} | {n} |" for cause, n in sorted(found["in_doubt"].items())], "",
        "## Forgotten", "",
        (f"{found['losses']} times a damaged log cost the database entries, and the record says so. What these had "
        "held, by what it is now; none of it was sent again."), "", "| what | number |", "|---|---|",
        *[f"| {what} | {n} |" for what, n in sorted(found["forgotten"].items())], "",
        "## Limits", "", "The fullest window of any SIM, reckoned from the network's own log.", "",
        "| limit | fullest | allowed |", "|---|---|---|", *windows, "",
        "## Memory", "",
        (f"{memory['first']:.0f} MiB at the first start, {memory['most']:.0f} at most, {memory['last']:.0f} at the "
        f"end; at most {found['most_threads']} threads and {found['most_files']} open files. In the longest life of "
        f"one process, {life['seconds']:.0f} s, from {life['mib_from']} to {life['mib_to']} MiB, "
        f"{life['mib_an_hour']} MiB an hour."), "",
    ]  # fmt: skip
    return "\n".join(lines)
