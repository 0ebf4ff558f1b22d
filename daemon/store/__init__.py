"""The SQLite database: the truth, and the only place where SQL is written."""

from __future__ import annotations

from daemon.store.alarms import Alarms
from daemon.store.connection import DatabaseForbidden, DatabaseUnusable, Store, StoreFull
from daemon.store.health import Health
from daemon.store.inbox import Inbox
from daemon.store.lists import Lists
from daemon.store.outbox import Outbox, WorkItem
from daemon.store.replies import Replies
from daemon.store.requests import Requests
from daemon.store.sims import Sims
from daemon.store.stops import Stops
from daemon.store.turns import Wanted
from daemon.store.views import Views

__all__ = [
    "Alarms", "DatabaseForbidden", "DatabaseUnusable", "Health", "Inbox", "Lists", "Outbox", "Replies", "Requests",
    "Sims", "Stops", "Store", "StoreFull", "Views", "Wanted", "WorkItem",
]
