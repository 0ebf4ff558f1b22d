"""Writes `station.html`: the whole station at a glance, for a screen on the wall or a telephone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, tzinfo
from typing import Any, Final
from xml.etree.ElementTree import Element

from daemon.core.standstill import next_time
from daemon.pages.looks import bar, count, moment_of, record_head, state, words
from daemon.pages.markup import Child, page, row, table, tag
from daemon.pages.replies import Waiting

REFRESH_SECONDS: Final = 10
HEARTBEAT_SECONDS: Final = 20
"""How often the page is written though nothing has changed: one that is over a minute old is stale, and says so."""

_BATCHES: Final = 20
_DONE: Final = ("delivered", "undelivered", "failed", "expired", "suppressed", "cancelled")


def station_page(document: dict[str, Any], waiting: Waiting, zone: tzinfo, now: float) -> str:
    """The page of a status document (`daemon.pages.status`) and of the replies that wait.

    No text and no whole number of a person stands on it: it may hang on a wall.
    """
    station = document["station"]
    return page(
        f"{station['name']}: Outpost",
        _stale(station["updated_at"]),
        tag("header", tag("h1", station["name"]), _headline(station, zone)),
        tag(
            "main",
            *_alarms(document.get("alarms", [])),
            *_waiting(waiting, now),
            *_handed_over(station.get("handovers", []), zone),
            *_sections(document, zone),
        ),
        tag("footer", tag("p", record_head(station["audit_head"]))),
        refresh_seconds=REFRESH_SECONDS,
        script="stale.js",
    )


def _stale(updated_at: str) -> Element:
    return tag(
        "div", "This page is ", tag("span"), " old: the service does not write it any more, or this copy is not the "
        "newest. Nothing here can be relied on.",
        id="stale", class_="stale", role="alert", hidden="hidden",
        data_updated=round(datetime.fromisoformat(updated_at).timestamp()),
    )  # fmt: skip


def _headline(station: dict[str, Any], zone: tzinfo) -> Element:
    if station["running"]:
        running = tag("span", "✔ running", class_="state good")
    else:
        running = tag("span", "✖ the service is stopped: nothing is sent or received", class_="state bad")
    return tag(
        "p", running, f" · last update {moment_of(station['updated_at'], zone)}",
        tag("noscript", " (a page that is minutes old does not follow the station any more)"),
    )  # fmt: skip


def _alarms(alarms: list[dict[str, Any]]) -> Iterator[Element]:
    for alarm in alarms:
        yield tag("p", tag("strong", "! Alarm: "), alarm["text"], class_="alarm")


def _waiting(waiting: Waiting, now: float) -> Iterator[Element]:
    yield tag("h2", "Replies waiting")
    rows = [
        row(
            tag("strong", words(one.about)), f"…{one.reply.recipient[-3:]}", words(one.reply.state),
            tag("span", _since(now - one.reply.received_at), _late() if one.overdue else None), one.reply.batch,
        )
        for one in waiting.first
    ]  # fmt: skip
    yield table(
        ("About (a guess)", "From", "State", "Waiting", "Batch"), *rows,
        caption=f"{count(waiting.count, 'reply', 'replies')} waiting; the texts are in the folder replies",
        empty="No reply waits for an answer.",
    )  # fmt: skip


def _handed_over(handovers: Sequence[dict[str, Any]], zone: tzinfo) -> Iterator[Element]:
    if handovers:
        rows = (
            row(
                one["reference"], one["service"], tag("span", one["state"], _late() if one["overdue"] else None),
                moment_of(one["assigned_at"], zone), moment_of(one["due_at"], zone),
            )
            for one in handovers
        )  # fmt: skip
        yield tag("h2", "Handed over")
        yield table(
            ("Reference", "To", "State", "Since", "Answer by"), *rows, caption=count(len(handovers), "conversation")
        )


def _late() -> Element:
    return tag("span", " ▲ overdue", class_="state warn")


def _since(seconds: float) -> str:
    minutes = max(0, int(seconds // 60))
    if minutes < 60:
        return count(minutes, "minute")
    return count(minutes // 60, "hour") if minutes < 48 * 60 else count(minutes // 1440, "day")


def _sections(document: dict[str, Any], zone: tzinfo) -> Iterator[Element]:
    sims, modems = document["sims"], document["modems"]
    yield tag("h2", "SIMs")
    if sims:
        seats = {modem["iccid"]: modem for modem in modems if modem["iccid"]}
        yield tag("div", *(_sim(sim, seats.get(sim["iccid"]), zone) for sim in sims), class_="cards")
    else:
        yield tag("p", "No SIM has been seen yet.", class_="quiet")
    yield tag("h2", "Messages")
    yield _counts(document["messages"])
    yield tag("h2", "Batches")
    yield _batches(document["batches"])
    yield tag("h2", "Modems")
    yield table(
        ("Port", "State", "Model", "Signal", "Network", "Why"),
        *(
            row(m["port"], state(m["state"]), m["model"], _signal(m["signal_dbm"]), m["network"], m["reason"])
            for m in modems
        ),
        caption=count(len(modems), "port"), empty="No port is in use.",
    )  # fmt: skip


def _sim(sim: dict[str, Any], modem: dict[str, Any] | None, zone: tzinfo) -> Element:
    at = next_time(sim)
    facts: list[tuple[str, Child]] = [("Next send", f"not before {moment_of(at, zone)}" if at else sim["next_reason"])]
    if modem is not None:
        facts += [("Signal", _signal(modem["signal_dbm"])), ("Port", modem["port"])]
    return tag(
        "section",
        tag("h3", sim["label"] or sim["iccid"]),
        tag("p", state(sim["state"]), f": {sim['reason']}" if sim["reason"] else None),
        *_room(sim),
        tag("dl", *(part for name, value in facts for part in (tag("dt", name), tag("dd", value)))),
        class_="card", aria_label=f"SIM {sim['label'] or sim['iccid']}",
    )  # fmt: skip


def _room(sim: dict[str, Any]) -> Iterator[Element]:
    """What is left of the day's limits."""
    for key, what in (("parts_per_day", "parts"), ("recipients_per_day", "people")):
        limit, used = sim["limits"][key], sim["used"].get(key, 0)
        if limit:
            label = f"{max(0, limit - used):,} of {limit:,} {what} left in 24 hours"
            yield tag("p", label)
            yield bar(used, limit, f"{used:,} of {limit:,} {what} used")


