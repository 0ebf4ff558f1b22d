"""The station's page and a batch's page: what they say, and that everybody can read them."""

from __future__ import annotations

import time
from contextlib import closing
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from daemon.core.batch import NewBatch, NewMessage, OutcomeRow, SheetRow
from daemon.core.reply import Reply, ReplyKind, ReplyState
from daemon.core.triage import Kind
from daemon.pages.batch_page import write_batch_page
from daemon.pages.figures import Figures
from daemon.pages.outlook import Outlook
from daemon.pages.replied import Replied
from daemon.pages.replies import Waiting, in_order
from daemon.pages.report import Frame, write_report
from daemon.pages.sheet import sheet_of
from daemon.pages.sheet_html import write_sheet
from daemon.pages.sheet_text import Subject, document_of
from daemon.pages.station_page import station_page
from daemon.settings import Settings, load_words
from daemon.store import Outbox, Store, Views

ZONE = ZoneInfo("Europe/London")
SENT = datetime(2026, 11, 27, 9, 0, tzinfo=ZONE).timestamp()
BATCH = {
    "name": "line-42", "state": "finished", "source": "line-42.csv", "owner": "ann", "sha256": "ab" * 32,
    "dropped_at": SENT - 600, "released_at": SENT - 60, "released_by": "bert", "finished_at": SENT + 900,
    "erased_at": None,
}  # fmt: skip
NASTY = "Hi </td><script>alert(1)</script> & \x00 \ud83d you"


