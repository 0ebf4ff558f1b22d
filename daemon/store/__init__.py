"""The SQLite database: the truth, and the only place where SQL is written."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from daemon.store.alarms import Alarms
    from daemon.store.connection import DatabaseForbidden, DatabaseUnusable, Store, StoreFull
    from daemon.store.health import Health
    from daemon.store.inbox import Inbox
    from daemon.store.lists import Lists
    from daemon.store.outbox import Outbox
    from daemon.store.replies import Replies
    from daemon.store.requests import Requests
    from daemon.store.sims import Sims
    from daemon.store.stops import Stops
    from daemon.store.submits import WorkItem
    from daemon.store.turns import Wanted
    from daemon.store.views import Views

__all__ = [
    "Alarms", "DatabaseForbidden", "DatabaseUnusable", "Health", "Inbox", "Lists", "Outbox", "Replies", "Requests",
    "Sims", "Stops", "Store", "StoreFull", "Views", "Wanted", "WorkItem",
]

_ELSEWHERE = {
    "DatabaseForbidden": "connection", "DatabaseUnusable": "connection", "Store": "connection",
    "StoreFull": "connection", "Wanted": "turns", "WorkItem": "submits",
}


def __getattr__(name: str) -> Any:
    """Load what is asked for (PEP 562), and not all of the store: a command that reads must answer at once."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f"{__name__}.{_ELSEWHERE.get(name, name.lower())}"), name)
    globals()[name] = found
    return found
