"""Asks the running service to do something."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path
from typing import Any

ANSWER_SECONDS = 15.0
LONG_SECONDS = 600.0
LONG = {"audit verify", "audit export", "report", "erase"}
"""What the whole record is read for, or the whole database written."""
MOST_FILES = 16


class NoDaemon(Exception):
    """No service answers. The message says where it was sought and what to do."""


class Denied(Exception):
    """The service refused. The message is its own."""


def ask(path: Path, request: dict[str, Any]) -> dict[str, Any]:
    """The service's answer to one request. Files in it, `opened` by name, are for reading.

    Raises NoDaemon, Denied.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        seconds = LONG_SECONDS if request["do"] in LONG else ANSWER_SECONDS
        line.settimeout(seconds)
        try:
            line.connect(str(path))
            line.sendall(json.dumps(request).encode() + b"\n")
            answer = _read_line(line)
        except PermissionError as error:
            raise Denied(
                f"{path}: you may not talk to the service. Ask to be put into the group outpost-operators."
            ) from error
        except TimeoutError as error:
            raise Denied(
                f"the service has not answered within {seconds:.0f} s. It may still do what was asked: look, with "
                "`outpost status`, before you ask again."
            ) from error
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) and error.strerror else error
            raise NoDaemon(f"no service answers at {path} ({why}). Start it: systemctl start outpost") from error
    if not answer.pop("ok", False):
        raise Denied(str(answer.get("error", "the service refused without a reason")))
    return answer


def answers(path: Path) -> bool:
    """Whether a service listens there, also when it would not listen to this user."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.settimeout(ANSWER_SECONDS)
        try:
            line.connect(str(path))
        except PermissionError:
            return True
        except OSError:
            return False
    return True


def _read_line(line: socket.socket) -> dict[str, Any]:
    data, descriptors = bytearray(), []
    while not data.endswith(b"\n"):
        chunk, came, _, _ = socket.recv_fds(line, 65536, MOST_FILES)
        if not chunk:
            raise ConnectionError("it hung up")
        data += chunk
        descriptors += came
    answer = dict(json.loads(data))
    if descriptors:
        files = (os.fdopen(descriptor, "rb") for descriptor in descriptors)
        answer["opened"] = dict(zip(answer["opened"], files, strict=True))
    return answer
