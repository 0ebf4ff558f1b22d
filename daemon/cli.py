"""The `outpost` command: what a person types, and what the unit file starts."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from typing import NoReturn

import click

from daemon.cli_backup import backup, restore
from daemon.cli_control import cancel, pause, release, resolve, resume, sim
from daemon.cli_doctor import doctor, modem
from daemon.cli_handover import handover
from daemon.cli_people import exclusions, optouts
from daemon.cli_record import audit, erase, report
from daemon.cli_replies import replies, reply
from daemon.cli_shared import DONE, REFUSED, config_option, fail, json_option, print_json, print_lines, settings_of
from daemon.cli_status import batches, messages, modems, sims, status
from daemon.cli_watch import watch

# Modules that only one command needs are imported by that command: `outpost status` must answer at once.

DIED = 70
"""The service met a fault of its own: systemd starts it again, as it does not after REFUSED and USAGE."""
AGAIN_SECONDS = 5
"""Between tries to start on a full disk."""
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="outpost", prog_name="outpost")
def main() -> None:
    """Text a list of people through USB GSM modems, once each, at a pace the carrier tolerates.

    Lists are dropped into the spool's incoming/ folder; outcomes and status.json appear beside it.
    """


for _command in (
    status, watch, batches, messages, sims, modems,
    release, pause, resume, cancel, resolve, sim,
    replies, reply, handover, optouts, exclusions,
    report, erase, audit, backup, restore, doctor, modem,
):  # fmt: skip
    main.add_command(_command)


@main.command()
@config_option
@click.option("--log-level", default="INFO", show_default=True, type=click.Choice(LEVELS))
@click.option("--trace", type=click.Path(path_type=Path), metavar="DIR",
              help="Write each modem's AT commands and answers into this folder, without numbers, PINs and texts.")
def run(config: Path, log_level: str, trace: Path | None) -> None:
    """Run the service in the foreground, as systemd does. SIGTERM ends it, SIGHUP reads the configuration again."""
    import structlog

    from daemon.app import run as run_service
    from daemon.folders import CannotStart
    from daemon.store import StoreFull

    settings = settings_of(config)
    try:
        run_service(config, settings, log_level, trace)
    except CannotStart as error:
        fail(str(error))
    except StoreFull as error:
        _start_again(error)
    except Exception:  # noqa: BLE001 - the exit code tells systemd that another start may help
        structlog.get_logger().exception("the service died of a fault of its own")
        sys.exit(DIED)


def _start_again(error: Exception) -> NoReturn:
    """Wait, and begin anew under the same process id: there may be room by then. SIGTERM and SIGINT end it."""
    from daemon.notify import Notifier

    click.echo(
        f"{error}. Nothing was changed, nothing is sent. Make room; it tries again every {AGAIN_SECONDS} s.", err=True
    )
    Notifier.from_environment().status("waits for room on its disk; nothing is sent")
    for _ in range(AGAIN_SECONDS):
        time.sleep(1)
        if signal.sigpending() & {signal.SIGTERM, signal.SIGINT}:
            sys.exit()
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - itself, by its own words


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
        fail(str(error))


@main.command()
@click.argument("path", type=click.Path(path_type=Path, readable=False))
@config_option
@json_option
def check(path: Path, config: Path, as_json: bool) -> None:
    """Say what would become of a file or folder if it were dropped now. Writes nothing, sends nothing.

    Exit code 1 when the file would be rejected or any of its rows is bad.
    """
    from daemon.intake.check import check as check_drop
    from daemon.pages.dry_run import dry_run
    from daemon.pages.sheet_text import Subject, lines

    settings = settings_of(config)
    now = time.time()
    try:
        checked = check_drop(path, settings, now)
    except OSError as error:
        fail(f"{path}: {error.strerror}. Check the name and that you may read it.")
    subject = Subject(
        path.absolute().name, checked.unreadable, checked.wording, checked.again, checked.notes, checked.problems
    )
    document = dry_run(subject, checked.rows, checked.sim, settings, now)
    if as_json:
        print_json(document)
    else:
        print_lines(lines(document))
    sys.exit(REFUSED if document["reason"] or document["rejected"] else DONE)


if __name__ == "__main__":
    main()
