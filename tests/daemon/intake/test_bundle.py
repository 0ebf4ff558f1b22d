"""Folders as people drop them: a wording, one list, and perhaps batch.toml."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from daemon.core.message import MessageState

LIST = "to,name\n07400100000,Anna\n07400100001,Bob\n"
Make = Callable[..., Any]


def fill(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def drop(drops: Any, name: str, **files: str | bytes) -> None:
    """Put a folder in by one rename. `message`, `batch` and `contacts` stand for the files of these names."""
    names = {"message": "message.txt", "batch": "batch.toml", "contacts": "contacts.csv"}
    hidden = fill(drops.incoming / f".{name}", {names.get(key, key): content for key, content in files.items()})
    hidden.rename(drops.incoming / name)


def texts(drops: Any) -> list[tuple[str, str]]:
    return [(message.recipient, message.text) for message in drops.shelf.batches[-1][1]]


def test_a_folder_is_one_batch_with_one_wording(drops: Any) -> None:
    batch = 'ref = "A-1"\npriority = "high"\n'
    drop(drops, "Op. Test", message="Hello {Name}. {{Free}}\r\n", contacts=LIST, batch=batch)
    drops.wait_taken()
    [(taken, messages, _)] = drops.shelf.batches
    assert texts(drops) == [("+447400100000", "Hello Anna. {Free}"), ("+447400100001", "Hello Bob. {Free}")]
    assert {(message.ref, message.priority) for message in messages} == {("A-1", 1)}
    assert taken.wording == "Hello {Name}. {{Free}}"
    assert (drops.accepted / "Op. Test" / "contacts.csv").read_text() == LIST
    assert not list(drops.incoming.iterdir())


def test_a_folder_without_a_wording_takes_the_texts_of_its_list(make_drops: Make, tmp_path: Path) -> None:
    drops = make_drops(tmp_path, still_seconds=0.001)  # it waits 60 times as long, in case message.txt still comes
    drop(drops, "x", contacts="to,text\n07400100000,Hi {name}\n", batch="priority = 7\n")
    drops.start().wait_taken()
    assert texts(drops) == [("+447400100000", "Hi {name}")]


@pytest.mark.parametrize(("files", "reasons"), [
    ({"message": "Hi {nmae}", "contacts": LIST}, ["{nmae}, which is no column of the list; its columns: to, name"]),
    ({"message": "Hi {", "contacts": LIST}, ["message.txt: line 1: '{' is no field"]),
    ({"message": "\n", "contacts": LIST}, ["message.txt: it is empty"]),
    ({"message": b"\xff\xfe\x00", "contacts": LIST}, ["not plain text"]),
    ({"message": "Hi\x07", "contacts": LIST}, ["control character (U+0007)"]),
    ({"message": "Hi", "contacts": LIST, "b.csv": LIST}, ["holds 2 lists (b.csv, contacts.csv)"]),
    ({"message": "Hi"}, ["holds no list"]),
    ({"message": "Hi", "Message.TXT": "Ho", "contacts": LIST}, ["small and capital"]),
    ({"contacts": LIST}, ["no column is named text"]),
    ({"message": "Hi", "notes.doc": "x"}, ["this kind of file is not taken"]),
    ({"message": "text: none", "contacts": LIST}, ["no texts/none.txt; wordings here: first"]),
    ({"message": "text: ../etc", "contacts": LIST}, ["no wording's name"]),
    (
        {"message": "Hi {", "contacts": LIST,
         "batch": 'rf = 1\nnot_after = "x"\nagain = true\npriority = [1]\nsim = "1"\n'},
        ["no such key", "not a time", "needs a reason", "wrong kind", "no ICCID", "no field"],
    ),
    ({"message": "Hi", "contacts": LIST, "batch": "ref = \n"}, ["not TOML"]),
    ({"message": "Hi", "contacts": LIST, "batch": b"\xff"}, ["not UTF-8"]),
    ({"message": "Hi", "contacts": LIST, "batch": 'preset = "lab"\n'}, ["no presets/lab.toml"]),
])  # fmt: skip
def test_what_is_wrong_with_a_folder_is_told_at_once(
    make_drops: Make, tmp_path: Path, files: dict[str, Any], reasons: list[str]
) -> None:
    drops = make_drops(tmp_path, still_seconds=0.001)
    drop(drops, "x", **files)
    fill(drops.spool / "texts", {"first.txt": ""})
    drops.start()
    problems = drops.rejection("x")
    assert [reason for reason in reasons if not any(reason in problem["reason"] for problem in problems)] == []
    assert len(problems) == len(reasons)
    assert (drops.rejected / "x").is_dir()
    assert not drops.taken


def test_mistakes_in_batch_toml_come_with_their_lines(drops: Any) -> None:
    drop(drops, "x", message="Hi", contacts=LIST, batch='ref = "A"\nnot_before = "tomorrow"\n\nflash = true\n')
    assert [problem["line"] for problem in drops.rejection("x")] == ["2", "4"]


def test_a_wording_of_the_station_has_an_owner_and_a_date(drops: Any) -> None:
    fill(drops.spool / "texts", {
        "old.txt": "---\nowner: Jo\nverified: 2020-01-01\n---\nHi {name}\n",
        "new.txt": "---\nOwner: Jo\nverified: 2020-01-01\nuntil: 2099-01-01\n---\nHello\n",
        "bare.txt": "Hello\n",
        "odd.txt": "---\nowner: Jo\nverified: May\n---\nHello\n",
    })  # fmt: skip
    drop(drops, "old", message="text: old\n", contacts=LIST)
    drops.wait_taken()
    assert texts(drops)[0][1] == "Hi Anna"
    notes = drops.shelf.batches[-1][0].notes
    assert "owner Jo, last verified 2020-01-01" in notes[0]
    assert "past its date (2020-12-31)" in notes[1]
    drop(drops, "new", message="text: new.txt", contacts=LIST)
    drops.wait_taken(2)
    assert len(drops.shelf.batches[-1][0].notes) == 1
    drop(drops, "bare", message="text: bare", contacts=LIST)
    assert "has no owner" in drops.rejection("bare")[0]["reason"]
    drop(drops, "odd", message="text: odd", contacts=LIST)
    assert "are dates" in drops.rejection("odd")[0]["reason"]


def test_the_columns_of_a_strange_table_are_mapped_by_a_preset_or_by_the_batch(drops: Any) -> None:
    fill(drops.spool / "presets", {"lab.toml": '[columns]\nto = "Ring me"\nname = "Who"\n'})
    table = "Seen by,Ring me,Who\n07400100009,07400100000,Anna\n07400100009,07400100001,Bob\n"
    drop(drops, "one", message="Hi {name}", contacts=table, batch='preset = "lab"\n')
    drops.wait_taken()
    assert texts(drops) == [("+447400100000", "Hi Anna"), ("+447400100001", "Hi Bob")]
    drop(drops, "two", message="Dear {name}", contacts=table, batch='preset = "lab"\n[columns]\nto = "Seen by"\n')
    drops.wait_taken(2)
    assert texts(drops)[0] == ("+447400100009", "Dear Anna")
    drop(drops, "three", message="Hi", contacts=table, batch='[columns]\nto = "Mobile"\n')
    assert "no column named Mobile" in drops.rejection("three")[0]["reason"]


def test_the_same_content_again_needs_a_reason(drops: Any) -> None:
    drop(drops, "one", message="Hi {name}", contacts=LIST)
    drops.wait_taken()
    drop(drops, "two", message="Hi {name}\n", contacts=LIST, batch='ref = "other"\n')
    assert "as batch one" in drops.rejection("two")[0]["reason"]
    drop(drops, "three", message="Hi {name}", contacts=LIST, batch='again = true\nreason = "the first never left"\n')
    drops.wait_taken(2)
    assert drops.shelf.batches[-1][0].again == "the first never left"
    drop(drops, "four", message="Hello {name}", contacts=LIST)
    drops.wait_taken(3)


def test_a_drop_that_may_come_again_is_taken_once_for_all_restarts(make_drops: Make, tmp_path: Path) -> None:
    drops = make_drops(tmp_path)
    drops.folder._taker._spool.accept = lambda *_: (_ for _ in ()).throw(PermissionError(13, "no"))
    drop(drops, "x", message="Hi", contacts=LIST, batch='again = true\nreason = "because"\n')
    drops.start()
    drops.until(lambda: drops.taken, "it is not taken")
    drops.stop()
    again = make_drops(tmp_path).start()
    again.until((again.accepted / "x").exists, "it is not put away")
    assert not again.taken


def test_plain_signs_stand_in_only_when_a_person_says_so(drops: Any) -> None:
    curly = "It\u2019s free \u2013 call {name} \u0175"
    drop(drops, "no", message=curly, contacts=LIST)
    drops.wait_taken()
    assert texts(drops)[0][1] == "It\u2019s free \u2013 call Anna \u0175"
    drop(drops, "yes", message=curly, contacts="to,name\n07400100000,\u201cA\u201d\n", batch="plain = true\n")
    drops.wait_taken(2)
    assert texts(drops) == [("+447400100000", 'It\'s free - call "A" \u0175')]
    assert "plain signs" in drops.shelf.batches[-1][0].notes[0]


def test_rows_without_a_value_for_a_field_are_bad(drops: Any) -> None:
    drop(drops, "x", message="Hi {name}", contacts="to,name\n07400100000,\n07400100001,Bob\n")
    drops.wait_taken()
    [(_, messages, rejected)] = drops.shelf.batches
    assert [message.row for message in messages] == [2]
    assert "nothing in its column name" in rejected[0].reason


def test_times_of_batch_toml_hold_for_every_row(drops: Any) -> None:
    drop(drops, "x", message="Hi", contacts="to,not_before\n07400100000,\n07400100001,2027-01-03T10:00\n",
         batch='not_before = 2027-01-02T10:00:00\nnot_after = "2027-02-01T10:00+00:00"\n')  # fmt: skip
    drops.wait_taken()
    first, second = drops.shelf.batches[0][1]
    assert second.not_before - first.not_before == 86_400
    assert first.not_after == second.not_after == 1_801_476_000.0
    assert {message.state for message in (first, second)} == {MessageState.HELD}


def test_a_folder_dropped_file_by_file_is_taken_whole(drops: Any, good_list: Callable[..., str]) -> None:
    folder = drops.incoming / "slow"
    folder.mkdir()
    (folder / "contacts.csv").write_text(LIST)
    drops.put("marker.csv", good_list())
    drops.wait_taken()
    with (folder / "message.txt").open("w") as message:
        message.write("Hello ")
        message.flush()
        (folder / "batch.toml").write_text('ref = "A-1"\n')
        drops.put("marker2.csv", good_list())
        drops.wait_taken(2)
        assert folder.exists()
        message.write("there")
    drops.wait_taken(3)
    assert texts(drops)[0][1] == "Hello there"
    assert drops.shelf.batches[-1][1][0].ref == "A-1"


def test_a_folder_with_a_half_copied_file_waits(drops: Any, good_list: Callable[..., str]) -> None:
    folder = fill(drops.incoming / "x", {"message.txt": "Hi", "contacts.csv.part": LIST})
    drops.put("marker.csv", good_list())
    drops.wait_taken()
    assert folder.exists()
    (folder / "contacts.csv.part").rename(folder / "contacts.csv")
    (folder / "Thumbs.db").write_bytes(b"x")
    (folder / ".DS_Store").write_bytes(b"x")
    drops.wait_taken(2)


def test_a_folder_that_the_service_may_not_move_is_explained(make_drops: Make) -> None:
    if os.geteuid() != 0:
        pytest.skip("another user's folder needs root")
    with tempfile.TemporaryDirectory() as root:
        drops = make_drops(Path(root))
        folder = fill(drops.incoming / "hers", {"message.txt": "Hi", "contacts.csv": LIST})
        folder.chmod(0o755)
        Path(root).chmod(0o755)
        for path in (drops.spool, drops.incoming, drops.accepted, drops.rejected):
            path.chmod(0o777)
        os.seteuid(65534)
        try:
            drops.start()
            drops.until((drops.rejected / "hers.problems.csv").exists, "nothing is said")
            assert "chmod g+w" in drops.problems("hers")[0]["reason"]
            os.seteuid(0)
            folder.chmod(0o777)
            os.utime(folder)
            os.seteuid(65534)
            drops.until(lambda: not folder.exists(), "it is not taken out of incoming/")
            os.seteuid(0)  # that user may not be able to start the reader from where these tests lie
            drops.wait_taken()
        finally:
            os.seteuid(0)
            drops.stop()
