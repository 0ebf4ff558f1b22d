"""The commands that act on the running service: let a batch go, stop or end it, settle a doubt, hold a SIM back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from daemon.cli_shared import ask, config_option, json_option, print_json


@click.command()
@click.argument("batch")
@config_option
@json_option
@click.option("--request", default="", help="The hash on the request that you have read, or its start.")
def release(batch: str, config: Path, as_json: bool, request: str) -> None:
    """Let a waiting batch go. With approval "two-person" not by the one who dropped or last changed it.

    What would be sent stands in the spool's awaiting/ folder. When texts, list or exclusions change after the release,
    that is void.
    """
    answer = ask(config, {"do": "release", "batch": batch, "request": request})
    if as_json:
        print_json({"batch": batch, **{key: answer[key] for key in ("sha256", "people", "released_by")}})
    else:
        people = "1 person" if answer["people"] == 1 else f"{answer['people']} people"
        click.echo(f"{batch} is released: {people}, request {answer['sha256'][:16]}.")


_stop_what = click.argument("batch", required=False)
_whole_station = click.option("--station", "station", is_flag=True, help="The whole station: every SIM and batch.")


@click.command()
@_stop_what
@_whole_station
@config_option
def pause(batch: str | None, station: bool, config: Path) -> None:
    """Stop a batch, or the whole station, before its next part. `outpost resume` lets it go on."""
    _tell_left(_what(batch, station), "paused", ask(config, _order("pause", batch, station)))


@click.command()
@_stop_what
@_whole_station
@config_option
def resume(batch: str | None, station: bool, config: Path) -> None:
    """Let a paused batch, or the paused station, go on."""
    ask(config, _order("resume", batch, station))
    click.echo(f"{_what(batch, station)} goes on.")


@click.command()
@_stop_what
@_whole_station
@config_option
def cancel(batch: str | None, station: bool, config: Path) -> None:
    """End a batch, or every batch of the station, before its next part, for good."""
    _tell_left(_what(batch, station), "cancelled", ask(config, _order("cancel", batch, station)))


@click.command()
@click.argument("messages", nargs=-1, type=int, metavar="[MESSAGE...]")
@click.option("--batch", help="All that is in doubt in this batch.")
@click.option("--sent", is_flag=True, help="It went out.")
@click.option("--resend", is_flag=True, help="Send it again: the person may get it twice.")
@click.option("--drop", is_flag=True, help="Leave it; nothing more is sent.")
@config_option
def resolve(messages: tuple[int, ...], batch: str | None, sent: bool, resend: bool, drop: bool, config: Path) -> None:
    """Say what became of messages in doubt, or that they shall be sent again. For administrators.

    MESSAGE is a number, the ID in `outpost messages --state in_doubt`, which also says why each is in doubt.
    """
    if sent + resend + drop != 1:
        raise click.UsageError("one of --sent, --resend, --drop is needed.")
    how = "sent" if sent else "resend" if resend else "drop"
    if (batch is None) is not bool(messages):
        raise click.UsageError("name messages by their numbers, or --batch BATCH for all of it that is in doubt.")
    if batch is not None:
        answer = ask(config, {"do": "resolve", "batch": batch, "how": how})
        click.echo(f"{batch}: {answer['messages']} that were in doubt: {how}.")
    for message in messages:
        ask(config, {"do": "resolve", "message": message, "how": how})
        click.echo(f"message {message}: {how}.")


@click.group()
def sim() -> None:
    """Hold a SIM back, or let it go."""


@sim.command("pause")
@click.argument("iccid")
@config_option
def sim_pause(iccid: str, config: Path) -> None:
    """Send nothing more through this SIM until it is resumed."""
    _tell_left(iccid, "paused", ask(config, {"do": "sim pause", "sim": iccid}))


@sim.command("resume")
@click.argument("iccid")
@config_option
def sim_resume(iccid: str, config: Path) -> None:
    """Let a paused, resting or blocked SIM send again. After a block, find the network's reason first."""
    ask(config, {"do": "sim resume", "sim": iccid})
    click.echo(f"{iccid} may send again.")


@sim.command("pin-again")
@click.argument("iccid")
@config_option
def sim_pin_again(iccid: str, config: Path) -> None:
    """Let a SIM be given the PIN in its pin_file once more, after a try that was wrong or had no answer.

    Check the PIN with the SIM in a telephone first: the third wrong one in a row locks it.
    """
    ask(config, {"do": "sim pin-again", "sim": iccid})
    click.echo(f"the PIN of {iccid} may be tried again, once.")


@sim.command("cancel")
@click.argument("iccid")
@config_option
def sim_cancel(iccid: str, config: Path) -> None:
    """End what waits for this SIM and may go through no other, for good."""
    _tell_left(f"what waited for {iccid}", "cancelled", ask(config, {"do": "sim cancel", "sim": iccid}))


@sim.command("retire")
@click.argument("iccid")
@click.option("--reason", required=True, help="Why it will not come back, for the record.")
@config_option
def sim_retire(iccid: str, reason: str, config: Path) -> None:
    """Say that a SIM is gone for good: who waits for it is texted from another one. For administrators."""
    done = ask(config, {"do": "sim retire", "sim": iccid, "reason": reason})
    click.echo(f"{iccid}: retired. {done['freed']} messages that waited for it may go through any SIM.")
    if done["begun"]:
        click.echo(f"{done['begun']} had begun and cannot be ended by another: outpost sim cancel {iccid}")


# What they share


def _order(do: str, batch: str | None, station: bool) -> dict[str, Any]:
    if (batch is None) is not station:
        raise click.UsageError(f"name a batch, or --station for all: outpost {do} BATCH | --station.")
    return {"do": f"station {do}"} if station else {"do": do, "batch": batch}


def _what(batch: str | None, station: bool) -> str:
    return "the station" if station or batch is None else batch


def _tell_left(whom: str, what: str, answer: dict[str, Any]) -> None:
    click.echo(f"{whom} is {what}: {answer['left']} messages had left, wholly or in part; {answer['waiting']} wait.")
