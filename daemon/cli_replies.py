"""The commands for what people text back: read it, say that it was seen or is settled, and answer."""

from __future__ import annotations

from pathlib import Path

import click

from daemon.cli_shared import ask, ask_or_act, config_option, json_option, print_json, print_lines, settings_of

# Modules that only one command needs are imported by that command: the others must answer at once.


@click.command()
@click.argument("number", required=False)
@click.option("--all", "every", is_flag=True, help="The answered ones too, and what is no text.")
@click.option("--seen", metavar="NUMBER", help="Somebody has looked: what was held for NUMBER goes on.")
@click.option("--done", metavar="NUMBER", help="No answer is due to NUMBER: it waits no more.")
@config_option
@json_option
def replies(
    number: str | None, every: bool, seen: str | None, done: str | None, config: Path, as_json: bool
) -> None:
    """List the replies that wait for an answer, the most pressing first. With NUMBER: read that conversation.

    Reading goes on record. What a reply is about is a guess by its words. A call for help holds all that lists would
    send to its number, until somebody answers it, or gives --seen or --done.
    """
    if seen is not None:
        held = ask(config, {"do": "seen", "number": seen})["batches"]
        click.echo(f"nothing is held for that number any more; {held} batches go on.")
    elif done is not None:
        ask_or_act(settings_of(config), {"do": "settle", "number": done})
        click.echo("nobody waits for an answer there any more.")
    else:
        _show(config, number, every, as_json)


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
    sim = f"SIM {answer['sim']}" if answer["sim"] else "another SIM, since theirs is retired"
    click.echo(f"the answer to {answer['number']} is message {answer['message']}, through {sim}.")


def _show(config: Path, number: str | None, every: bool, as_json: bool) -> None:
    from daemon.pages.replies import conversation_lines, reply_lines

    what = {"every": every} if number is None else {"number": number}
    document = ask_or_act(settings := settings_of(config), {"do": "consult", **what})
    if as_json:
        print_json(document)
    elif number is None:
        print_lines(reply_lines(document["replies"]))
    else:
        print_lines(conversation_lines(document, settings.station.zone))
