"""The commands for what people text back: read it, say that it was seen, and answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from daemon.cli_shared import ask, config_option, fail, json_option, print_json, print_lines, reading, settings_of
from daemon.settings import Settings, load_words

# Modules that only one command needs are imported by that command: the others must answer at once.


@click.command()
@click.argument("number", required=False)
@click.option("--all", "every", is_flag=True, help="The answered ones too, and what is no text.")
@click.option("--seen", metavar="NUMBER", help="Somebody has looked: what was held for NUMBER goes on.")
@config_option
@json_option
def replies(number: str | None, every: bool, seen: str | None, config: Path, as_json: bool) -> None:
    """List the replies that wait for an answer, the most pressing first. With NUMBER: read that conversation.

    What a reply is about is a guess by its words. A call for help holds all that lists would send to its number, until
    somebody answers it or gives --seen.
    """
    if seen is not None:
        held = ask(config, {"do": "seen", "number": seen})["batches"]
        click.echo(f"nothing is held for that number any more; {held} batches go on.")
    elif number is not None:
        recipient = str(ask(config, {"do": "consult", "number": number})["number"])
        _show_conversation(settings_of(config), recipient, as_json)
    else:
        _list(settings_of(config), every, as_json)


@click.command()
@click.argument("number")
@click.argument("text")
@config_option
def reply(number: str, text: str, config: Path) -> None:
    """Answer somebody who wrote: TEXT goes to NUMBER before any list, through the SIM that they wrote to.

    In quiet hours it goes only when they wrote within the hours of `reply_grace`. "text: NAME" sends the approved
    wording texts/NAME.txt of the spool.
    """
    answer = ask(config, {"do": "reply", "number": number, "text": text})
    click.echo(f"the answer to {answer['number']} is message {answer['message']}, through SIM {answer['sim']}.")


def _list(settings: Settings, every: bool, as_json: bool) -> None:
    from daemon.pages.replies import in_order, reply_document, reply_lines
    from daemon.store import Replies

    words = load_words(settings.replies.triage_dir)
    with reading(settings) as store:
        found = in_order(Replies(store).find(), words)
    documents = [reply_document(one, settings.station.zone) for one in found if every or one.open]
    if as_json:
        print_json({"replies": documents})
    else:
        print_lines(reply_lines(documents))


def _show_conversation(settings: Settings, recipient: str, as_json: bool) -> None:
    from daemon.pages.replies import conversation_lines, in_order, reply_document, turn_document
    from daemon.store import Replies

    words, zone = load_words(settings.replies.triage_dir), settings.station.zone
    with reading(settings) as store:
        found = in_order(Replies(store).find(recipient=recipient), words)
        turns = Replies(store).conversation(recipient)
    if as_json:
        document: dict[str, Any] = {
            "number": recipient,
            "replies": [reply_document(one, zone) for one in found],
            "turns": [turn_document(turn, zone) for turn in turns],
        }
        print_json(document)
    elif turns:
        print_lines(conversation_lines(recipient, found, turns, zone))
    else:
        fail(f"there is no conversation with {recipient}.")
