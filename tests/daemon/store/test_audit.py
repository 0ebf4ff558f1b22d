"""The record in the database: written with what it records, never changed, and without a number or a text."""

import json
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import pairwise

import pytest

from daemon.core.chain import Head, What
from daemon.core.message import Resolution
from daemon.core.not_possible import NotPossible
from daemon.store.audit import Audit, Seal, record
from daemon.store.decisions import Decisions
from daemon.store.people import heed


@pytest.fixture
def audit(desk):
    return Audit(desk.store)


def entries(desk, *kinds):
    every = [json.loads(entry) for entry in desk.column("SELECT entry FROM audit ORDER BY seq")]
    return [entry for entry in every if not kinds or entry["what"] in kinds]


def test_a_message_s_way_is_on_record_without_its_number_or_text(desk, audit, make_message):
    text = "a word to you"
    desk.take(make_message(recipient="+447700900123", text=text), released=False)
    decisions = Decisions(desk.store)
    decisions.release("list", "ben", desk.NOW, two_person=True)
    decisions.pause("list", "ben", desk.NOW)
    decisions.resume("list", "cara", desk.NOW)
    submit = desk.submit(desk.claim())
    decisions.cancel("list", "dan", desk.NOW)
    assert [(e["what"], e["who"]) for e in entries(desk)] == [
        ("collection", "anna"), ("release", "ben"), ("pause", "ben"), ("resume", "cara"), ("submission", "service"),
        ("cancel", "dan"),
    ]  # fmt: skip
    collection, submission = entries(desk, "collection", "submission")
    assert (collection["file"], collection["rows"]) == ("list.csv", 1)
    assert collection["sha256"] == f"{1:064x}"
    with desk.store.writing() as conn:
        seal = Seal(conn, 1)
    assert submission["to"] == seal("+447700900123")
    assert (submission["text"], submission["pdu"]) == (seal(text), seal("0001"))
    assert [submission[key] for key in ("submit", "part", "attempt", "again")] == [submit, 1, 1, None]
    assert "7700900123" not in str(entries(desk))
    assert not audit.check().breaks


def test_whom_the_station_must_not_text_is_changed_on_record(desk, make_message):
    number, other = "+447700900123", "+447700900124"
    desk.take(make_message(recipient=other))
    desk.lists.opt_out([number], "noted by anna", desk.NOW, "anna")
    desk.lists.opt_in([number, number], "carol", "asked on the telephone, from 07700 900123", desk.NOW)
    desk.lists.exclude([number, other], "witness", "carol", desk.NOW)
    desk.lists.include([number], "witness", "dan", "the case is closed", desk.NOW)
    desk.lists.include([number], None, "dan", "again", desk.NOW)
    with desk.store.writing() as conn:
        heed(conn, number, "STOP", desk.NOW)
        heed(conn, number, "START", desk.NOW)
    found = entries(desk, "opt-out", "opt-in", "exclusion")
    assert [(e["what"], e["who"], e.get("why", "")) for e in found] == [
        ("opt-out", "anna", "noted by anna"), ("opt-in", "carol", "asked on the telephone, from [number]"),
        ("exclusion", "carol", "witness"), ("exclusion", "dan", "the case is closed"),
        ("opt-out", "service", "reply"), ("opt-in", "service", "reply"),
    ]  # fmt: skip
    assert {e["tag"] for e in found if "tag" in e} == {desk.store.person_tag(number)}
    assert [(e.get("added"), e.get("removed")) for e in found[2:4]] == [(2, None), (None, 1)]
    assert number[-9:] not in str(entries(desk))


def test_what_is_sent_again_names_the_submit_before(desk, make_message):
    desk.take(make_message())
    first = desk.submit(desk.claim())
    desk.outbox.doubt(first, "no answer", desk.NOW)
    Decisions(desk.store).resolve(1, Resolution.RESEND, "ben", desk.NOW)
    second = desk.submit(desk.claim())
    assert [(e["submit"], e["attempt"], e["again"]) for e in entries(desk, "submission")] == [
        (first, 1, None), (second, 2, first),
    ]  # fmt: skip
    resolve = entries(desk, "resolve")[0]
    assert (resolve["who"], resolve["was"], resolve["how"]) == ("ben", "in_doubt", "resend")


