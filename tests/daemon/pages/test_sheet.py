"""The sheet says what would be sent, to whom not and why, what makes it dear, and how long it would take."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterator
from datetime import time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.clock import Clock
from daemon.core.batch import NewBatch, NewMessage, Problem, RejectedRow, SheetRow, Taken
from daemon.core.forecast import Planned
from daemon.core.message import MessageState, SimState
from daemon.core.quiet_hours import QuietHours
from daemon.core.throttle import Limits
from daemon.pages.dry_run import dry_run
from daemon.pages.outlook import Outlook, outlook_of
from daemon.pages.publisher import Publisher
from daemon.pages.sheet import difference, preview, sheet_of
from daemon.pages.sheet_text import Subject, document_of, lines
from daemon.settings import Settings, SimSettings, Station, Tariff
from daemon.store import Lists, Outbox, Sims, Store, Views
from daemon.store.people import Policy
from drivers.alphabet import part_count
from drivers.types import SimIdentity, SubmitPdu

NOW = 1_780_000_000.0
UTC = ZoneInfo("UTC")
SIM, OTHER = "8944100000000000001", "8944100000000000002"
CURLY = "It\u2019s free \u2013 call \u0175"


def row(number: int, text: str = "Hello", state: str = "held", reason: str = "", to: str = "") -> SheetRow:
    parts = 0 if state == "rejected" else part_count(text)
    return SheetRow(number, "", f"0740010{number:04}", to or f"+44740010{number:04}", state, reason, "", parts, text)


ROWS = [
    row(1, CURLY), row(2, CURLY), row(3, "x" * 161),
    row(4, state="suppressed", reason="duplicate of row 1"), row(5, state="suppressed", reason="duplicate of row 2"),
    row(6, state="suppressed", reason="opted out"), row(7, state="suppressed", reason="excluded"),
    row(8, state="suppressed", reason="texted 3 days ago by batch one"),
    row(9, state="rejected", reason="to: a landline"), row(10, state="rejected", reason="to: a landline"),
]  # fmt: skip


def test_every_figure_has_its_name() -> None:
    subject = Subject("list.csv", notes=["a note"], problems=[Problem(9, 10, "to", "0115", "a landline")])
    document = document_of(subject, sheet_of(ROWS), Outlook(NOW, NOW + 5, cost=0.1351, ahead=3), "GBP", UTC)
    assert json.loads(json.dumps(document)) == document
    figures = ("rows", "good", "rejected", "duplicates", "excluded", "opted_out", "parts", "waiting_before")
    assert [document[name] for name in figures] == [10, 3, 2, 2, 1, 1, 4, 3]
    assert document["left_out"]["texted lately by another batch"] == 1
    assert document["reasons"] == {"to: a landline": 2}
    assert document["alphabets"] == {"ucs2": 2, "gsm7": 1}
    assert document["longest"] == {"row": 3, "characters": 161, "parts": 2}
    assert document["cost"] == {"amount": 0.14, "currency": "GBP"}
    assert document["starts_at"] == "2026-05-28T20:26:40+00:00"
    told = "\n".join(lines(document))
    for words in (
        "rows             10", "3, as 4 parts", "2 duplicate", "1 excluded", "2: to: a landline", "161 characters",
        "U+2019 RIGHT SINGLE QUOTATION MARK, in 2 texts, first in row 1 at character 3: \"'\" could stand",
        "LATIN SMALL LETTER W WITH CIRCUMFLEX, in 2 texts, first in row 1 at character 18: nothing plain", "0.14 GBP",
        "It[\u2019 > ']s free [\u2013 > -] call \u0175", "3 messages of other batches", "line 10, to, '0115'",
        "note: a note", "last 2026-05-28T20:26:45",
    ):  # fmt: skip
        assert words in told
    assert "+44" not in told
    assert "would be rejected whole: no" in next(lines(dict(document, reason="no")))
    broken = Subject("x.csv", reason="it is empty", problems=[Problem(0, 0, "", "", "it is empty")])
    assert list(lines(document_of(broken, sheet_of([]), Outlook(), "GBP", UTC))) == [
        "x.csv: would be rejected whole: it is empty"
    ]
    faults = [
        Problem(0, 3, "", "a | b", "no header"), Problem(2, 4, "", "", "not JSON"), Problem(2, 4, "to", "1", "bad"),
    ]  # fmt: skip
    bad = Subject("x.csv", reason="no header", problems=faults)
    assert list(lines(document_of(bad, sheet_of([]), Outlook(), "GBP", UTC)))[1:] == [
        "  that is line 3, 'a | b'", "  line 4, row: not JSON", "  line 4, to, '1': bad",
    ]  # fmt: skip


def test_the_commonest_texts_come_first_with_what_plain_signs_would_make_of_them() -> None:
    sheet = sheet_of(ROWS)
    assert [(text.people, text.plain) for text in sheet.texts] == [(2, "It's free - call \u0175"), (1, "")]
    many = sheet_of(row(n, f"Hello {n}") for n in range(1, 31))
    assert (many.different, len(many.texts)) == (30, 20)
    document = document_of(Subject("x"), many, Outlook(), "GBP", UTC)
    assert "and 25 other texts" in "\n".join(lines(document))


@pytest.mark.parametrize(("text", "shown"), [
    ("Hello", "Hello"), ("\nHello\nthere", "Hello"), ("x" * 60, "x" * 60), ("x" * 61, "x" * 59 + "\u2026"),
])  # fmt: skip
def test_what_a_locked_phone_shows(text: str, shown: str) -> None:
    assert preview(text) == shown


@given(st.text(max_size=40), st.text(max_size=40))
def test_a_difference_holds_both_texts_whole(text: str, other: str) -> None:
    pieces = list(difference(text, other))
    assert "".join(old for old, _ in pieces) == text
    assert "".join(new for _, new in pieces) == other


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A database with two SIMs."""
    store = Store(tmp_path / "outpost.db")
    for iccid in (SIM, OTHER):
        Sims(store).seen(SimIdentity(iccid, "234100000000001"), NOW)
    yield store
    store.close()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        station=Station(spool_dir=tmp_path, timezone="UTC"), quiet_hours=QuietHours(time(0), time(0)),
        tariff=Tariff(0.05), throttle=Limits(10, 0, 0, 0, 0, 0, 0), sims={SIM: SimSettings(label="Desk 1")},
    )  # fmt: skip


