"""The `outpost` command: what a person types, and what the unit file starts."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import click

from daemon.cli_doctor import doctor
from daemon.cli_handover import handover
from daemon.cli_people import exclusions, optouts
from daemon.cli_record import audit, erase, report
from daemon.cli_replies import replies, reply
from daemon.cli_shared import DONE, REFUSED
from daemon.cli_shared import ask as _ask
from daemon.cli_shared import config_option as _config_option
from daemon.cli_shared import fail as _fail
from daemon.cli_shared import json_option as _json_option
from daemon.cli_shared import print_json as _print_json
from daemon.cli_shared import print_lines as _print_lines
from daemon.cli_shared import read as _read
from daemon.cli_shared import settings_of as _settings
from daemon.cli_watch import watch

# Modules that only one command needs are imported by that command: `outpost status` must answer at once.

DIED = 70
"""The service met a fault of its own: systemd starts it again, as it does not after REFUSED and USAGE."""
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="outpost", prog_name="outpost")
def main() -> None:
    """Text a list of people through USB GSM modems, once each, at a pace the carrier tolerates.

    Lists are dropped into the spool's incoming/ folder; outcomes and status.json appear beside it.
    """


for _command in (optouts, exclusions, replies, reply, handover, watch, audit, report, erase, doctor):
    main.add_command(_command)


@main.command()
@_config_option
@click.option("--log-level", default="INFO", show_default=True, type=click.Choice(LEVELS))
@click.option("--trace", type=click.Path(path_type=Path), metavar="DIR",
              help="Write each modem's AT commands and answers into this folder, without numbers, PINs and texts.")
def run(config: Path, log_level: str, trace: Path | None) -> None:
    """Run the service in the foreground, as systemd does. SIGTERM ends it, SIGHUP reads the configuration again."""
    import structlog

    from daemon.app import run as run_service
    from daemon.state_dir import CannotStart

    settings = _settings(config)
    try:
        run_service(config, settings, log_level, trace)
    except CannotStart as error:
        _fail(str(error))
    except Exception:  # noqa: BLE001 - the exit code tells systemd that another start may help
        structlog.get_logger().exception("the service died of a fault of its own")
        sys.exit(DIED)


@main.command()
@click.option("--dir", "folder", type=click.Path(path_type=Path), default=Path("demo-station"), show_default=True,
              help="Where the demo's station is built; what an earlier demo left there is removed.")  # fmt: skip
def demo(folder: Path) -> None:
    """Run the whole job with no hardware: two simulated modems, 120 rows, under a minute."""
    from daemon.demo import DemoFailed
    from daemon.demo import run as run_demo

    try:
        run_demo(folder)
    except DemoFailed as error:
        _fail(str(error))


@main.command()
@click.argument("path", type=click.Path(path_type=Path))
@_config_option
@_json_option
def check(path: Path, config: Path, as_json: bool) -> None:
    """Say what would become of a file or folder if it were dropped now. Writes nothing, sends nothing.

    Exit code 1 when the file would be rejected or any of its rows is bad.
    """
    from daemon.intake.check import check as check_drop
    from daemon.pages.dry_run import dry_run
    from daemon.pages.sheet_text import Subject, lines

    settings = _settings(config)
    now = time.time()
    try:
        checked = check_drop(path, settings, now)
    except OSError as error:
        _fail(f"{path}: {error.strerror}. Check the name and that you may read it.")
    subject = Subject(
        path.absolute().name, checked.unreadable, checked.wording, checked.again, checked.notes, checked.problems
    )
    document = dry_run(subject, checked.rows, checked.sim, settings, now)
    if as_json:
        _print_json(document)
    else:
        _print_lines(lines(document))
    sys.exit(REFUSED if document["reason"] or document["rejected"] else DONE)


@main.command()
@_config_option
@_json_option
def status(config: Path, as_json: bool) -> None:
    """Show the station at a glance: SIMs, modems, messages by state, batches."""
    from daemon.pages.text import status_lines

    document = _read(config, "status")
    if as_json:
        _print_json(document)
    else:
        _print_lines(status_lines(document))


@main.command()
@_config_option
@_json_option
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
        document = _read(config, "messages", batch=batch, state=state, after=after)
        found += document["messages"]
        after = document["after"]
    if as_json:
        _print_json({"messages": found})
    else:
        _print_lines(message_lines(found))


@main.command()
@_config_option
@_json_option
def batches(config: Path, as_json: bool) -> None:
    """List the batches, newest first."""
    _show_part(config, "batches", as_json)


@main.command()
@_config_option
@_json_option
def sims(config: Path, as_json: bool) -> None:
    """List the SIMs: state, reason, what is used of each limit, when the next message may start."""
    _show_part(config, "sims", as_json)


@main.command()
@_config_option
@_json_option
def modems(config: Path, as_json: bool) -> None:
    """List the ports and what sits at them."""
    _show_part(config, "modems", as_json)


@main.group()
def modem() -> None:
    """Look at one modem."""


@modem.command("probe")
@click.argument("port")
@click.option("--bundle", type=click.Path(path_type=Path), metavar="FILE",
              help="Write a ZIP file for a bug report: findings and AT transcript, without personal data.")
@click.option("--config", expose_value=False, help="Taken as by every command; a probe needs none.")
@_json_option
def modem_probe(port: str, bundle: Path | None, as_json: bool) -> None:
    """Show what Outpost understands of the modem at PORT, such as /dev/ttyUSB2. The service must not be using it.

    Gives no PIN, and reads, sends and deletes no SMS. Exit code 1 when the modem could not send just now.
    """
    from daemon.pages.probe_text import probe_lines
    from drivers.probe import probe, write_bundle

    found, transcript = probe(port)
    if as_json:
        _print_json(found)
    else:
        _print_lines(probe_lines(found))
    if bundle is not None:
        try:
            write_bundle(bundle, found, transcript)
        except OSError as error:
            _fail(f"{bundle}: {error.strerror}. Choose another place for the bundle.")
    sys.exit(REFUSED if found["error"] or found["why_not"] else DONE)


# What acts on the running service


@main.command()
@click.argument("batch")
@_config_option
@_json_option
@click.option("--request", default="", help="The hash on the request that you have read, or its start.")
def release(batch: str, config: Path, as_json: bool, request: str) -> None:
    """Let a waiting batch go. With approval "two-person" not by the one who dropped or last changed it.

    What would be sent stands in the spool's awaiting/ folder. When texts, list or exclusions change after the release,
    that is void.
    """
    answer = _ask(config, {"do": "release", "batch": batch, "request": request})
    if as_json:
        _print_json({"batch": batch, **{key: answer[key] for key in ("sha256", "people", "released_by")}})
    else:
        click.echo(f"{batch} is released: {answer['people']} people, request {answer['sha256'][:16]}.")


_stop_what = click.argument("batch", required=False)
_whole_station = click.option("--station", "station", is_flag=True, help="The whole station: every SIM and batch.")


@main.command()
@_stop_what
@_whole_station
@_config_option
def pause(batch: str | None, station: bool, config: Path) -> None:
    """Stop a batch, or the whole station, before its next part. `outpost resume` lets it go on."""
    _tell_left(_what(batch, station), "paused", _ask(config, _order("pause", batch, station)))


@main.command()
@_stop_what
@_whole_station
@_config_option
def resume(batch: str | None, station: bool, config: Path) -> None:
    """Let a paused batch, or the paused station, go on."""
    _ask(config, _order("resume", batch, station))
    click.echo(f"{_what(batch, station)} goes on.")


@main.command()
@_stop_what
@_whole_station
@_config_option
def cancel(batch: str | None, station: bool, config: Path) -> None:
    """End a batch, or every batch of the station, before its next part, for good."""
    _tell_left(_what(batch, station), "cancelled", _ask(config, _order("cancel", batch, station)))


@main.command()
@click.argument("message", type=int)
@click.option("--sent", "how", flag_value="sent", help="It went out.")
@click.option("--resend", "how", flag_value="resend", help="Send it again: the person may get it twice.")
@click.option("--drop", "how", flag_value="drop", help="Leave it; nothing more is sent.")
@_config_option
def resolve(message: int, how: str | None, config: Path) -> None:
    """Say what became of a message in doubt, or that it shall be sent again.

    MESSAGE is its number in `outpost messages`.
    """
    if how is None:
        raise click.UsageError("one of --sent, --resend, --drop is needed.")
    _ask(config, {"do": "resolve", "message": message, "how": how})
    click.echo(f"message {message}: {how}.")


@main.group()
def sim() -> None:
    """Hold a SIM back, or let it go."""


@sim.command("pause")
@click.argument("iccid")
@_config_option
def sim_pause(iccid: str, config: Path) -> None:
    """Send nothing more through this SIM until it is resumed."""
    _tell_left(iccid, "paused", _ask(config, {"do": "sim pause", "sim": iccid}))


@sim.command("resume")
@click.argument("iccid")
@_config_option
def sim_resume(iccid: str, config: Path) -> None:
    """Let a paused, resting or blocked SIM send again. After a block, find the network's reason first."""
    _ask(config, {"do": "sim resume", "sim": iccid})
    click.echo(f"{iccid} may send again.")


