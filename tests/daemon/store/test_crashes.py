"""Whatever happens in whatever order, and wherever it is cut off: nothing lost, nothing twice, nothing half done."""

import shutil
import sqlite3
import tempfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from daemon.core.message import BATCH_TRANSITIONS, MessageState, PartState, is_final, message_state
from daemon.store.submits import Withdrawn

RAM = Path("/dev/shm")
OPEN = {"held", "queued", "sending", "in_doubt"}


@pytest.mark.timeout(600)
def test_any_order_of_events_keeps_the_queue_whole(new_desk, make_message):
    Station.new_desk, Station.make_message = staticmethod(new_desk), staticmethod(make_message)
    run_state_machine_as_test(Station, settings=settings(max_examples=200, stateful_step_count=50, deadline=None))


class Station(RuleBasedStateMachine):
    """Two lines, people, the network and the cleaner with the mains plug."""

    @initialize(resend=st.sampled_from([0, 2]))
    def open(self, resend):
        self.folder = Path(tempfile.mkdtemp(dir=RAM if RAM.is_dir() else None))
        self.desk = self.new_desk(self.folder)
        self.resend = resend
        self.now = self.desk.NOW
        self.rows = 0
        self.mr = 0
        self.held = {self.desk.SIM: None, self.desk.OTHER_SIM: None}  # what each line holds: item, submit or None
        self.doubts = []  # (submit, part) whose answer may still come
        self.left = set()  # parts that the network is known to have
        self.open_doubts = set()  # parts of which nobody knows
        self.resent = set()  # parts of which nobody knew, to be sent again by the operator's policy
        self.final = {}
        self.drop(parts=2, count=3, released=True, ends=False)

    def teardown(self):
        if hasattr(self, "desk"):
            self.desk.store.close()
            shutil.rmtree(self.folder)

    # What people do

    @rule(parts=st.integers(1, 3), count=st.integers(1, 3), released=st.booleans(), ends=st.booleans())
    def drop(self, parts, count, released, ends):
        end = self.now + 50 if ends else None
        rows = range(self.rows + 1, self.rows + count + 1)
        self.desk.take(*[self.make_message(row, parts=parts, not_after=end) for row in rows], released=released)
        self.rows += count

    @rule(which=st.integers(1, 5))
    def release(self, which):
        self.desk.outbox.release(which, self.now)

    @rule(row=st.integers(1, 20))
    def opt_out(self, row):
        self.desk.lists.opt_out([self.make_message(row).recipient], "reply", self.now)

    # What the lines do

    lines = st.sampled_from(["SIM", "OTHER_SIM"])
    answers = st.sampled_from(["accepted", "accepted", "accepted", "failed", "retry", "later", "doubt", "give_back"])

    @rule(line=lines, answer=answers)
    def work(self, line, answer):
        """A line does its next step: it claims, it submits, it records the answer."""
        iccid = getattr(self.desk, line)
        if self.held[iccid] is None:
            self.claim(iccid)
        elif self.held[iccid][1] is None:
            self.submit(iccid)
        else:
            self.record(iccid, answer)

    @rule(line=lines, given=st.lists(answers, min_size=3, max_size=9))
    def work_on(self, line, given):
        for answer in given:
            self.work(line, answer)

    def claim(self, iccid):
        item = self.desk.outbox.claim(iccid, self.now)
        if item is not None:
            assert not any((item.message_id, part.seq) in self.open_doubts for part in item.parts)
            self.held[iccid] = (item, None)

    def submit(self, iccid):
        item = self.held[iccid][0]
        waiting = [seq for seq in range(1, item.part_count + 1) if self.part_state((item.message_id, seq)) == "pending"]
        if not waiting:
            assert self.state(item.message_id) != "sending", "a claimed message has nothing to send"
            self.desk.outbox.give_back(item, self.now)  # it was to be sent again, and evidence came that it had left
            self.held[iccid] = None
            return
        part = (item.message_id, waiting[0])
        try:
            submit = self.desk.submit(item, waiting[0], self.now, iccid)
        except Withdrawn:
            self.desk.outbox.give_back(item, self.now)
            self.held[iccid] = None
            return
        assert part not in self.left, "sent twice"
        assert part not in self.open_doubts, "sent again while nobody knew whether it had left"
        self.held[iccid] = (item, submit, part)

    def record(self, iccid, answer):
        item, submit, part = self.held[iccid]
        self.held[iccid] = None
        if answer == "accepted":
            self.accept(submit, part)
            if self.state(part[0]) == "sending":
                self.held[iccid] = (item, None)
        elif answer == "give_back":
            self.desk.outbox.give_back(item, self.now)
            if self.part_state(part) == "in_doubt":
                self.open_doubts.add(part)
                self.doubts.append((submit, part))
        else:
            self.refuse(submit, part, answer)

    @rule(line=lines, due=st.sampled_from([None, 30.0]))
    def give_back(self, line, due):
        iccid = getattr(self.desk, line)
        if self.held[iccid] is None:
            self.claim(iccid)
        if self.held[iccid] is not None and self.held[iccid][1] is None:
            self.desk.outbox.give_back(self.held[iccid][0], self.now, due_at=due and self.now + due)
            self.held[iccid] = None

    @rule(line=lines, state=st.sampled_from([MessageState.EXPIRED, MessageState.FAILED]))
    def end(self, line, state):
        iccid = getattr(self.desk, line)
        if self.held[iccid] is not None and self.held[iccid][1] is None:
            self.desk.outbox.end(self.held[iccid][0], state, "because", self.now)
            self.held[iccid] = None

    @precondition(lambda self: self.doubts)
    @rule(data=st.data(), answer=st.sampled_from(["accepted", "failed", "retry"]))
    def late_answer(self, data, answer):
        submit, part = self.doubts.pop(data.draw(st.integers(0, len(self.doubts) - 1)))
        if part not in self.open_doubts and not (self.part_state(part) == "pending" and answer == "accepted"):
            return  # it was sent again, or its report came
        self.open_doubts.discard(part)
        if answer == "accepted":
            self.accept(submit, part)
        else:
            self.refuse(submit, part, answer)

    def accept(self, submit, part):
        self.mr = (self.mr + 1) % 256
        self.desk.outbox.accepted(submit, self.mr, self.now)
        self.left.add(part)

    def refuse(self, submit, part, answer):
        outbox = self.desk.outbox
        if answer == "failed":
            outbox.failed(submit, "CMS 1", "no such number", self.now)
        elif answer == "doubt":
            outbox.doubt(submit, "no answer", self.now, resend_limit=self.resend)
            self.doubts.append((submit, part))
            (self.open_doubts if self.part_state(part) == "in_doubt" else self.resent).add(part)
        else:
            outbox.retry(submit, "CMS 41", "busy", self.now + 30 if answer == "later" else None, self.now)

    # What the network does

    @precondition(lambda self: self.left or self.open_doubts)
    @rule(data=st.data(), status=st.sampled_from([0x00, 0x30, 0x46]), fits=st.sampled_from([True, True, False]))
    def report(self, data, status, fits):
        rows = self.desk.store.conn.execute("SELECT iccid, mr, recipient, at FROM submits ORDER BY id DESC").fetchall()
        row = data.draw(st.sampled_from(rows))
        mr = row["mr"] if row["mr"] is not None and fits else 251
        scts = row["at"] + (1 if fits else 5000)
        self.desk.report(row["recipient"], mr, status=status, at=self.now, scts=scts, iccid=row["iccid"])
        self.notice()

    def notice(self):
        """Reports may have told of parts what the lines do not know yet."""
        for part in list(self.open_doubts | self.resent):
            if self.part_state(part) in ("sent", "delivered", "undelivered"):
                self.open_doubts.discard(part)
                self.resent.discard(part)
                self.left.add(part)

    # What time does

    @rule(seconds=st.sampled_from([1, 31, 3000]))
    def time_goes_by(self, seconds):
        self.now += seconds
        self.desk.outbox.wake_due(self.now)
        self.desk.outbox.expire(self.now)

    @rule()
    def mains_fail(self):
        for held in self.held.values():
            if held is not None and held[1] is not None:
                self.open_doubts.add(held[2])
        self.desk.kill()
        self.desk.outbox.recover(self.now, resend_limit=self.resend)
        self.held = dict.fromkeys(self.held)
        self.doubts = []
        self.open_doubts = {part for part in self.open_doubts if self.part_state(part) == "in_doubt"}
        assert self.desk.views.counts()["sending"] == 0
        assert self.desk.column("SELECT count(*) FROM submits WHERE outcome = 'submitting'") == [0]
        assert "submitting" not in self.desk.parts()

    # What must always hold

    def state(self, message_id):
        return self.desk.column(f"SELECT state FROM messages WHERE id = {message_id}")[0]

    def part_state(self, part):
        """A part that is not stored yet waits for the first prompt of its message."""
        found = self.desk.column("SELECT state FROM parts WHERE message_id = {} AND seq = {}".format(*part))
        return found[0] if found else "pending"

    @invariant()
    def the_kept_counts_are_true(self):
        conn = self.desk.store.conn
        kept = conn.execute("SELECT batch_id, state, n FROM counts WHERE n != 0 ORDER BY 1, 2").fetchall()
        true = conn.execute("SELECT batch_id, state, count(*) FROM messages GROUP BY 1, 2 ORDER BY 1, 2").fetchall()
        assert [tuple(row) for row in kept] == [tuple(row) for row in true]
        assert sum(row["n"] for row in kept) == self.rows
        bound = "SELECT sim FROM messages WHERE state IN ('held', 'queued', 'sending') AND sim IS NOT NULL"
        assert self.desk.views.waiting_for() == Counter(self.desk.column(bound))

    @invariant()
    def what_is_final_stays(self):
        for message_id, state in self.desk.store.conn.execute("SELECT id, state FROM messages"):
            if is_final(MessageState(state)):
                assert self.final.setdefault(message_id, state) == state
            assert message_id not in self.final or self.final[message_id] == state

    @invariant()
    def what_is_being_sent_is_in_the_hands_of_a_line(self):
        """Not the other way round: a report that overtakes the answer has settled what the line still holds."""
        in_hand = {held[0].message_id for held in self.held.values() if held is not None}
        assert set(self.desk.column("SELECT id FROM messages WHERE state = 'sending'")) <= in_hand

    @invariant()
    def messages_and_parts_agree(self):
        conn = self.desk.store.conn
        for message_id, state, sim in conn.execute("SELECT id, state, sim FROM messages").fetchall():
            parts = [PartState(p) for p in self.desk.column(f"SELECT state FROM parts WHERE message_id = {message_id}")]
            meaning = message_state(parts)
            if state in ("held", "queued"):
                assert meaning in ("queued", "sending")
                assert not parts or sim
            elif state == "sending":
                assert meaning in ("queued", "sending")
            elif state not in ("expired", "suppressed", "failed", "undelivered"):
                assert meaning == state

    @invariant()
    def every_part_that_moved_has_its_submit(self):
        submitted = set(self.desk.column("SELECT part_id FROM submits"))
        assert set(self.desk.column("SELECT id FROM parts WHERE state != 'pending'")) <= submitted

    @invariant()
    def a_batch_is_finished_when_nothing_of_it_is_open(self):
        for row in self.desk.views.batches():
            is_open = any(row["messages"][state] for state in OPEN)
            assert (row["state"] == "finished") == (not is_open), row
            assert row["state"] in BATCH_TRANSITIONS