def test_each_sim_has_its_share_and_its_end(store: Store, settings: Settings) -> None:
    messages = [Planned(f"+4474001{n:05}", 2) for n in range(4)]
    outlook = outlook_of(messages, "", settings, NOW, Views(store), Outbox(store))
    assert [(share.label, share.network, share.messages, share.parts) for share in outlook.shares] == [
        ("Desk 1", "23410", 2, 4), ("", "23410", 2, 4),
    ]  # fmt: skip
    assert (outlook.starts_at, outlook.finishes_at, outlook.cost) == (NOW, NOW + 20, pytest.approx(0.4))
    alone = outlook_of(messages, OTHER, settings, NOW, Views(store), Outbox(store))
    assert [(share.iccid, share.messages) for share in alone.shares] == [(OTHER, 4)]
    unknown = outlook_of(messages, "", settings, NOW, None, None)
    assert (unknown.shares, unknown.finishes_at, unknown.by_known_sims) == ((), NOW + 40, False)


def test_the_queue_is_counted_in_the_times(store: Store, settings: Settings) -> None:
    outbox = Outbox(store)
    for name, count, priority in (("urgent", 3, 5), ("other", 9, 0), ("later", 9, -1)):
        rows = [NewMessage(n, f"+447400{priority + 1}{n:05}", "Hi", 1, priority=priority) for n in range(1, count + 1)]
        outbox.enqueue(NewBatch(name, name, name, "anna", NOW, released=True), rows, [])
    item = outbox.claim(OTHER, NOW)
    assert item is not None
    outbox.accepted(outbox.submitting(item, [SubmitPdu("00", 1)], 1, OTHER, NOW - 60, NOW + 60), 1, NOW)
    Sims(store).begin()
    Sims(store).show(SIM, SimState.READY, "", None)
    messages = [Planned(item.recipient, 1), *(Planned(f"+4474001{n:05}", 1) for n in range(2))]
    outlook = outlook_of(messages, "", settings, NOW, Views(store), outbox)
    assert (outlook.starts_at, outlook.finishes_at) == (NOW + 20, NOW + 45), "two urgent ones, and ours in turn"
    assert (outlook.ahead, outlook.stranded) == (3, 1)
    document = document_of(Subject("list.csv"), sheet_of([row(1)]), outlook, "GBP", UTC)
    assert "1 of these people were texted from a SIM that is not in use" in document["notes"][-1]


