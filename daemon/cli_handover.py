"""The commands for handing a conversation over to a worker or a partner service, with the person's consent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from daemon.cli_shared import ask_or_act, config_option, json_option, print_json, print_lines, settings_of

# Modules that only one command needs are imported by that command: the others must answer at once.

_plain = click.option("--plain", is_flag=True, help="A plain file: whoever finds it can read it.")


@click.group(invoke_without_command=True)
@click.option("--all", "every", is_flag=True, help="The closed ones too.")
@config_option
@json_option
@click.pass_context
def handover(context: click.Context, every: bool, config: Path, as_json: bool) -> None:
    """Conversations given to workers and services. Alone: list those that are open. Each step goes on record."""
    if context.invoked_subcommand is None:
        from daemon.pages.handovers import handover_lines

        documents = ask_or_act(settings_of(config), {"do": "handover look", "every": every})["handovers"]
        if as_json:
            print_json({"handovers": documents})
        else:
            print_lines(handover_lines(documents))


@handover.command("assign")
@click.argument("number")
@click.argument("service")
@click.option("--consent", metavar="WORDS", help="What the person agreed to.")
@click.option("--reply", type=int, metavar="ID", help="In which reply: `outpost replies NUMBER` shows their numbers.")
@click.option("--phone", is_flag=True, help="By phone.")
@click.option("--when", metavar="TIME", default="", help="When, by phone, such as 2026-11-28T10:15; else now.")
@click.option("--without-consent", "danger", metavar="REASON", help="Somebody is in danger: why it cannot wait.")
@_plain
@config_option
def handover_assign(
    number: str, service: str, consent: str | None, reply: int | None, phone: bool, when: str, danger: str | None,
    plain: bool, config: Path,
) -> None:  # fmt: skip
    """Give the conversation with NUMBER to SERVICE, a table [services.SERVICE] of the configuration.

    Its packet lies in the spool's handover/, sealed to the service's key. Without consent nothing is handed over,
    unless somebody is in danger.
    """
    if consent and (reply is None) is not phone:
        raise click.UsageError("say how they agreed: --reply ID, or --phone.")
    if consent and danger:
        raise click.UsageError("--consent or --without-consent, not both.")
    request: dict[str, Any] = {"consent": consent, "reply": reply, "phoned": when if phone else None, "danger": danger}
    given = {key: value for key, value in request.items() if value is not None}
    done = ask_or_act(
        settings_of(config),
        {"do": "handover assign", "number": number, "service": service, "plain": plain, **given},
    )
    click.echo(f"hand-over {done['reference']} to {service}: {done['packet']}")


@handover.command("packet")
@click.argument("reference")
@_plain
@config_option
def handover_packet(reference: str, plain: bool, config: Path) -> None:
    """Write the packet of a hand-over again, with what was written since."""
    done = ask_or_act(settings_of(config), {"do": "handover packet", "reference": reference, "plain": plain})
    click.echo(f"hand-over {reference}: {done['packet']}")


@handover.command("taken")
@click.argument("reference")
@click.option("--by", "who", metavar="NAME", default="", help="Who, there; else the service.")
@config_option
def handover_taken(reference: str, who: str, config: Path) -> None:
    """Note that somebody there has taken it up. Its packet is removed: they have it."""
    ask_or_act(settings_of(config), {"do": "handover taken", "reference": reference, "who": who})
    click.echo(f"hand-over {reference} is taken up.")


@handover.command("closed")
@click.argument("reference")
@click.option("--outcome", metavar="WORDS", default="", help="What came of it.")
@config_option
def handover_closed(reference: str, outcome: str, config: Path) -> None:
    """Note that it has come to its end."""
    ask_or_act(settings_of(config), {"do": "handover closed", "reference": reference, "outcome": outcome})
    click.echo(f"hand-over {reference} is closed.")
