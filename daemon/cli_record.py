"""The commands for what the station keeps: check and hand over the record, report a batch, erase it."""

from __future__ import annotations

import os
import shutil
import sys
from functools import partial
from pathlib import Path
from typing import Any

import click

from daemon.cli_shared import (
    DONE,
    REFUSED,
    ask_or_act,
    config_option,
    disclosed,
    fail,
    json_option,
    print_json,
    print_lines,
    settings_of,
)

# Modules that only one command needs are imported by that command: the others must answer at once.


@click.group()
def audit() -> None:
    """The record of who did what, and when: check it, or hand it over."""


@audit.command("verify")
@click.option("--head", "heads", multiple=True, metavar="SEQ:HASH",
              help="A head that was printed or exported earlier: the record must still hold it.")  # fmt: skip
@config_option
@json_option
def audit_verify(heads: tuple[str, ...], config: Path, as_json: bool) -> None:
    """Follow the whole record and find any change, gap or cut. Exit code 1 when there is one.

    Whoever can write the database and audit.head can write both anew: only a head kept elsewhere shows that.
    """
    from daemon.core.chain import Head
    from daemon.pages.record import check_lines

    if not all(map(Head.parse, heads)):
        raise click.BadParameter("a head is written SEQ:HASH, as pages print it.", param_hint="--head")
    checked = disclosed(config, {"do": "audit verify", "heads": heads})
    if as_json:
        print_json(checked)
    else:
        print_lines(check_lines(checked))
    sys.exit(REFUSED if checked["breaks"] else DONE)


@audit.command("export")
@click.argument("path", type=click.Path(path_type=Path))
@config_option
def audit_export(path: Path, config: Path) -> None:
    """Write the record into a file or folder, as JSON Lines with a signed head. The export is put on record itself."""
    from daemon.pages.record import export_file

    file = export_file(path)
    _write(file.parent, {"do": "audit export", "name": file.name, "file": str(path)}, config)


@click.command()
@click.argument("batch")
@click.option("--to", "folder", type=click.Path(path_type=Path), metavar="DIR",
              help="The folder to write; by default BATCH-report in outcomes/, or here where you may not write there."
              )  # fmt: skip
@click.option("--suppress-below", default=0, metavar="N", type=click.IntRange(0),
              help="Show no figure from 1 to N-1: a small one may point at somebody.")  # fmt: skip
@config_option
def report(batch: str, folder: Path | None, suppress_below: int, config: Path) -> None:
    """Write the report of a batch: a page to print, the outcomes, the record of it, and the SHA-256 of all."""
    outcomes = settings_of(config).station.spool_dir / "outcomes"
    to = folder or (outcomes if os.access(outcomes, os.W_OK) else Path()) / f"{batch}-report"
    _write(to, {"do": "report", "batch": batch, "suppress_below": suppress_below, "file": str(to)}, config)


def _write(folder: Path, request: dict[str, Any], config: Path) -> None:
    """Have files handed over, and write them into a folder as whoever runs this."""
    from daemon.pages.files import put_whole

    made = not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, file in ask_or_act(settings_of(config), request)["opened"].items():
            with file:
                put_whole(folder / name, partial(shutil.copyfileobj, file))
            click.echo(folder / name)
    except OSError as error:
        fail(f"{folder}: {error.strerror}. Choose another place.")
    finally:
        if made and not any(folder.iterdir()):
            folder.rmdir()


@click.command()
@click.argument("batch")
@click.option("--why", default="", help="The reason, for the record and the certificate.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@config_option
def erase(batch: str, why: str, yes: bool, config: Path) -> None:
    """Erase the numbers and texts of an ended batch, for good: from the database, the spool and the station's backups.

    States and counts stay, as do opt-outs and exclusions. For administrators.
    """
    settings = settings_of(config)
    if not yes:
        click.confirm(f"Erase the people of {batch} for good? Nothing brings them back", abort=True)
    done = ask_or_act(settings, {"do": "erase", "batch": batch, "why": why})
    click.echo(f"{batch} is erased; the certificate: {done['certificate']}")
    if not done["compacted"]:
        click.echo("Old pages of the database could not be removed yet; the service does it within the hour.")
