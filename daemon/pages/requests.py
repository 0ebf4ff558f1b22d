"""Keeps awaiting/BATCH.txt for each batch that waits for release: what a release would let go, and how to give it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import tzinfo
from pathlib import Path

from daemon.clock import iso
from daemon.pages.files import write_whole
from daemon.settings import Approval, Settings
from daemon.store import Requests
from daemon.store.requests import Request

MARK = "request"
"""Before the hash, on the line by which a request is known again."""


class RequestFiles:
    """One thread keeps them."""

    def __init__(self, requests: Requests) -> None:
        self._requests = requests
        self._written: dict[str, object] = {}

    def keep(self, settings: Settings, now: float) -> None:
        """Write what is missing or no longer right, and take away what waits no more. Raises OSError, StoreFull."""
        folder = settings.station.spool_dir / "awaiting"
        folder.mkdir(mode=0o770, exist_ok=True)
        for name, standing in self._requests.waiting().items():
            path = folder / f"{name}.txt"
            if self._written.get(name) == standing and path.exists():
                continue
            request = self._requests.renew(name, now)
            if request is not None:
                _write(path, request, settings)
        self._written = dict(self._requests.waiting())
        for path in folder.glob("*.txt"):
            if path.stem not in self._written:
                path.unlink(missing_ok=True)


def _write(path: Path, request: Request, settings: Settings) -> None:
    text = "\n".join(_lines(request, settings.sending.approval, settings.station.zone))
    write_whole(path, lambda file: file.write(text + "\n"))


def _lines(request: Request, approval: Approval, zone: tzinfo) -> Iterator[str]:
    yield f"Request for release of batch {request.batch}"
    yield ""
    if request.refused:
        yield f"NOT RELEASED. {request.refused}"
        yield ""
    if request.voided:
        yield "It was released before. Its texts, its list or the exclusions have changed since: that release is void."
        yield ""
    yield f"people who would be texted  {request.people}"
    yield f"parts                       {request.parts}"
    yield f"rows in the list            {request.rows}"
    yield f"rows rejected               {request.rejected}"
    for reason, count in request.left_out.items():
        yield f"  other rows: {count}, {reason}"
    yield f"dropped                     {iso(request.dropped_at, zone)} by {request.dropped_by} as {request.source}"
    if request.changed_by:
        yield f"last changed by             {request.changed_by}"
    yield ""
    yield "What is sent, and to how many:"
    for text, count in request.texts:
        yield f"  {count:5}  {json.dumps(text, ensure_ascii=False)}"
    yield ""
    yield from _how(request, approval)
    yield ""
    yield f"{MARK}     {request.sha256}"
    yield f"texts       {request.texts_sha256}"
    yield f"list        {request.list_sha256}"
    yield f"exclusions  {request.exclusions_sha256}"


def _how(request: Request, approval: Approval) -> Iterator[str]:
    yield "To release it, move this file into a folder of your own in released/, or give the command"
    yield f"  outpost release {request.batch} --request {request.sha256[:16]}"
    if approval is Approval.TWO_PERSON:
        others = " and ".join(dict.fromkeys(filter(None, (request.dropped_by, request.changed_by))))
        yield f"Not {others}: somebody else must do it."
