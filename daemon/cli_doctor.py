"""The command that examines a station and says the cure of what is wrong."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import click

from daemon.cli_shared import DONE, REFUSED, config_option, json_option, print_json, print_lines


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
