"""The live screen's parts that are seldom there."""

import io

import pytest
from rich.console import Console

from daemon.watch import Screen, render


@pytest.fixture
def shown():
    def show(**station):
        document = {
            "station": {
                "name": "Test", "running": True, "updated_at": "", "reading": None, "handovers": [],
                "replies": {"unread": 0, "waiting": 0}, **station,
            },
            "sims": [], "modems": [], "batches": [], "messages": {},
        }  # fmt: skip
        console = Console(file=io.StringIO(), width=120)
        console.print(render(document, Screen()))
        return console.file.getvalue()

    return show


def test_how_far_the_reading_of_a_long_list_has_come_is_on_the_screen(shown):
    assert "Reading contacts.csv: 25000 rows so far" in shown(reading={"file": "contacts.csv", "rows": 25000})
    assert "Reading" not in shown()
