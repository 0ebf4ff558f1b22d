"""Which rows become messages, and what is said of the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.message import MessageState
from daemon.core.throttle import Limits
from daemon.intake.order import Deleted, Order
from daemon.intake.readers.items import DELETED, OWNER, End, Fault, Note, Row, Unreadable
from daemon.intake.rows import Rules, Sifted, batch_name, sift
from daemon.intake.spool import safe_name
from daemon.settings import Sending, Settings, SimSettings

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC).timestamp()
GOOD = {"to": "+447400100000", "text": "Hello"}


def sifted(*cells: Mapping[str, str], settings: Settings | None = None) -> Sifted:
    items = [Row(number, number + 1, dict(row)) for number, row in enumerate(cells, 1)]
    found = sift([*items, End("ab")], Rules.of(settings or Settings()), NOW)
    assert isinstance(found, Sifted)
    return found


def reasons(settings: Settings | None = None, **cells: str) -> list[tuple[str, str]]:
    """Column and reason of everything that is wrong with one row."""
    return [(problem.column, problem.reason) for problem in sifted(GOOD | cells, settings=settings).problems]


def test_a_whole_row_becomes_a_message() -> None:
    [message] = sifted(
        {
            "to": "07400 100000",
            "text": " \u00a35 off\n",
            "ref": " A-1 ",
            "not_before": "2026-05-02T09:00",
            "not_after": "2026-05-02T09:00+00:00",
            "priority": "High",
            "flash": "YES",
        }
    ).messages
    assert (message.recipient, message.text, message.parts) == ("+447400100000", " \u00a35 off\n", 1)
    assert (message.ref, message.priority, message.flash, message.state) == ("A-1", 1, True, MessageState.HELD)
    assert message.not_before == datetime(2026, 5, 2, 8, tzinfo=UTC).timestamp()  # London has summer time
    assert message.not_after == datetime(2026, 5, 2, 9, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("cells", "column", "part"),
    [
        ({"to": ""}, "to", "no number"),
        ({"to": "0115 496 0000"}, "to", "landline"),
        ({"to": "60999"}, "to", "short"),
        ({"to": "07400 10O000"}, "to", "letters"),
        ({"text": ""}, "text", "empty"),
        ({"text": " \n\u200b\u00a0"}, "text", "empty"),
        ({"text": "x" * 460}, "text", "needs 4 parts"),
        ({"text": "bell \x07"}, "text", "control character (U+0007)"),
        ({"text": "half \ud83d"}, "text", "half of a character"),
        ({"ref": "x" * 201}, "ref", "longer than 200"),
        ({"ref": "\x00"}, "ref", "cannot be shown"),
        ({"not_before": "tomorrow"}, "not_before", "not a time"),
        ({"not_before": "2026-05-02"}, "not_before", "without a time of day"),
        ({"not_before": "2026-13-02T09:00"}, "not_before", "not a time"),
        ({"not_before": "2026-05-03T09:00", "not_after": "2026-05-02T09:00"}, "not_after", "before not_before"),
        ({"not_after": "2026-05-01T12:59:59"}, "not_after", "has passed"),
        ({"priority": "urgent"}, "priority", "not a priority"),
        ({"priority": "1001"}, "priority", "not a priority"),
        ({"priority": "\u0661"}, "priority", "not a priority"),
        ({"flash": "maybe"}, "flash", "yes or no"),
    ],
)
def test_one_bad_cell(cells: dict[str, str], column: str, part: str) -> None:
    [(found_column, reason)] = reasons(**cells)
    assert found_column == column
    assert part in reason
    assert sifted(GOOD | cells).messages == []


def test_all_that_is_wrong_with_a_row_is_told() -> None:
    found = sifted({"to": "x", "text": "", "not_after": "no", "priority": "no", "flash": "perhaps"})
    assert [(p.row, p.line, p.column, p.value) for p in found.problems] == [
        (1, 2, "to", "x"), (1, 2, "text", ""), (1, 2, "not_after", "no"), (1, 2, "priority", "no"),
        (1, 2, "flash", "perhaps"),
    ]  # fmt: skip
    [rejected] = found.rejected
    assert all(f"{column}: " in rejected.reason for column in ("to", "text", "not_after", "priority", "flash"))


@pytest.mark.parametrize(("priority", "value"), [("", 0), ("normal", 0), ("low", -1), (" 7 ", 7), ("-1000", -1000)])
def test_priorities(priority: str, value: int) -> None:
    assert sifted(GOOD | {"priority": priority}).messages[0].priority == value


def test_a_text_that_no_sim_may_ever_send_is_refused() -> None:
    narrow = Settings(throttle=Limits(parts_per_hour=1))
    assert "throttle.parts_per_hour" in reasons(narrow, text="x" * 161)[0][1]
    wide = SimSettings(overrides=MappingProxyType({"parts_per_hour": 5}))
    assert reasons(Settings(throttle=Limits(parts_per_hour=1), sims={"8944": wide}), text="x" * 161) == []


def test_settings_bound_parts_and_countries() -> None:
    assert reasons(Settings(sending=Sending(max_parts=4)), text="x" * 460) == []
    assert reasons(to="+33612345678")[0][0] == "to"
    assert reasons(Settings(sending=Sending(international=True)), to="+33612345678") == []


def test_the_same_recipient_again_is_suppressed_however_it_is_written() -> None:
    found = sifted(
        GOOD | {"text": ""}, GOOD, GOOD | {"to": "07400 100000", "text": "Other"}, GOOD | {"to": "07400100001"}, GOOD
    )
    assert [(m.row, m.state, m.reason) for m in found.messages] == [
        (2, MessageState.HELD, ""),
        (3, MessageState.SUPPRESSED, "duplicate of row 2"),
        (4, MessageState.HELD, ""),
        (5, MessageState.SUPPRESSED, "duplicate of row 2"),
    ]
    assert found.duplicates == 2
    assert [row.row for row in found.rejected] == [1]


def test_a_row_whose_cells_cannot_be_trusted_has_that_problem_alone() -> None:
    row = Row(1, 2, GOOD | {"priority": "no"}, [Fault("", "more", "too many")])
    found = sift([row, Note("a note"), End("ab")], Rules.of(Settings()), NOW)
    assert isinstance(found, Sifted)
    assert [(p.column, p.value, p.reason) for p in found.problems] == [("", "more", "too many")]
    assert (found.notes, found.sha256) == (["a note"], "ab")


def test_a_cell_that_the_reader_faulted_is_not_judged_again() -> None:
    row = Row(1, 2, {"to": "x"}, [Fault("text", "5", "no text")])
    found = sift([row, End("ab")], Rules.of(Settings()), NOW)
    assert isinstance(found, Sifted)
    assert [p.column for p in found.problems] == ["text", "to"]


def marked(*rows: tuple[str, Sequence[str]], deleted: Deleted = Deleted.TAKE) -> Sifted:
    """What becomes of rows with these number cells and marks."""
    items = [Row(n, n + 1, GOOD | {"to": to}, (), marks) for n, (to, marks) in enumerate(rows, 1)]
    found = sift([*items, End("ab")], Rules.of(Settings(), Order(deleted=deleted)), NOW)
    assert isinstance(found, Sifted)
    return found


def test_every_mobile_of_a_row_is_texted_and_the_rows_keep_their_numbers() -> None:
    found = marked(("07400100000; 07400100001; 0115 496 0000", ()), ("07400100001", ()), ("07400 100002", ()))
    assert [(m.row, m.recipient[-1], m.state, m.reason) for m in found.messages] == [
        (1, "0", MessageState.HELD, ""),
        (2, "1", MessageState.HELD, ""),
        (3, "2", MessageState.HELD, ""),
        (4, "1", MessageState.SUPPRESSED, "duplicate of row 2"),
    ]
    assert [m.cell for m in found.messages[2:]] == ["07400 100002", "07400100000; 07400100001; 0115 496 0000"]
    assert found.messages[0].note == "1 more in the cell: a landline"
    assert found.messages[3].note == "a further number of row 1"
    assert [(p.line, p.column, p.value.strip(), p.reason) for p in found.problems] == [
        (2, "to", "0115 496 0000", "a landline")
    ]
    assert "are texted too: 1, as row 4 of" in found.notes[0]


def test_the_owner_of_the_phone_is_left_out_wherever_the_number_stands() -> None:
    first, second = "07400100000", "07400100001"
    found = marked((first, ()), (f"{first}; {second}", [OWNER]), (second, ()), ("07400100002", ()))
    assert [(m.row, m.reason) for m in found.messages if m.state is MessageState.SUPPRESSED] == [
        (1, "the phone's owner"), (2, "the phone's owner"), (3, "the phone's owner"), (5, "the phone's owner"),
    ]  # fmt: skip
    assert "owner" in " ".join(found.notes)


def test_deleted_entries_are_taken_or_left_by_choice_and_shown() -> None:
    rows = [("07400100000", [DELETED]), ("07400100001", ()), ("07400100001", [DELETED])]
    taken = marked(*rows)
    assert [(m.state, m.note) for m in taken.messages[:2]] == [
        (MessageState.HELD, "deleted on the phone"), (MessageState.HELD, ""),
    ]  # fmt: skip
    assert "had been deleted on the phone: 2, taken" in taken.notes[0]
    left = marked(*rows, deleted=Deleted.LEAVE)
    assert [m.state for m in left.messages] == [MessageState.SUPPRESSED, MessageState.HELD, MessageState.SUPPRESSED]
    assert "deleted on the phone" in left.messages[0].reason
    assert "left out" in left.notes[0]


def test_a_list_without_texts_needs_a_message() -> None:
    found = sift([Row(1, 2, {"to": "07400100000"}), End("ab")], Rules.of(Settings()), NOW)
    assert isinstance(found, Unreadable)
    assert "no column is named text" in found.reason


def test_an_unreadable_file_has_no_rows() -> None:
    fault = Unreadable("why")
    assert sift([Row(1, 2, GOOD), fault], Rules.of(Settings()), NOW) is fault


def test_what_is_kept_of_a_bad_row_can_be_stored() -> None:
    [rejected] = sifted({"to": "\udc80", "text": "\ud83d", "ref": "\ud83d"}).rejected
    (rejected.to + rejected.text + rejected.ref).encode()


@pytest.mark.parametrize(
    ("name", "batch"),
    [
        ("contacts.csv", "contacts"),
        ("Line 7 (caf\u00e9).csv", "Line-7--cafe-"),
        ("-rf.csv", "rf"),
        ("...csv", "batch"),
        ("\u540d.csv", "batch"),
        ("a.b.csv", "a.b"),
        ("x" * 100 + ".csv", "x" * 60),
    ],
)
def test_batch_names(name: str, batch: str) -> None:
    assert batch_name(name) == batch


file_names = st.text(st.characters(exclude_characters="/\x00", exclude_categories=["Cs"]), min_size=1)


@given(file_names)
def test_names_are_safe(name: str) -> None:
    assert set(batch_name(name)) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
    assert batch_name(name)[0] not in ".-"
    safe = safe_name(name)
    assert len(safe.encode()) <= 200
    assert not set(safe) & {"\n", "\r", "\x1b", "\u2028", "/"}


def test_columns_that_are_not_used_are_told_but_for_those_that_gave_the_number() -> None:
    found = sifted({**GOOD, "to": "07400 100000\n07400 100001", "mobile": "07400 100000", "home": "07400 100001",
                    "name": "Ann", "ward": ""})  # fmt: skip
    assert found.notes[-1] == "columns that are not used: name, ward"
