"""The dry run: what would become of a file or folder if it were dropped now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from daemon.core.batch import Problem, SheetRow
from daemon.intake.bundle import of_file, opened_bundle
from daemon.intake.readers.items import Unreadable
from daemon.intake.rows import Rules, Sifted, sift
from daemon.intake.sandbox import read_items
from daemon.intake.taking import notes_of
from daemon.settings import Settings


@dataclass(frozen=True, slots=True)
class Checked:
    """What a drop holds. `unreadable` says why none of it would be taken, "" when some of it would.

    `rows` are all its rows as they would stand in the queue, `sim` the only SIM that may send them.
    """

    unreadable: str = ""
    rows: Sequence[SheetRow] = ()
    problems: Sequence[Problem] = ()
    notes: Sequence[str] = ()
    wording: str = ""
    sim: str = ""
    again: str = ""


def check(path: Path, settings: Settings, now: float) -> Checked:
    """Read a drop as the drop folder would, and write nothing. A link given by hand is followed.

    Raises OSError when there is no such file or the machine cannot read it.
    """
    with opened_bundle(path.resolve(strict=True), settings, now) as bundle:
        if isinstance(bundle, list):
            return Checked(unreadable=bundle[0].reason, problems=bundle)
        rules = Rules.of(settings, bundle.order, bundle.template)
        with closing(read_items(bundle.file.descriptor, bundle.kind, columns=bundle.order.columns)) as items:
            sifted = sift(items, rules, now)
        if isinstance(sifted, Unreadable):
            return Checked(unreadable=sifted.reason, problems=[of_file(sifted)])
        return Checked(
            unreadable="" if sifted.messages else "every row is bad",
            rows=sorted(_sheet_rows(sifted), key=lambda row: row.row),
            problems=sifted.problems,
            notes=notes_of(bundle, sifted),
            wording=bundle.wording.text if bundle.wording else "",
            sim=bundle.order.sim,
            again=bundle.order.again,
        )


def _sheet_rows(sifted: Sifted) -> Iterator[SheetRow]:
    for m in sifted.messages:
        yield SheetRow(m.row, m.ref, m.cell, m.recipient, str(m.state), m.reason, m.note, m.parts, m.text, m.priority)
    for bad in sifted.rejected:
        yield SheetRow(bad.row, bad.ref, bad.to, "", "rejected", bad.reason, "", 0, bad.text)
