"""The command that follows the station on a terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from daemon.cli_shared import config_option, fail, read, settings_of


@click.command()
@config_option
def watch(config: Path) -> None:
    """Follow the station on this terminal: SIMs, batches, replies, alarms; keys to release, pause and stop."""
    from daemon import watch as screen
    from daemon.control.client import Denied, NoDaemon, ask

    settings = settings_of(config)

    def act(request: dict[str, Any]) -> str:
        try:
            answer = ask(settings.station.control_socket, request)
        except (Denied, NoDaemon) as error:
            return f"Not done: {error}"
        left = f": {answer['left']} messages had left, {answer['waiting']} wait" if "left" in answer else ""
        return f"Done: {request['do']} {request.get('batch', '')}".rstrip() + left

    try:
        screen.watch(lambda: read(config, "status"), act)
    except OSError as error:
        fail(str(error))