class Words(HTMLParser):
    """The text of a page, and the tags it is made of."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.words = ""
        self.sources: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.sources += [value or "" for name, value in attrs if name in {"src", "href"}]

    def handle_data(self, data: str) -> None:
        self.words += data


def rows() -> list[OutcomeRow]:
    def row(n: int, state: str, sent: float | None = None, took: float | None = None, **more: Any) -> OutcomeRow:
        delivered = None if sent is None or took is None else sent + took
        given = {"reason": "", "text": "Help is here", "to": f"+4477009000{n:02}"} | more
        return OutcomeRow(
            batch="line-42", row=n, ref=f"r{n}", state=state, parts=1, sent_at=sent, delivered_at=delivered,
            sim="north", **given,
        )  # fmt: skip

    return [
        *(row(n, "delivered", SENT + 20 * n, 2.0 * n) for n in range(1, 20)),
        row(20, "in_doubt", SENT + 500),
        row(21, "delivered", SENT + 501, -3.0),
        row(22, "rejected", reason="to: a landline", to="0115 496 0000", text=""),
        row(23, "failed", SENT + 520, reason="unassigned number (CMS 1)", text=NASTY),
    ]


def reply(n: int, text: str, minutes: float, state: str = "unread") -> Reply:
    return Reply(
        n, "8944100000000000001", f"+4477009000{n:02}", f"+4477009000{n:02}", ReplyKind.TEXT, ReplyState(state), text,
        True, "", SENT - 60 * minutes, None, n, "line-42",
    )  # fmt: skip


REPLIES = [
    reply(1, "ok", 300), reply(2, "he has a knife", 2), reply(3, "who is this", 3000), reply(4, "no", 1, "answered"),
]  # fmt: skip
BACK = Replied({Kind.WRONG_NUMBER: 12, Kind.HELP: 2, Kind.DANGER: 1}, 2)
WORDS = load_words(Path(__file__).resolve().parents[3] / "config" / "triage")


def station_of(document: dict[str, Any]) -> str:
    waiting = Waiting(SENT, 24)
    assert list(waiting.watch(ordered := in_order(REPLIES, WORDS, SENT, 24))) == ordered
    return station_page(document, waiting, ZONE, SENT)


@pytest.fixture
def batch_page(tmp_path: Path) -> str:
    figures, path = Figures(), tmp_path / "line-42.html"
    every = list(figures.watch(rows()))
    write_batch_page(path, BATCH, figures, BACK, every, ZONE, SENT + 1000, "7:0f")
    return path.read_text("utf-8")


@pytest.fixture
def sheet_page(tmp_path: Path) -> str:
    rows = [
        SheetRow(1, "A-1", "07400 100001", "+447400100001", "held", "", "a note", 2, NASTY),
        SheetRow(2, "", "0115 496 0000", "", "rejected", "to: a landline", "", 0, ""),
        SheetRow(3, "", "07400 100001", "+447400100001", "suppressed", "duplicate of row 1", "", 1, "Hello"),
    ]
    subject = Subject("line-42", wording="Hello {name}", notes=["plain signs could stand for some characters"])
    document = document_of(subject, sheet_of(rows), Outlook(SENT, SENT + 60, cost=0.1, ahead=3), "GBP", ZONE)
    write_sheet(tmp_path / "sheet.html", document, "Waits for release. Dropped by ann.", rows)
    return (tmp_path / "sheet.html").read_text("utf-8")


@pytest.fixture
def report_page(tmp_path: Path) -> str:
    with closing(Store(tmp_path / "outpost.db")) as store:
        message = NewMessage(1, "+447400100001", NASTY.replace("\ud83d", ""), 1)
        Outbox(store).enqueue(NewBatch("line-42", "line-42.csv", "ab" * 32, "ann", SENT, released=True), [message], ())
        batch = Views(store).batch("line-42")
        assert batch is not None
        (tmp_path / "report").mkdir()
        write_report(tmp_path / "report", store, batch, Settings(), WORDS, Frame("ann", SENT, "7:0f"))
    return (tmp_path / "report" / "report.html").read_text("utf-8")


def test_the_station_page_says_how_each_sim_stands(document: dict[str, Any]) -> None:
    words = Words(station_of(document)).words
    assert "Nottingham <1>" in words
    assert "150 of 200 parts left in 24 hours" in words
    assert "0 of 200 parts left in 24 hours" in words
    assert "the network barred it (CMS 8)" in words
    assert "not before Fri 27 Nov 2026, 22:31:50 GMT" in words
    assert "-71 dBm, good" in words
    assert "51 of 95 done" in words
    assert "1234:9f3a" in words
    assert "3f9a2cturning-pointassigned ▲ overdue" in words


def test_the_station_page_shows_who_waits_without_a_text_or_a_whole_number(document: dict[str, Any]) -> None:
    document["alarms"] = [{"text": "SIM north is blocked: see the network"}]
    words = Words(station_of(document)).words
    assert words.index("danger") < words.index("wrong number")
    assert "3 replies waiting" in words
    assert "2 minutes" in words
    assert "2 days ▲ overdue" in words
    assert "SIM north is blocked" in words
    assert "knife" not in words
    assert "+447700900002" not in words


def test_the_station_page_of_a_stopped_service_says_so(document: dict[str, Any]) -> None:
    document["station"]["running"] = False
    assert "the service is stopped: nothing is sent or received" in Words(station_of(document)).words


def test_a_page_fetches_nothing(document: dict[str, Any], batch_page: str) -> None:
    for text in (station_of(document), batch_page):
        found = Words(text)
        assert [source for source in found.sources if not source.startswith("outcomes/")] == []
        assert not {"link", "img", "iframe", "object"} & set(found.tags)
        assert "default-src 'none'" in text


def test_a_batch_page_shows_every_row_and_who_released_it(batch_page: str) -> None:
    found = Words(batch_page)
    assert found.words.count("+4477009000") == 22
    assert "bert, Fri 27 Nov 2026, 08:59:00 GMT" in found.words
    assert "unassigned number (CMS 1)" in found.words
    assert "0115 496 0000" in found.words
    assert "22 accepted and 20 delivered between 27 Nov 09:00 and 27 Nov 09:08" in found.words


def test_a_batch_page_says_what_came_back(batch_page: str) -> None:
    words = Words(batch_page).words
    assert words.index("danger1") < words.index("help2") < words.index("wrong number12")
    assert "Texted back: 15 people; asked for help: 3; handed over: 2." in words


def test_a_text_is_never_markup(batch_page: str) -> None:
    assert "script" not in Words(batch_page).tags
    assert "</td><script>alert(1)</script> &" in Words(batch_page).words


def test_pages_are_for_everybody_on_small_screens_too_and_say_loudly_when_they_are_stale(
    browser: Any, document: dict[str, Any], batch_page: str, sheet_page: str, report_page: str
) -> None:
    def station_written(age: float) -> str:
        document["station"]["updated_at"] = datetime.fromtimestamp(time.time() - age, ZONE).isoformat()
        return station_of(document)

    fresh, stale, *others = browser.look(station_written(5), station_written(125), batch_page, sheet_page, report_page)
    for found in (fresh, stale, *others):
        assert found["violations"] == []
        assert found["passed"] > 15
        assert not found["overflows"]
    assert "Nothing here can be relied on" not in fresh["shown"]
    assert "Nothing here can be relied on" in stale["shown"]
