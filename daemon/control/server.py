"""Listens on the control socket, finds out who asks, and has the actions carried out, one asker at a time."""

from __future__ import annotations

import contextlib
import grp
import json
import os
import pwd
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import structlog

from daemon.access import ADMINS, OPERATORS, admit, user_name

ASK_SECONDS = 5.0
"""How long one asker may keep the others waiting."""
LONGEST_REQUEST = 65536
LONGEST_NUMBER = 63
"""Bits of a whole number, besides its sign: as many as SQLite keeps."""
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

    def __init__(self, path: Path, act: Action, refusals: tuple[type[Exception], ...]) -> None:
        self._path = path
        self._act = act
        self._refusals: tuple[type[Exception], ...] = (*refusals, Forbidden, OSError)
        self._log = structlog.get_logger()
        self._socket = _listen(path)
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="control", daemon=True)

    def start(self) -> None:
        """Begin in a thread of its own."""
        self._thread.start()

    def stop(self) -> None:
        """End, and take the socket away."""
        self._stopping = True
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)  # wakes accept()
        self._thread.join()
        self._socket.close()
        self._path.unlink(missing_ok=True)

    def _run(self) -> None:
        while not self._stopping:
            try:
                line, _ = self._socket.accept()
            except OSError:
                return
            with line:
                line.settimeout(ASK_SECONDS)
                answer = self._answer(line)
                with contextlib.suppress(OSError):
                    _tell(line, answer)

    def _answer(self, line: socket.socket) -> dict[str, Any]:
        try:
            asker, request = _asker(line), _read_request(line)
        except (OSError, TypeError, ValueError) as error:
            return {"ok": False, "error": f"no request could be read: {error}"}
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


def _tell(line: socket.socket, answer: dict[str, Any]) -> None:
    """Send an answer. Of files, `opened` by name, it holds the names; they go beside it (SCM_RIGHTS, unix(7))."""
    files: dict[str, BinaryIO] = answer.get("opened", {})
    if files:
        answer["opened"] = list(files)
        socket.send_fds(line, [b" "], [file.fileno() for file in files.values()])
        for file in files.values():
            file.close()
    line.sendall(json.dumps(answer).encode() + b"\n")


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


def _read_request(line: socket.socket) -> dict[str, Any]:
    data = bytearray()
    end = time.monotonic() + ASK_SECONDS
    while not data.endswith(b"\n"):
        line.settimeout(max(end - time.monotonic(), 0.001))  # 0 would mean not to wait at all
        chunk = line.recv(4096)
        if not chunk or len(data) > LONGEST_REQUEST:
            raise ValueError("it is cut off or too long")
        data += chunk
    try:
        request = json.loads(data.decode("utf-8-sig"), parse_int=_whole)
        json.dumps(request, ensure_ascii=False).encode()
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    except UnicodeEncodeError:
        raise ValueError("it holds half a character") from None
    except (UnicodeDecodeError, json.JSONDecodeError):
        raise ValueError("it is no JSON object") from None
    if not isinstance(request, dict):
        raise TypeError("it is no JSON object")
    return request


def _whole(digits: str) -> int:
    if len(digits) > LONGEST_NUMBER or int(digits).bit_length() > LONGEST_NUMBER:  # int() refuses very many digits
        raise ValueError("it holds a number that is too large")
    return int(digits)
