"""Listens on the control socket to several at once, finds out who asks, and has the actions carried out one by one."""

from __future__ import annotations

import contextlib
import grp
import os
import pwd
import selectors
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from daemon.access import ADMINS, OPERATORS, admit, user_name
from daemon.control.asking import Asking

ASK_SECONDS = 5.0
"""How long an asker may take to ask, and then to take the answer."""
MOST_ASKERS = 64
"""At once. When one more comes, the first of them is hung up on."""
SHUT_SECONDS = 1.0
"""How long nobody is let in when the machine lacks memory or file descriptors for that."""
ENTER, READ_WRITE = 1, 6


@dataclass(frozen=True, slots=True)
class Asker:
    """Who is at the other end, as the kernel says (SO_PEERCRED), and what that user may do."""

    user: str
    operator: bool
    admin: bool

    def must_be_admin(self, to: str) -> None:
        """Raise Forbidden for all who are no administrators: these alone do what `to` says."""
        if not self.admin:
            raise Forbidden(f"{self.user} is not in outpost-admins, who alone {to}.")


def asker_here() -> Asker:
    """Whoever runs this process. It may write the database, so nothing is gained by asking for its groups."""
    return Asker(user_name(os.getuid()), operator=True, admin=True)


class Forbidden(Exception):
    """The asker may not do this. The message says who may."""


Action = Callable[[Asker, dict[str, Any]], dict[str, Any]]
"""Carries out a request; its answer."""


class ControlServer:
    """`act` carries out a request; what it raises from `refusals` is told to the asker as a refusal."""

    def __init__(
        self, path: Path, act: Action, refusals: tuple[type[Exception], ...], *, ask_seconds: float = ASK_SECONDS
    ) -> None:
        self._path = path
        self._act = act
        self._refusals: tuple[type[Exception], ...] = (*refusals, Forbidden, OSError)
        self._ask_seconds = ask_seconds
        self._log = structlog.get_logger()
        self._socket = _listen(path)
        self._askings: list[Asking] = []  # in the order in which they came
        self._poll = selectors.DefaultSelector()
        self._poll.register(self._socket, selectors.EVENT_READ)
        self._shut_until: float | None = None
        self._says_shut = True  # once, until somebody is let in
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="control", daemon=True)

    def start(self) -> None:
        """Begin in a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """Tell what has been done, end, and take the socket away."""
        self._stopping = True
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)  # wakes select()
        self._thread.join()
        self._poll.close()
        self._socket.close()
        self._path.unlink(missing_ok=True)

    def _run(self) -> None:
        while not self._stopping or self._askings:
            found = self._poll.select(self._patience())
            now = time.monotonic()  # before anything is done: who has asked meanwhile is not late
            if self._shut_until is not None and self._shut_until <= now:
                self._shut_until = None
                self._poll.register(self._socket, selectors.EVENT_READ)
            for key, _ in found:
                if key.data is None:
                    self._let_in()
                elif key.data.answered:
                    self._tell(key.data)
                else:
                    self._hear(key.data)
            for asking in self._given_up(now):
                self._hang_up(asking)

    def _patience(self) -> float | None:
        """How long nothing need happen, in seconds; None for ever."""
        moments = [one.until for one in self._askings]
        moments += [] if self._shut_until is None else [self._shut_until]
        return max(0.0, min(moments) - time.monotonic()) if moments else None

    def _given_up(self, now: float) -> list[Asking]:
        """Who is late, the first of too many, and at the end all who have asked nothing yet."""
        surplus = self._askings[:-MOST_ASKERS]
        return [
            one for one in self._askings
            if one in surplus or one.until <= now or (self._stopping and not one.answered)
        ]  # fmt: skip

    def _let_in(self) -> None:
        try:
            line, _ = self._socket.accept()
        except OSError as error:
            self._poll.unregister(self._socket)
            if not self._stopping:
                self._shut_until = time.monotonic() + SHUT_SECONDS
                if self._says_shut:
                    self._log.warning("nobody can be let in at the control socket; trying again", reason=str(error))
                self._says_shut = False
            return
        self._says_shut = True
        asking = Asking(line, time.monotonic() + self._ask_seconds)
        self._askings.append(asking)
        self._poll.register(line, selectors.EVENT_READ, asking)

    def _hear(self, asking: Asking) -> None:
        try:
            if not asking.hear():
                return
            asker, request = _asker(asking.line), asking.request()
        except (OSError, TypeError, ValueError) as error:
            self._reply(asking, _unread(error))
        else:
            self._reply(asking, self._carry_out(asker, request))

    def _reply(self, asking: Asking, answer: dict[str, Any]) -> None:
        try:
            asking.answer(answer, time.monotonic() + self._ask_seconds)
            self._poll.modify(asking.line, selectors.EVENT_WRITE, asking)
        except OSError:
            self._end(asking)
        else:
            self._tell(asking)

    def _tell(self, asking: Asking) -> None:
        try:
            all_told = asking.tell()
        except OSError:
            all_told = True
        if all_told:
            self._end(asking)

    def _hang_up(self, asking: Asking) -> None:
        if not asking.answered:
            with contextlib.suppress(OSError):
                asking.answer(_unread("it did not come in time"), 0.0)
                asking.tell()
        self._end(asking)

    def _end(self, asking: Asking) -> None:
        self._askings.remove(asking)
        self._poll.unregister(asking.line)
        asking.line.close()

    def _carry_out(self, asker: Asker, request: dict[str, Any]) -> dict[str, Any]:
        try:
            return {"ok": True, **self._act(asker, request)}
        except self._refusals as error:
            return {"ok": False, "error": str(error)}
        except (TypeError, ValueError) as error:
            self._log.warning("a request holds a value of the wrong kind", user=asker.user, error=type(error).__name__)
            return {"ok": False, "error": "the request holds a value of the wrong kind."}
        except Exception:  # noqa: BLE001 - no request may end the service
            self._log.exception("control request failed")
            return {"ok": False, "error": "internal error; see the service's log"}


def _listen(path: Path) -> socket.socket:
    path.unlink(missing_ok=True)  # the lock in state_dir has made sure that no other service is using it
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    old = os.umask(0o117)
    try:
        listener.bind(str(path))
    finally:
        os.umask(old)
    try:
        admit(path, (OPERATORS, ADMINS), READ_WRITE)
        if not path.parent.stat().st_mode & ENTER:
            admit(path.parent, (OPERATORS, ADMINS), ENTER)
    except OSError as error:
        # No access lists on this file system: the mode has to do, which knows one group.
        with contextlib.suppress(KeyError, PermissionError):
            os.chown(path, -1, grp.getgrnam(OPERATORS).gr_gid)
        structlog.get_logger().warning("control socket for one group alone", path=str(path), reason=str(error))
    listener.listen()
    return listener


def _unread(why: object) -> dict[str, Any]:
    return {"ok": False, "error": f"no request could be read: {why}"}


def _asker(line: socket.socket) -> Asker:
    _, uid, gid = struct.unpack("3i", line.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")))
    try:
        user = pwd.getpwuid(uid).pw_name
        groups = {grp.getgrgid(number).gr_name for number in os.getgrouplist(user, gid)}
    except KeyError:
        user, groups = f"uid {uid}", set()
    own = uid in (0, os.geteuid())
    admin = own or ADMINS in groups
    return Asker(user, admin or OPERATORS in groups, admin)
