"""The commands that examine: a station, with the cure of what is wrong, and one modem."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import click

from daemon.cli_shared import DONE, REFUSED, config_option, fail, json_option, print_json, print_lines


@click.command()
@config_option
@json_option
def doctor(config: Path, as_json: bool) -> None:
    """Look for what goes wrong on real stations, and say the cure. Changes nothing; root sees most.

    Exit code 1 when something is bad: texts do not go out, or may be lost.
    """
    import shutil

    from daemon.doctor.examination import examine
    from daemon.doctor.finding import document, is_bad, lines

    findings = examine(config, time.time())
    if as_json:
        print_json(document(findings))
    else:
        print_lines(lines(findings, shutil.get_terminal_size().columns))
    sys.exit(REFUSED if is_bad(findings) else DONE)


@click.group()
def modem() -> None:
    """Look at one modem."""


@modem.command("probe")
@click.argument("port")
@click.option("--bundle", type=click.Path(path_type=Path), metavar="FILE",
              help="Write a ZIP file for a bug report: findings and AT transcript, without personal data.")
@click.option("--config", expose_value=False, help="Taken as by every command; a probe needs none.")
@json_option
def modem_probe(port: str, bundle: Path | None, as_json: bool) -> None:
    """Show what Outpost understands of the modem at PORT, such as /dev/ttyUSB2. The service must not be using it.

    Gives no PIN, and reads, sends and deletes no SMS. Exit code 1 when the modem could not send just now.
    """
    from daemon.pages.probe_text import probe_lines
    from drivers.probe import probe, write_bundle

    found, transcript = probe(port)
    if as_json:
        print_json(found)
    else:
        print_lines(probe_lines(found))
    if bundle is not None:
        try:
            write_bundle(bundle, found, transcript)
        except OSError as error:
            fail(f"{bundle}: {error.strerror}. Choose another place for the bundle.")
    sys.exit(REFUSED if found["error"] or found["why_not"] else DONE)
