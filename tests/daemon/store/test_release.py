"""A release holds for exactly what was read: texts, list and exclusions; and nobody releases what they brought."""

from __future__ import annotations

import pytest

from daemon.core.not_possible import NotPossible
from daemon.store import Requests
from daemon.store.decisions import Decisions
from daemon.store.submits import Withdrawn

NUMBER, OTHER = "+447700900001", "+447700900002"


@pytest.fixture
def waiting(desk, make_message):
    """A batch named "list" that anna dropped and that waits; the desk, and short ways to decide."""
    desk.take(make_message(1, NUMBER, text="one"), make_message(2, OTHER, text="two"), released=False)
    return Release(desk)


class Release:
    def __init__(self, desk):
        self.desk = desk

    def ask(self):
        return Requests(self.desk.store).renew("list", self.desk.NOW)

    def give(self, user="ben", *, two_person=True, request=""):
        decisions = Decisions(self.desk.store)
        return decisions.release("list", user, self.desk.NOW, two_person=two_person, request=request)

    def refused(self, **how):
        with pytest.raises(NotPossible) as why:
            self.give(**how)
        return str(why.value)


def test_two_persons_one_person(waiting):
    assert "dropped by anna" in waiting.refused(user="anna")
    assert waiting.desk.states() == ["held", "held"]
    assert "anna tried" in waiting.ask().refused
    released = waiting.give("anna", two_person=False)
    assert released.people == 2
    assert waiting.desk.states() == ["queued", "queued"]
    assert waiting.desk.column("SELECT released_by FROM batches") == ["anna"]
    assert "only one that awaits release" in waiting.refused()


def test_who_changed_it_last_may_not_release_it_either(waiting):
    waiting.desk.lists.exclude([OTHER], "witness", "ben", waiting.desk.NOW)
    assert "changed last by ben" in waiting.refused(user="ben")
    assert waiting.give("carl").people == 1


def test_only_the_request_that_was_read_is_released(waiting):
    first = waiting.ask()
    assert waiting.ask() == first
    waiting.desk.lists.opt_out([OTHER], "reply", waiting.desk.NOW)
    assert "has changed since" in waiting.refused(request=first.sha256)
    second = waiting.ask()
    assert second.list_sha256 != first.list_sha256
    assert (second.people, second.left_out) == (1, {"opted out": 1})
    assert "has changed since" in waiting.refused(request=first.sha256[:16])
    assert waiting.give(request=second.sha256[:16]).sha256 == second.sha256
    assert Decisions(waiting.desk.store).requested(second.sha256) is None


@pytest.mark.parametrize("statement", [
    "UPDATE messages SET text = 'three' WHERE row = 2",
    "UPDATE messages SET recipient = '+447700900003' WHERE row = 2",
    "DELETE FROM messages WHERE row = 2",
    ("INSERT INTO messages (batch_id, row, ref, recipient, text, part_count, priority, flash, state, changed_at)"
    " VALUES (1, 3, '', '+447700900003', 'x', 1, 0, 0, 'queued', 0)"),
])  # fmt: skip
def test_any_change_of_texts_or_list_voids_the_release_at_once(waiting, statement):
    desk = waiting.desk
    before = waiting.ask()
    waiting.give()
    item = desk.claim()
    desk.store.conn.execute(statement)
    assert desk.batch_state() == "awaiting_release"
    with pytest.raises(Withdrawn):
        desk.submit(item)
    desk.outbox.give_back(item, desk.NOW)
    assert set(desk.states()) == {"held"}
    after = waiting.ask()
    assert after.voided == 1
    assert after.sha256 != before.sha256
    assert "has changed since" in waiting.refused(request=before.sha256)
    waiting.give("carl", request=after.sha256)
    assert set(desk.states()) == {"queued"}


def test_a_change_of_the_exclusions_voids_it_and_back_is_a_change_too(waiting):
    desk = waiting.desk
    before = waiting.ask()
    waiting.give()
    desk.outbox.accepted(desk.submit(desk.claim()), 1, desk.NOW)
    assert desk.lists.exclude(["+447700900009"], "witness", "dora", desk.NOW).batches == {1}
    assert (desk.batch_state(), desk.states()) == ("awaiting_release", ["sent", "held"])
    assert desk.lists.include(["+447700900009"], None, "dora", "", desk.NOW).people == 1
    after = waiting.ask()
    assert after.exclusions_sha256 == before.exclusions_sha256
    assert after.sha256 != before.sha256
    waiting.give()
    assert desk.states() == ["sent", "queued"]
    assert desk.lists.exclude(["+447700900009"], "witness", "dora", desk.NOW + 1).people == 1
    assert desk.lists.exclude(["+447700900009"], "witness", "dora", desk.NOW + 1).batches == frozenset(), "as it was"


def test_what_changes_no_text_and_no_list_voids_nothing(waiting):
    desk = waiting.desk
    waiting.give()
    item = desk.claim()
    desk.outbox.accepted(desk.submit(item), 7, desk.NOW)
    desk.report(item.recipient, 7)
    desk.lists.opt_out([OTHER], "reply", desk.NOW)
    assert (desk.batch_state(), desk.states()) == ("finished", ["delivered", "suppressed"])


def test_a_batch_that_no_person_released_is_bound_to_nothing(desk, make_message):
    desk.take(make_message(1, NUMBER), make_message(2, OTHER))
    desk.store.conn.execute("UPDATE messages SET text = 'other' WHERE row = 1")
    desk.lists.exclude(["+447700900009"], "witness", "dora", desk.NOW)
    assert (desk.batch_state(), desk.states()) == ("released", ["queued", "queued"])


def test_nobody_is_left_to_be_texted(waiting):
    waiting.desk.lists.opt_out([NUMBER], "reply", waiting.desk.NOW)
    waiting.desk.store.conn.execute("INSERT INTO optouts VALUES (person_tag(?), 0, '')", (OTHER,))
    assert "may be texted any more" in waiting.refused()
    assert waiting.desk.batch_state() == "finished"
    assert waiting.ask() is None
