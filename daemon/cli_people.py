"""The commands for people who must not be texted: opt-outs and exclusions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from daemon.cli_shared import (
    ask,
    config_option,
    disclosed,
    fail,
    json_option,
    print_json,
    print_lines,
    read,
    settings_of,
)

if TYPE_CHECKING:
    from daemon.intake.number_list import NumberList
    from daemon.settings import Settings

# Modules that only one command needs are imported by that command: the others must answer at once.

AT_ONCE = 400  # numbers or hashes in one request to the service


@click.group(invoke_without_command=True)
@config_option
@json_option
@click.pass_context
def optouts(context: click.Context, config: Path, as_json: bool) -> None:
    """Those who want no more texts. Alone: list them."""
    if context.invoked_subcommand is None:
        _list_optouts((), config, as_json)


@optouts.command("list")
@click.argument("numbers", nargs=-1)
@config_option
@json_option
def optouts_list(numbers: tuple[str, ...], config: Path, as_json: bool) -> None:
    """List the opt-outs, or those of NUMBERS only. The numbers themselves are not kept: hashes of them are."""
    _list_optouts(numbers, config, as_json)


@optouts.command("add")
@click.argument("who", nargs=-1, required=True)
@config_option
def optouts_add(who: tuple[str, ...], config: Path) -> None:
    """Never text these people again. WHO is a number or a file that holds numbers."""
    _change_list("optouts add", who, config, "opted out")


@optouts.command("remove")
@click.argument("who", nargs=-1, required=True)
@click.option("--reason", default="", help="Why, for the record, such as how the person asked for it.")
@config_option
def optouts_remove(who: tuple[str, ...], reason: str, config: Path) -> None:
    """Take opt-outs back, at the wish of these people. They can do it themselves by texting START."""
    _change_list("optouts remove", who, config, "may be texted again", reason=reason)


@click.group(invoke_without_command=True)
@config_option
@json_option
@click.pass_context
def exclusions(context: click.Context, config: Path, as_json: bool) -> None:
    """Those who must not be texted, whatever the list says. Alone: count them."""
    if context.invoked_subcommand is None:
        _count_exclusions(config, as_json)


@exclusions.command("list")
@config_option
@json_option
def exclusions_list(config: Path, as_json: bool) -> None:
    """Count the exclusions; administrators see the categories too."""
    _count_exclusions(config, as_json)


@exclusions.command("add")
@click.argument("who", nargs=-1, required=True)
@click.option("--category", required=True, help="Why, such as witness. Only administrators see it.")
@config_option
def exclusions_add(who: tuple[str, ...], category: str, config: Path) -> None:
    """Never text these people. WHO is a number, a hash, or a file that holds either."""
    _change_list("exclusions add", who, config, "excluded", category=category)


@exclusions.command("remove")
@click.argument("who", nargs=-1, required=True)
@click.option("--category", help="Only from this list. Left out: from all.")
@click.option("--reason", default="", help="Why, for the record.")
@config_option
def exclusions_remove(who: tuple[str, ...], category: str | None, reason: str, config: Path) -> None:
    """Take people off the exclusions."""
    more = {} if category is None else {"category": category}
    _change_list("exclusions remove", who, config, "taken off", reason=reason, **more)


@exclusions.command("hash")
@click.argument("who", nargs=-1, required=True)
@config_option
def exclusions_hash(who: tuple[str, ...], config: Path) -> None:
    """Print the hashes by which this station knows numbers: a list of them excludes people without naming them."""
    found = _numbers(who, settings_of(config))
    for at in range(0, len(found.entries), AT_ONCE):
        asked = {"do": "exclusions hash", "numbers": found.entries[at : at + AT_ONCE]}
        print_lines(disclosed(config, asked)["hashes"])
    _tell_passed_over(found)


def _list_optouts(numbers: tuple[str, ...], config: Path, as_json: bool) -> None:
    from daemon.pages.people import optout_lines

    found = _numbers(numbers, settings_of(config)) if numbers else None
    entries = found.entries if found else []
    document = {"optouts": []} if numbers and not entries else read(config, "optouts", numbers=entries)
    if as_json:
        print_json(document)
    else:
        print_lines(optout_lines(document, len(entries)))
    if found:
        _tell_passed_over(found)


def _count_exclusions(config: Path, as_json: bool) -> None:
    from daemon.pages.people import exclusion_lines

    document = read(config, "exclusions")
    if as_json:
        print_json(document)
    else:
        print_lines(exclusion_lines(document))


def _change_list(do: str, who: tuple[str, ...], config: Path, what: str, **more: str) -> None:
    """Have the service change one of its lists, some people at a time."""
    found = _numbers(who, settings_of(config))
    entries = found.entries
    people = sum(
        ask(config, {"do": do, "numbers": entries[at : at + AT_ONCE], **more})["people"]
        for at in range(0, len(entries), AT_ONCE)
    )
    if entries:
        click.echo(f"{people} {what}; {len(set(entries)) - people} were so already.")
    _tell_passed_over(found)


def _numbers(who: tuple[str, ...], settings: Settings) -> NumberList:
    from daemon.intake.number_list import read_all

    try:
        return read_all(who, settings.station.country)
    except OSError as error:
        fail(f"{error.filename}: {error.strerror}. Check the name and that you may read it.")


def _tell_passed_over(found: NumberList) -> None:
    if found.problems:
        fail("passed over; put these right and give them again:\n  " + "\n  ".join(found.problems))
