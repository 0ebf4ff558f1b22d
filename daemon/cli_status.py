"""The commands that show the station as it is: SIMs, modems, batches, messages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from daemon.cli_shared import config_option, json_option, print_json, print_lines, read

# Modules that only one command needs are imported by that command: the others must answer at once.


@click.command()
@config_option
@json_option
def status(config: Path, as_json: bool) -> None:
    """Show the station at a glance: SIMs, modems, messages by state, batches."""
    from daemon.pages.text import status_lines

    document = read(config, "status")
    if as_json:
        print_json(document)
    else:
        print_lines(status_lines(document))


@click.command()
@config_option
@json_option
@click.option("--batch", help="Only this batch.")
@click.option("--state", help="Only this state, such as in_doubt.")
def messages(config: Path, as_json: bool, batch: str | None, state: str | None) -> None:
    """List messages with their parts."""
    from daemon.core.message import MessageState
    from daemon.pages.text import message_lines

    if state is not None and state not in set(MessageState):
        raise click.BadParameter(f"{state} is no state. The states: {', '.join(MessageState)}.", param_hint="--state")
    found: list[dict[str, Any]] = []
    after: int | None = 0
    while after is not None:
        document = read(config, "messages", batch=batch, state=state, after=after)
        found += document["messages"]
        after = document["after"]
    if as_json:
        print_json({"messages": found})
    else:
        print_lines(message_lines(found))


@click.command()
@config_option
@json_option
def batches(config: Path, as_json: bool) -> None:
    """List the batches, newest first."""
    _show_part(config, "batches", as_json)


@click.command()
@config_option
@json_option
def sims(config: Path, as_json: bool) -> None:
    """List the SIMs: state, reason, what is used of each limit, when the next message may start."""
    _show_part(config, "sims", as_json)


@click.command()
@config_option
@json_option
def modems(config: Path, as_json: bool) -> None:
    """List the ports and what sits at them."""
    _show_part(config, "modems", as_json)


def _show_part(config: Path, part: str, as_json: bool) -> None:
    from daemon.pages import text

    document = read(config, "status")
    if as_json:
        print_json({part: document[part]})
    else:
        print_lines(text.LINES[part](document[part]))