@sim.command("pin-again")
@click.argument("iccid")
@_config_option
def sim_pin_again(iccid: str, config: Path) -> None:
    """Let a SIM be given the PIN in its pin_file once more, after a try that was wrong or had no answer.

    Check the PIN with the SIM in a telephone first: the third wrong one in a row locks it.
    """
    _ask(config, {"do": "sim pin-again", "sim": iccid})
    click.echo(f"the PIN of {iccid} may be tried again, once.")


@sim.command("cancel")
@click.argument("iccid")
@_config_option
def sim_cancel(iccid: str, config: Path) -> None:
    """End what waits for this SIM and may go through no other, for good."""
    _tell_left(f"what waited for {iccid}", "cancelled", _ask(config, {"do": "sim cancel", "sim": iccid}))


@sim.command("retire")
@click.argument("iccid")
@click.option("--reason", required=True, help="Why it will not come back, for the record.")
@_config_option
def sim_retire(iccid: str, reason: str, config: Path) -> None:
    """Say that a SIM is gone for good: who waits for it is texted from another one. For administrators."""
    done = _ask(config, {"do": "sim retire", "sim": iccid, "reason": reason})
    click.echo(f"{iccid}: retired. {done['freed']} messages that waited for it may go through any SIM.")
    if done["begun"]:
        click.echo(f"{done['begun']} had begun and cannot be ended by another: outpost sim cancel {iccid}")