def test_a_dry_run_leaves_out_whom_the_station_must_not_text(store: Store, settings: Settings, tmp_path: Path) -> None:
    lists = Lists(store)
    lists.opt_out(["+447400100001"], "by hand", NOW)
    lists.exclude(["+447400100002"], "victim", "anna", NOW)
    on_disk = dataclasses.replace(settings, station=dataclasses.replace(settings.station, state_dir=tmp_path))
    document = dry_run(Subject("list.csv"), [row(n) for n in range(1, 5)], "", on_disk, NOW)
    assert [document[name] for name in ("good", "opted_out", "excluded")] == [2, 1, 1]
    assert sum(sim["messages"] for sim in document["sims"]) == 2
    nowhere = dataclasses.replace(settings, station=dataclasses.replace(settings.station, state_dir=tmp_path / "none"))
    assert dry_run(Subject("list.csv"), [row(n) for n in range(1, 5)], "", nowhere, NOW)["good"] == 4


def test_people_who_were_texted_lately_are_left_out_unless_the_list_says_why(
    store: Store, settings: Settings, tmp_path: Path
) -> None:
    outbox = Outbox(store)
    outbox.enqueue(
        NewBatch("first", "first.csv", "0" * 64, "anna", NOW, released=True),
        [NewMessage(1, "+447400100001", "Hi", 1)], [],
    )
    item = outbox.claim(SIM, NOW)
    assert item is not None
    outbox.accepted(outbox.submitting(item, [SubmitPdu("00", 1)], 1, SIM, NOW, NOW + 60), 1, NOW)
    Lists(store).obey(Policy(repeat_days=30))
    on_disk = dataclasses.replace(settings, station=dataclasses.replace(settings.station, state_dir=tmp_path))
    for again, good in (("", 1), ("the first was wrong", 2)):
        document = dry_run(Subject("list.csv", again=again), [row(1), row(2)], "", on_disk, NOW + 86_400)
        assert document["good"] == good
        assert document["left_out"] == ({} if again else {"texted lately by another batch": 1})


def test_what_a_long_list_takes_is_told_from_its_beginning(settings: Settings) -> None:
    daily = dataclasses.replace(settings, throttle=Limits(0, 0, 0, 100, 0, 0, 0))
    messages = [Planned(f"+4474{n:08}", 1) for n in range(100_000)]
    outlook = outlook_of(messages, "", daily, NOW, None, None)
    assert outlook.finishes_at is not None
    assert (outlook.finishes_at - NOW) / 86_400 == pytest.approx(1000, rel=0.02)


def test_the_sheet_lies_in_awaiting_while_the_batch_waits(
    store: Store, settings: Settings, tmp_path: Path, files_of: Callable[[Store], Any]
) -> None:
    (tmp_path / "replies").mkdir()
    outbox = Outbox(store)
    (tmp_path / "awaiting").mkdir()
    (tmp_path / "awaiting" / "gone.html").write_text("left by an earlier life")
    (tmp_path / "outcomes").mkdir()
    taken = outbox.enqueue(
        NewBatch("ops", "ops <1>", "0" * 64, "anna", NOW, released=False, wording="Hi {name}", notes=("owner: Jo",)),
        [
            NewMessage(1, "+447400100001", "Hi Anna", 1, cell="07400 100001", note="deleted on the phone"),
            NewMessage(2, "+447400100002", "Hi \u2013 <b>Bob</b>", 1),
            NewMessage(3, "+447400100003", "Hi Cy", 1, state=MessageState.SUPPRESSED, reason="excluded"),
        ],
        [RejectedRow(4, "A-1", "999", "", "to: an emergency number")],
    )
    assert isinstance(taken, Taken)
    publisher = Publisher(Views(store), outbox, *files_of(store), settings, Clock())
    publisher.start()
    publisher.stop()  # writes all once more
    assert [path.name for path in (tmp_path / "awaiting").glob("*.html")] == ["ops.html"]
    page = (tmp_path / "awaiting" / "ops.html").read_text()
    for words in (
        "Dropped as ops &lt;1&gt; by anna", "Hi {name}", "Hi Anna", "07400 100001", "+447400100001", "owner: Jo",
        "deleted on the phone", "Hi \u2013 &lt;b&gt;Bob&lt;/b&gt;", "<del>\u2013</del><ins>-</ins>", "0.10 GBP",
        "rejected: to: an emergency number", "<td>left out</td>", "1 excluded", "Desk 1",
    ):  # fmt: skip
        assert words in page
    assert "<b>Bob" not in page
    assert "<script" not in page
    outbox.release(taken.batch_id, NOW)
    publisher = Publisher(Views(store), outbox, *files_of(store), settings, Clock())
    publisher.start()
    publisher.stop()
    assert not list((tmp_path / "awaiting").glob("*.html"))
