"""Writes `outcomes/BATCH.html`: what was asked, who released it, and what became of every row. Made to be printed."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from datetime import tzinfo
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Any, Final, TextIO
from xml.etree.ElementTree import Element

from daemon.core.batch import OutcomeRow
from daemon.core.spans import DAY, HOUR, MINUTE
from daemon.pages.charts import progress
from daemon.pages.figures import Figures
from daemon.pages.files import write_whole
from daemon.pages.looks import bar, count, moment, record_head, state
from daemon.pages.markup import Child, html, page, row, rows_here, split_at_rows, table, tag
from daemon.pages.replied import Replied, kinds_table

_SPANS: Final = (
    (10, "within 10 seconds"), (MINUTE, "within a minute"), (600, "within 10 minutes"), (HOUR, "within an hour"),
    (DAY, "within a day"), (float("inf"), "later"),
)  # fmt: skip


def write_batch_page(
    path: Path, batch: dict[str, Any], figures: Figures, back: Replied, rows: Iterable[OutcomeRow], zone: tzinfo,
    now: float, head: str,
) -> None:  # fmt: skip
    """Write the page of one batch, a row of `Views.batches`; `figures` are those of its rows, `back` is what people
    texted back. Raises OSError."""
    before, after = split_at_rows(batch_page(batch, figures, back, zone, now, head))

    def fill(file: TextIO) -> None:
        file.write(before)
        file.writelines(_row(one, zone) for one in rows)
        file.write(after)

    write_whole(path, fill)


def batch_page(
    batch: dict[str, Any], figures: Figures, back: Replied, zone: tzinfo, now: float, head: str
) -> str:
    """The page, with a place for its rows. `head` is the record's."""
    return page(
        f"{batch['name']}: outcomes",
        tag("header", tag("h1", batch["name"]), tag("p", state(batch["state"]))),
        tag("main", *_sections(batch, figures, back, zone)),
        tag("footer", tag("p", f"Written {moment(now, zone)}. ", record_head(head))),
    )


def _sections(batch: dict[str, Any], figures: Figures, back: Replied, zone: tzinfo) -> Iterator[Child]:
    yield tag("h2", "What was asked")
    yield _asked(batch, figures, zone)
    yield from (tag("blockquote", text) for text in figures.texts)
    if figures.more_texts:
        yield tag("p", "More texts differ from these; each stands in its row.", class_="quiet")
    yield tag("h2", "Outcome")
    yield _outcome(figures)
    yield from _reasons(figures)
    yield tag("h2", "Progress")
    chart = progress(figures.sent_at, figures.delivered_at, zone)
    yield tag("p", "Nothing has left yet.", class_="quiet") if chart is None else chart
    yield from _delivery_times(figures)
    yield tag("h2", "Replies")
    yield from _replies(batch, back)
    yield tag("h2", "Every row")
    yield _all_rows(figures)


def _asked(batch: dict[str, Any], figures: Figures, zone: tzinfo) -> Element:
    released = "nobody yet"
    if batch["released_at"]:
        released = f"{batch['released_by'] or 'the station, by its rules'}, {moment(batch['released_at'], zone)}"
    facts = (
        ("File", batch["source"]),
        ("Dropped by", f"{batch['owner']}, {moment(batch['dropped_at'], zone)}"),
        ("Released by", released),
        ("Finished", moment(batch["finished_at"], zone) or "not yet"),
        ("Rows", f"{figures.rows:,}"),
        ("Parts accepted", f"{figures.parts:,}"),
        ("Content", f"SHA-256 {batch['sha256']}"),
    )
    return tag("dl", *(part for name, value in facts for part in (tag("dt", name), tag("dd", value))))


def _outcome(figures: Figures) -> Element:
    rows = (
        row(state(name), f"{n:,}", bar(n, figures.rows, f"{n:,} of {figures.rows:,}"))
        for name, n in figures.states.most_common()
    )
    return table(("State", "Rows", "Share"), *rows, caption=count(figures.rows, "row"), empty="The list is empty.")


def _reasons(figures: Figures) -> Iterator[Element]:
    if figures.reasons:
        rows = (row(state(name), why, f"{n:,}") for (name, why), n in figures.reasons.most_common(20))
        yield table(("State", "Reason", "Rows"), *rows, caption="Reasons, the most frequent first")


def _delivery_times(figures: Figures) -> Iterator[Element]:
    took = sorted(figures.delivery_seconds)
    if not took:
        return
    rows, before = [], 0
    for seconds, name in _SPANS:
        n = bisect_right(took, seconds) - before
        rows.append(row(name, f"{n:,}", bar(n, len(took), f"{n:,} of {len(took):,}")))
        before += n
    yield table(("Delivered", "Messages", "Share"), *rows, caption="From the network's acceptance to the recipient")


def _replies(batch: dict[str, Any], back: Replied) -> Iterator[Element]:
    if batch["erased_at"] is not None:
        yield tag("p", "The people of this batch are erased, and with them what they texted back.", class_="quiet")
        return
    yield kinds_table(back.kinds)
    if back.people or back.handed_over:
        people = count(back.people, "person", "people")
        yield tag(
            "p", f"Texted back: {people}; asked for help: {back.asked_for_help:,}; handed over: {back.handed_over:,}."
        )


def _all_rows(figures: Figures) -> Element:
    heads = ("Row", "To", "State", "Reason", "Sent", "Delivered", "SIM", "Ref", "Text")
    return table(heads, rows_here(), caption=f"{count(figures.rows, 'row')} of the list, those never sent included")


def _row(one: OutcomeRow, zone: tzinfo) -> str:
    """As `markup.row` would give it, in a seventh of the time: a list may have a hundred thousand of them."""
    to, reason, sim, ref, text = (
        escape(cell, quote=False) for cell in (one.to, one.reason, one.sim, one.ref, one.text)
    )
    return (
        f'<tr><th scope="row">{one.row}</th><td>{to}</td><td>{_state(one.state)}</td><td>{reason}</td>'
        f"<td>{moment(one.sent_at, zone)}</td><td>{moment(one.delivered_at, zone)}</td>"
        f'<td>{sim}</td><td>{ref}</td><td class="text">{text}</td></tr>'
    )


@lru_cache
def _state(name: str) -> str:
    return html(state(name))
