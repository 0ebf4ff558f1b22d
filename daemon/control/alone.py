"""What people may do with the database while no service runs: the same acts, and the same entries on record."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterator
from typing import Any

from daemon.control.conversations import Conversations
from daemon.control.disclosing import Disclosing
from daemon.control.erasing import Erasing
from daemon.control.handing import Handing
from daemon.control.server import asker_here
from daemon.folders import CannotStart, lock
from daemon.pages import record
from daemon.settings import Settings
from daemon.store import DatabaseUnusable, Store
from daemon.store.backup import not_there


@contextlib.contextmanager
def alone(settings: Settings) -> Iterator[Store]:
    """The database, while no service runs with it and none can start.

    Raises CannotStart.
    """
    database = settings.station.database
    if not database.exists():
        raise CannotStart(not_there(database))
    locked = lock(settings.station.state_dir)
    try:
        with contextlib.closing(Store(database)) as store:
            record.make_good(store, settings.station.state_dir, time.time(), resend=bool(settings.sending.resend_limit))
            yield store
    except DatabaseUnusable as error:
        raise CannotStart(str(error)) from error
    finally:
        os.close(locked)


def act_alone(store: Store, settings: Settings, request: dict[str, Any]) -> dict[str, Any]:
    """Carry out a request for whoever runs this process. The pages follow when the service starts.

    Raises NotPossible, StoreFull, OSError.
    """
    given = (store, lambda: settings, time.time, _nobody_to_tell)
    parts = (Erasing(*given), Conversations(*given), Handing(*given), Disclosing(*given))
    actions = {name: action for part in parts for name, action in part.actions.items()}
    return actions[request["do"]](asker_here(), request)


def _nobody_to_tell(_batch_id: int | None) -> None:
    pass
