"""The commands for what the station keeps: check and hand over the record, report a batch, erase it."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import click

from daemon.cli_shared import (
    DONE,
    REFUSED,
    config_option,
    fail,
    json_option,
    keep,
    print_json,
    print_lines,
    reading,
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
    from daemon.pages import record
    from daemon.store.audit import Audit

    settings = settings_of(config)
    parsed = [Head.parse(head) for head in heads]
    if None in parsed:
        raise click.BadParameter("a head is written SEQ:HASH, as pages print it.", param_hint="--head")
    kept = record.kept_head(settings.station.state_dir)
    with reading(settings) as store:
        checked = Audit(store).check(*(head for head in (*parsed, kept) if head is not None))
    if as_json:
        print_json(record.check_document(checked))
    else:
        print_lines(record.check_lines(checked))
    sys.exit(REFUSED if checked.breaks else DONE)


@audit.command("export")
@click.argument("path", type=click.Path(path_type=Path))
@config_option
def audit_export(path: Path, config: Path) -> None:
    """Write the record into a file or folder, as JSON Lines with a signed head. The export is put on record itself."""
    from daemon.pages.record import Signer, write_export
    from daemon.store.audit import SIGNING_KEY, Audit

    settings = settings_of(config)
    keep(settings, {"do": "disclose", "kind": "audit export", "file": str(path)})
    with reading(settings) as store:
        signer = Signer(settings.station.name, settings.station.zone, store.secret(SIGNING_KEY))
        try:
            written = write_export(path, Audit(store).rows(), signer, time.time())
        except OSError as error:
            fail(f"{path}: {error.strerror}. Choose another place for the export.")
    print_lines(str(file) for file in written)


@click.command()
@click.argument("batch")
@click.option("--to", "folder", type=click.Path(path_type=Path), metavar="DIR",
              help="The folder to write; by default outcomes/BATCH-report in the spool.")
@click.option("--suppress-below", default=0, metavar="N", type=click.IntRange(0),
              help="Show no figure from 1 to N-1: a small one may point at somebody.")  # fmt: skip
@config_option
def report(batch: str, folder: Path | None, suppress_below: int, config: Path) -> None:
    """Write the report of a batch: a page to print, the outcomes, the record of it, and the SHA-256 of all."""
    from daemon.control.server import asker_here
    from daemon.pages.report import Frame, write_report
    from daemon.settings import SettingsError, load_words
    from daemon.store import Views

    settings = settings_of(config)
    to = folder or settings.station.spool_dir / "outcomes" / f"{batch}-report"
    with reading(settings) as store:
        if Views(store).batch(batch) is None:
            fail(f"there is no batch {batch}. `outpost batches` lists them.")
    try:
        words = load_words(settings.replies.triage_dir)
    except SettingsError as error:
        fail(str(error))
    kept = keep(settings, {"do": "disclose", "kind": "report", "batch": batch, "file": str(to)})
    frame = Frame(asker_here().user, time.time(), kept["head"], suppress_below)
    with reading(settings) as store:
        row = Views(store).batch(batch)
        try:
            written = write_report(to, store, row, settings, words, frame) if row else []
        except OSError as error:
            fail(f"{to}: {error.strerror}. Choose another place with --to.")
    print_lines(str(file) for file in written)


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
    done = keep(settings, {"do": "erase", "batch": batch, "why": why})
    click.echo(f"{batch} is erased; the certificate: {done['certificate']}")
    if not done["compacted"]:
        click.echo("Old pages of the database could not be removed yet; the service does it within the hour.")
