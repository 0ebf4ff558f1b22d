"""The demo's last words."""

from __future__ import annotations

from daemon.demo import summary


def test_what_the_network_refused_is_not_what_it_did_not_deliver() -> None:
    counts = {"delivered": 110, "undelivered": 2, "failed": 1, "suppressed": 1, "in_doubt": 0}
    first, second = summary(counts, {"rejected": 6, "rows": 120})
    assert first == "[bold]110 delivered, 2 accepted by the network and not delivered, 1 refused by it[/bold]"
    assert second == "6 rows rejected, 1 duplicate not sent, 0 in doubt, of 120 rows"
