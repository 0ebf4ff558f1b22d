"""Asks the running service to do something."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

ANSWER_SECONDS = 15.0


class NoDaemon(Exception):
    """No service answers. The message says where it was sought and what to do."""


class Denied(Exception):
    """The service refused. The message is its own."""


def ask(path: Path, request: dict[str, Any]) -> dict[str, Any]:
    """The service's answer to one request.

    Raises NoDaemon, Denied.
    """
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
        line.settimeout(ANSWER_SECONDS)
        try:
            line.connect(str(path))
            line.sendall(json.dumps(request).encode() + b"\n")
            answer = _read_line(line)
        except PermissionError as error:
            raise Denied(
                f"{path}: you may not talk to the service. Ask to be put into the group outpost-operators."
            ) from error
        except (OSError, ValueError) as error:
            raise NoDaemon(f"no service answers at {path} ({error}). Start it: systemctl start outpost") from error
    if not answer.get("ok"):
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
    data = bytearray()
    while not data.endswith(b"\n"):
        chunk = line.recv(65536)
        if not chunk:
            raise ConnectionError("it hung up")
        data += chunk
    answer = json.loads(data)
    return dict(answer)