def everything_that_writes(desk, make_message):
    """Operations that change much, by name, on a desk that stands ready for each."""
    desk.take(*[make_message(row, parts=2) for row in range(1, 6)])
    desk.take(make_message(6, not_after=desk.NOW), released=False)
    item = desk.claim()
    submits = [desk.submit(desk.claim()) for _ in range(3)]
    desk.outbox.doubt(submits[2], "no answer", desk.NOW)
    outbox = desk.outbox
    return {
        "enqueue": lambda: desk.take(*map(make_message, range(1, 200))),
        "release": lambda: outbox.release(2, desk.NOW),
        "claim": lambda: outbox.claim(desk.SIM, desk.NOW),
        "submitting": lambda: desk.submit(item),
        "accepted": lambda: outbox.accepted(submits[0], 7, desk.NOW),
        "failed": lambda: outbox.failed(submits[0], "CMS 1", "no", desk.NOW),
        "retry": lambda: outbox.retry(submits[0], "CMS 41", "busy", None, desk.NOW),
        "doubt": lambda: outbox.doubt(submits[0], "no answer", desk.NOW),
        "report": lambda: desk.report("+447700900003", 9),
        "opt_out": lambda: desk.lists.opt_out(["+447700900005"], "reply", desk.NOW),
        "expire": lambda: outbox.expire(desk.NOW),
        "recover": lambda: outbox.recover(desk.NOW),
    }


OPERATIONS = (
    "enqueue", "release", "claim", "submitting", "accepted", "failed", "retry", "doubt", "report", "opt_out", "expire",
    "recover",
)  # fmt: skip


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_cut_off_anywhere_has_not_happened(desk, make_message, name):
    operation = everything_that_writes(desk, make_message)[name]
    before = desk.dump()
    cut_off = 0
    for steps in (1, 2, 4, 7, 11, 16, 22, 30, 45, 70, 100, 200, 1000, 10_000, 10**9):
        left, running = [steps], [""]

        def stop(left=left, running=running):
            left[0] -= running != ["COMMIT"]  # SQLite looks once more when that is done, which is too late
            return left[0] == -1  # once: what follows is the undoing

        def note(statement, running=running):
            running[0] = statement

        desk.store.conn.set_trace_callback(note)
        desk.store.conn.set_progress_handler(stop, 5)
        try:
            operation()
            break
        except sqlite3.OperationalError as error:
            assert "interrupted" in str(error)
            cut_off += 1
        finally:
            desk.store.conn.set_progress_handler(None, 5)
            desk.store.conn.set_trace_callback(None)
        assert not desk.store.conn.in_transaction
        assert desk.dump() == before
    assert cut_off > 3
    assert desk.dump() != before
