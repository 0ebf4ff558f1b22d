"""What keeps the store fast at any size: every statement that runs often goes by an index."""

import re

import pytest

from daemon.store import Wanted
from daemon.store.submits import Withdrawn

WALK = re.compile(
    r"SCAN (?!\(|CONSTANT|heads|hashed|abroad|json_each|messages USING INDEX messages_sending|waiting"
    r"|batches USING (COVERING )?INDEX batches_released)|TEMP B-TREE"
)
"""A walk over a whole table, or a sort. A step through a subquery's few rows is neither, nor are the messages that are
being sent, which are as many as there are SIMs, what is kept for each SIM, and the batches that are released and not
finished."""


@pytest.fixture
def plans(desk, make_message):
    """Gives the plans of every statement that some work runs, each with its statement."""
    desk.take(*[make_message(row, parts=2, not_after=desk.NOW + 60, priority=row % 3) for row in range(1, 60)])

    def of(work):
        statements = []
        desk.store.conn.set_trace_callback(statements.append)
        work()
        desk.store.conn.set_trace_callback(None)
        kinds = ("SELECT", "WITH", "UPDATE", "INSERT", "DELETE")
        explained = [s for s in dict.fromkeys(statements) if s.split()[0] in kinds]
        assert explained
        return [(s, row["detail"]) for s in explained for row in desk.store.conn.execute(f"EXPLAIN QUERY PLAN {s}")]

    return of


def walks(plans):
    """Those of them that walk. A claim sorts two heads for each released batch, no more."""
    walking = [plan for plan in plans if WALK.search(plan[1])]
    return [(sql, detail) for sql, detail in walking if "AS heads" not in sql or "ORDER BY" not in detail]


def test_a_claim_takes_the_head_of_the_partial_index(desk, plans):
    found = plans(desk.claim)
    assert [detail for _, detail in found if "messages_queued" in detail] == [
        "SEARCH messages USING INDEX messages_queued (batch_id=? AND sim=?)"
    ] * 2
    assert not walks(found)


@pytest.mark.parametrize(
    ("wanted", "indexes"),
    [
        (Wanted(known_since=0.0), {"messages_recipient", "submits_history"}),
        (Wanted(quiet=frozenset({"", "Asia/Kolkata"})), {"messages_abroad", "messages_free"}),
    ],
)
def test_where_few_may_be_texted_they_alone_are_looked_at(desk, plans, wanted, indexes):
    found = plans(lambda: desk.outbox.claim(desk.SIM, desk.NOW, wanted))
    assert indexes <= set(re.findall(r"(?:messages|submits)_\w+", " ".join(detail for _, detail in found)))
    assert "messages_queued" not in " ".join(detail for _, detail in found)


def test_nothing_that_happens_to_a_message_walks_a_table(desk, plans):
    def life():
        first, second, third, fourth = (desk.claim() for _ in range(4))
        desk.outbox.accepted(desk.submit(first), 7, desk.NOW)
        desk.outbox.accepted(desk.submit(first, 2), 8, desk.NOW)
        desk.outbox.retry(desk.submit(second), "CMS 41", "busy", desk.NOW + 60, desk.NOW)
        desk.outbox.doubt(desk.submit(third), "no answer", desk.NOW)
        desk.outbox.failed(desk.submit(fourth), "CMS 1", "no", desk.NOW)
        desk.outbox.give_back(desk.claim(), desk.NOW)
        desk.outbox.wake_due(desk.NOW + 60)
        desk.report(first.recipient, 7)
        desk.report(third.recipient, 9)
        desk.lists.opt_out(["+447700900030"], "reply", desk.NOW)
        opted_out = desk.claim()
        desk.lists.opt_out([opted_out.recipient], "reply", desk.NOW)
        with pytest.raises(Withdrawn):
            desk.submit(opted_out)

    assert not walks(plans(life))


def test_nothing_that_a_line_asks_walks_a_table(desk, plans):
    item = desk.claim()

    def questions():
        desk.outbox.standing(desk.SIM)
        desk.outbox.newest_event()
        desk.outbox.has_queued(desk.SIM)
        desk.outbox.history(desk.SIM, 0)
        desk.outbox.barred(item, desk.NOW)
        desk.inbox.texted_as("+447700900001")

    assert not walks(plans(questions))


def test_refusals_in_a_row_are_looked_for_behind_the_last_accepted_part(desk, plans):
    found = plans(lambda: desk.outbox.refused_in_a_row(desk.SIM, "nobody"))
    assert {detail for _, detail in walks(found)} <= {"USE TEMP B-TREE FOR count(DISTINCT)"}
    assert "submits_outcome (iccid=? AND outcome=? AND rowid>?)" in str(found) or "id>?" in str(found)


def test_expiry_and_recovery_look_only_at_what_is_concerned(desk, plans):
    found = plans(lambda: desk.outbox.expire(desk.NOW + 60))
    assert "messages_ending" in str(found)
    assert not walks(found)
    found = plans(lambda: desk.outbox.recover(desk.NOW))
    assert "messages_sending" in str(found)
    assert {detail for _, detail in walks(found)} <= {"SCAN sims"}


def test_the_outcomes_of_a_batch_come_in_order_without_a_sort(desk, plans):
    assert not walks(plans(lambda: list(desk.views.outcomes(1))))


def test_counts_are_kept_not_counted(desk, plans):
    assert not [s for s, _ in plans(desk.views.counts) if "messages" in s]
    assert not walks(plans(lambda: desk.views.counts(1)))


def test_what_waits_for_one_sim_is_kept_not_counted(desk, plans):
    desk.outbox.give_back(desk.claim(), desk.NOW)
    assert {detail for _, detail in plans(desk.views.waiting_for)} == {
        "SCAN waiting", "SCAN messages USING INDEX messages_sending",
    }  # fmt: skip