def _counts(counts: dict[str, int]) -> Element:
    found = [(name, n) for name, n in counts.items() if n]
    rows = (row(state(name), f"{n:,}") for name, n in found)
    return table(
        ("State", "Messages"), *rows, caption=count(sum(counts.values()), "message"), empty="No messages yet."
    )


def _batches(batches: list[dict[str, Any]]) -> Element:
    rows = []
    for batch in batches[:_BATCHES]:
        total = sum(batch["messages"].values())
        done = sum(batch["messages"].get(name, 0) for name in _DONE)
        link = tag("a", batch["name"], href=f"outcomes/{batch['name']}.html")
        progress = tag("span", f"{done:,} of {total:,} done", bar(done, total, f"{done:,} of {total:,} done"))
        states = ", ".join(f"{n:,} {words(name)}" for name, n in batch["messages"].items())
        rows.append(row(link, state(batch["state"]), progress, states, f"{batch['rejected']:,}"))
    shown = f", the newest {_BATCHES} shown" if len(batches) > _BATCHES else ""
    return table(
        ("Batch", "State", "Progress", "Messages", "Rows rejected"), *rows,
        caption=count(len(batches), "batch", "batches") + shown, empty="No batch yet.",
    )  # fmt: skip


def _signal(dbm: int | None) -> str:
    """Signal in words after what 27.007 §8.5 lets a modem report, -113 to -51 dBm."""
    if dbm is None:
        return "not known"
    quality = "good" if dbm >= -85 else "fair" if dbm >= -100 else "weak"
    return f"{dbm} dBm, {quality}"