def test_what_does_not_happen_is_not_on_record(desk, make_message):
    desk.take(make_message(), released=False)
    with pytest.raises(NotPossible):
        Decisions(desk.store).release("list", "anna", desk.NOW, two_person=True)
    with pytest.raises(sqlite3.OperationalError), desk.store.writing() as conn:
        conn.execute(f"SELECT nothing, {record(conn, desk.NOW, What.START).seq}")
    assert [entry["what"] for entry in entries(desk)] == ["collection"]


def test_times_are_told_in_utc_in_local_time_and_since_the_machine_started(desk):
    with desk.store.writing() as conn:
        conn.execute("INSERT INTO station VALUES ('timezone', 'Europe/London')")
        for at in (1_700_000_000.25, 1_720_000_000.5):
            record(conn, at, What.START)
    first, second = entries(desk)
    assert (first["at"], first["local"]) == ("2023-11-14T22:13:20.250000Z", "2023-11-14T22:13:20+00:00")
    assert (second["at"], second["local"]) == ("2024-07-03T09:46:40.500000Z", "2024-07-03T10:46:40+01:00")
    assert datetime.fromisoformat(second["at"]).timestamp() == 1_720_000_000.5
    assert first["boot"] == second["boot"]
    assert 0 < first["since_boot"] <= second["since_boot"]


def test_names_and_reasons_keep_no_number(desk):
    with desk.store.writing() as conn:
        record(conn, desk.NOW, What.RELEASE, "ben", "for 07700 900123", batch="line-447700900123", file="2026-01-02")
    entry = entries(desk)[0]
    assert (entry["why"], entry["batch"], entry["file"]) == ("for [number]", "line-[number]", "2026-01-02")


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE audit SET entry = '{}' WHERE seq = 1",
        "DELETE FROM audit",
        "DELETE FROM audit WHERE seq = 2",
        "INSERT INTO audit VALUES (1, '{}', '')",
        "INSERT OR REPLACE INTO audit VALUES (2, '{}', '')",
        "INSERT OR REPLACE INTO audit VALUES (9, '{}', '')",
        "UPDATE OR REPLACE audit SET seq = 1 WHERE seq = 2",
    ],
)
def test_sql_cannot_change_it(desk, make_message, sql):
    desk.take(make_message())
    before = desk.column("SELECT entry FROM audit")
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        desk.store.conn.execute(sql)
    assert desk.column("SELECT entry FROM audit") == before


def test_whoever_gets_past_the_triggers_is_found_out(desk, audit, make_message):
    for _ in range(3):
        desk.take(make_message())
    head = audit.head()
    conn = desk.store.conn
    for trigger in ("audit_never_changed", "audit_never_shortened"):
        conn.execute(f"DROP TRIGGER {trigger}")
    assert {broken.seq for broken in audit.check(head).breaks} == {0}
    conn.execute("DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit)")
    assert head.seq in {broken.seq for broken in audit.check(head).breaks}
    conn.execute("UPDATE audit SET entry = replace(entry, 'anna', 'otto') WHERE seq = 3")
    assert {broken.seq for broken in audit.check().breaks} == {0, 3}


def test_one_flipped_bit_in_the_file_is_found(desk, make_message, new_desk):
    desk.take(make_message())
    desk.store.close()
    whole = desk.path.read_bytes()
    entry = whole.index(b'{"at":')
    seen = 0
    for place in range(entry, whole.index(b"}", entry) + 1, 7):
        for bit in (0, 7):
            raw = bytearray(whole)
            raw[place] ^= 1 << bit
            desk.path.write_bytes(raw)
            desk.open(desk.path)
            assert Audit(desk.store).check().breaks, (place, bit)
            desk.store.close()
            seen += 1
    assert seen > 50
    desk.path.write_bytes(whole)
    desk.open(desk.path)


def test_threads_add_to_one_chain(desk, audit):
    def write(n):
        with desk.store.writing() as conn:
            return record(conn, desk.NOW, What.START, n=n)

    with ThreadPoolExecutor(8) as pool:
        heads = sorted(pool.map(write, range(64)), key=lambda head: head.seq)
    assert all(later.seq == earlier.seq + 1 for earlier, later in pairwise(heads))
    assert audit.check(*heads).breaks == ()
    assert audit.head() == Head(heads[-1].seq, heads[-1].hash)


def test_keys_are_of_a_batch(desk, make_message):
    first, second = desk.take(make_message()), desk.take(make_message(row=2))
    with desk.store.writing() as conn:
        seals = [Seal(conn, batch)("+447700900123") for batch in (first, second, None, first)]
    assert len(set(seals)) == 3
    assert seals[0] == seals[3]