@main.command()
@_config_option
@click.option("--to", "folder", type=click.Path(path_type=Path), help="Another folder, such as one on a stick.")
def backup(config: Path, folder: Path | None) -> None:
    """Copy the database, also while the service sends, and examine the copy. For root or the service's user."""
    from daemon.store.backup import BackupFailed, back_up

    settings = _settings(config)
    try:
        path = back_up(settings.station.database, folder or settings.backup_folder, time.time(), settings.backup.keep)
    except BackupFailed as error:
        _fail(str(error))
    click.echo(f"{path}: the database as it is now, examined and found whole.")


@main.command()
@click.argument("backup", type=click.Path(path_type=Path, dir_okay=False))
@_config_option
def restore(backup: Path, config: Path) -> None:
    """Put a backup in the database's place, while the service is stopped. Nothing is sent twice.

    What the backup cannot know is in doubt, unless the database that is replaced can be read and tells. It is kept.
    """
    from daemon.pages.text import restored_lines
    from daemon.state_dir import CannotStart
    from daemon.store import DatabaseUnusable
    from daemon.store.restore import restore as put_back

    database = _settings(config).station.database
    try:
        _print_lines(restored_lines(database, backup, put_back(database, backup, time.time())))
    except (CannotStart, DatabaseUnusable) as error:
        _fail(str(error))


# What the commands share


def _show_part(config: Path, part: str, as_json: bool) -> None:
    from daemon.pages import text

    document = _read(config, "status")
    if as_json:
        _print_json({part: document[part]})
    else:
        _print_lines(text.LINES[part](document[part]))


def _order(do: str, batch: str | None, station: bool) -> dict[str, Any]:
    if (batch is None) is not station:
        raise click.UsageError(f"name a batch, or --station for all: outpost {do} BATCH | --station.")
    return {"do": f"station {do}"} if station else {"do": do, "batch": batch}


def _what(batch: str | None, station: bool) -> str:
    return "the station" if station or batch is None else batch


def _tell_left(whom: str, what: str, answer: dict[str, Any]) -> None:
    click.echo(f"{whom} is {what}: {answer['left']} messages had left, wholly or in part; {answer['waiting']} wait.")


if __name__ == "__main__":
    main()
