"""Puts the figures of dist/*.json into docs/performance.md, between its marks, and draws its pictures.

    python benchmarks/page.py

A table whose benchmark has not run stays as it is.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from drawing import bars, lines
from results import Row, shown, table
from targets import targets

ROOT = Path(__file__).parents[1]
PAGE, FIGURES = ROOT / "docs/performance.md", ROOT / "docs/figures"
MARK = "<!-- {name}: written by make bench -->\n"
END = "<!-- end -->"

Found = Mapping[str, Any]
"""The JSON of each benchmark, by its name."""

SENDING = {
    "modems": "modems", "radio_s": "radio, s", "messages": "messages", "per_second": "a second",
    "idle_percent": "idle, %", "gap_p50_ms": "gap p50, ms", "gap_p95_ms": "p95", "gap_p99_ms": "p99",
    "cpu_ms": "CPU, ms each",
}  # fmt: skip
TABLES: Mapping[str, tuple[str, Callable[[Any], list[Row]], Mapping[str, str]]] = {
    "throughput": ("throughput", list, SENDING | {"peak_mib": "memory, MiB"}),
    "peers": ("peers", lambda found: found["throughput"], {"program": "program"} | SENDING),
    "kills": ("peers", lambda found: found["kills"], {
        "program": "program", "kills": "kills", "texts": "texts", "twice": "people texted twice",
        "copies": "texts too many", "not_sent": "not sent", "left_to_a_person": "in doubt, left to a person",
    }),
    "queue": ("long_queue", list, {
        "messages": "waiting", "claim_ms": "claim, ms", "status_ms": "`outpost status`, ms",
        "status_cpu_ms": "its CPU, ms", "socket_ms": "by the socket, ms", "start_ms": "start to ready, ms",
    }),
    "intake": ("intake", list, {
        "rows": "rows", "median_s": "seconds", "rows_per_second": "rows a second", "peak_mib": "service, MiB",
        "reader_mib": "reader, MiB",
    }),
    "rest": ("rest", list, {
        "modems": "modems", "ready_ms": "start to ready, ms", "status_ms": "`outpost status`, ms",
        "idle_cpu_percent": "CPU at rest, % of a core", "resident_mib": "memory, MiB", "peak_mib": "peak, MiB",
    }),
    "growth": ("growth", lambda found: found["growth"], {
        "what": "what", "grows": "grows", "from": "from", "to": "to", "times": "costs times", "slope": "slope",
    }),
}  # fmt: skip
"""Each table: its benchmark, which of its rows, and its columns."""


def read(results: Path) -> dict[str, Any]:
    """Every benchmark's JSON that is there."""
    return {path.stem: json.loads(path.read_text("utf-8")) for path in sorted(results.glob("*.json"))}


def parts(found: Found) -> dict[str, list[str]]:
    """Each part of the page that can be written, by its mark."""
    made = {
        mark: table(rows(found[name]["results"]), columns)
        for mark, (name, rows, columns) in TABLES.items() if name in found
    }  # fmt: skip
    if reached := targets(found):
        made["targets"] = table(reached)
    if found:
        made["machine"] = _machines(found)
    return made


def _machines(found: Found) -> list[str]:
    """On what, and how, each benchmark ran."""
    lines = []
    for name, document in found.items():
        machine, settings = document["machine"], document["settings"]
        busy = "; **the machine was busy with other work: these are too slow**" if machine["load"] > 4 else ""
        lines.append(
            f"- `{name}`: {machine['cpu']}, {machine['cores']} cores, {machine['memory_gib']:.0f} GiB, Linux"
            f" {machine['kernel']}, files on {machine['files']}, Python {machine['python']}, SQLite"
            f" {machine['sqlite']}, Outpost {machine['outpost']}; {machine['at']}, load {machine['load']} at its end;"
            f" {settings['runs']} run{'s' if settings['runs'] > 1 else ''} of each{busy}."
        )
    return lines


def pictures(found: Found) -> dict[str, str]:
    """Each picture that can be drawn, by its file's name."""
    made = {}
    if "peers" in found:
        sent, kills = found["peers"]["results"]["throughput"], found["peers"]["results"]["kills"]
        one = [row for row in sent if row["modems"] == 1]
        made["peers-throughput"] = bars(
            "One modem, no radio delay", "a second", _bars(one, 0.0, "per_second"), target=300)
        made["peers-idle"] = bars(
            "Idle share of one modem, half a second of radio", "%", _bars(one, 0.5, "idle_percent"))
        made["peers-cpu"] = bars("CPU for each message, half a second of radio", "ms", _bars(one, 0.5, "cpu_ms"))
        made["peers-twice"] = bars(
            f"People texted twice, of {kills[0]['texts']}, after {kills[0]['kills']} kills", "people",
            [(row["program"], row["twice"]) for row in kills])
    rows = [row for row in found["throughput"]["results"] if row["radio_s"] == 0.5] if "throughput" in found else []
    if rows:
        made["gap"] = lines("From an answer to the next PDU, half a second of radio", "ms", "modems", [
            (f"p{cut}", [(row["modems"], row[f"gap_p{cut}_ms"]) for row in rows])
            for cut in (50, 95, 99)
        ])  # fmt: skip
    if "long_queue" in found:
        rows = [row | {"messages": row["messages"] or 100} for row in found["long_queue"]["results"]]
        made["queue"] = lines("A long queue (100 stands for an empty one)", "ms", "messages that wait", [
            (name, [(row["messages"], row[key]) for row in rows])
            for name, key in (("claim", "claim_ms"), ("outpost status", "status_ms"), ("by the socket", "socket_ms"),
                              ("start to ready", "start_ms"))
        ])  # fmt: skip
    if "growth" in found and "intake" in found:
        made["growth"] = lines("As the work grows", "s", "messages, or rows of a list", [
            ("sending", [(row["messages"], row["messages"] / row["per_second"])
                         for row in found["growth"]["results"]["sending"]]),
            ("intake", [(row["rows"], row["median_s"]) for row in found["intake"]["results"]]),
        ])  # fmt: skip
    return made


def _bars(rows: list[Row], radio: float, figure: str) -> list[tuple[str, float]]:
    return [(row["program"], row[figure]) for row in rows if row["radio_s"] == radio]


def write(results: Path, page: Path, figures: Path) -> None:
    """Fill the page and draw its pictures."""
    found = read(results)
    text = page.read_text("utf-8")
    for name, made in parts(found).items():
        before, mark, rest = text.partition(MARK.format(name=name))
        if mark:
            text = "\n".join([before + mark, *made, "", END + rest.partition(END)[2]])
    page.write_text(text, "utf-8")
    figures.mkdir(exist_ok=True)
    for name, picture in pictures(found).items():
        (figures / f"{name}.svg").write_text(f"{picture}\n", "utf-8")
    print(f"{page} and {figures} are as {results}/*.json says: {shown(len(found))} benchmarks")


if __name__ == "__main__":
    write(Path("dist"), PAGE, FIGURES)
