"""Removes the files that hold the people of an erased batch, and writes the certificate of what went."""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import zipfile
from collections.abc import Iterator
from datetime import tzinfo
from pathlib import Path

from daemon.clock import iso
from daemon.core.blanking import blanked
from daemon.folders import hand_over
from daemon.pages.files import write_whole
from daemon.pages.handovers import FOLDER
from daemon.store.erasure import Erased, Target

CERTIFICATES = "certificates"
HAND_IN = "outgoing"
"""The folders in which people lay files for the service: those are emptied, and stay."""
BACKUPS = ("outpost-*.db*", "before-upgrade-*.db*", "outpost.db.*")
"""Backups, the database before an upgrade, and the one that a restore replaced."""
OF_A_BATCH = (".csv", ".html", ".problems.csv", "-report")
MOST_OCTETS = 64 * 2**20
"""What is read of one packed file at most: a list is smaller, and an attack is not read through."""


def remove_files(spool_dir: Path, target: Target) -> list[str]:
    """Remove from the spool what is of the batch or mentions its people; the names, within the spool.

    What lies in incoming/ belongs to a list that comes. Raises OSError.
    """
    removed = []
    for path in sorted(_what_lies_in(spool_dir)):
        with contextlib.suppress(FileNotFoundError):  # what is being written just now is renamed under our hands
            if _is_of(path, target):
                (shutil.rmtree if path.is_dir() and not path.is_symlink() else Path.unlink)(path)
                removed.append(f"{path.parent.name}/{blanked(path.name)}")  # a conversation is named by its number
    return removed


def remove_backups(*folders: Path) -> list[str]:
    """Remove every backup that the station keeps itself: each holds what the database held. Raises OSError."""
    removed = []
    for path in sorted({path for folder in folders for kind in BACKUPS for path in folder.glob(kind)}):
        path.unlink()
        removed.append(f"{path.parent.name}/{path.name}")
    return removed


def write_certificate(
    state_dir: Path, target: Target, erased: Erased, files: list[str], *, compacted: bool, user: str, why: str,
    station: str, now: float, zone: tzinfo,
) -> Path:  # fmt: skip
    """Write `certificates/BATCH.json` in the state folder; its path. Raises OSError."""
    document = {
        "certificate": "erasure",
        "station": station,
        "batch": target.name,
        "list_sha256": target.sha256,
        "erased_at": iso(now, zone),
        "erased_by": user,
        "why": why,
        "database": {"rows_emptied": erased.emptied, "rows_removed": erased.removed, "unused_pages_removed": compacted},
        "files_removed": files,
        "kept": [
            "states, times and counts without numbers or texts",
            "opt-outs and exclusions, as keyed hashes",
            "the hash of the list, so that it is not taken twice",
            "the record: its keyed hashes of this batch can be followed by nobody any more",
        ],
        "out_of_reach": "copies that people or backups have taken off the station, the phones, and the networks",
        "audit_head": str(erased.head),
    }
    folder = state_dir / CERTIFICATES
    folder.mkdir(mode=0o750, exist_ok=True)
    hand_over(folder, state_dir)
    path = folder / f"{target.name}.json"
    write_whole(path, lambda file: file.write(json.dumps(document, indent=1, ensure_ascii=False) + "\n"))
    return path


def _what_lies_in(spool_dir: Path) -> Iterator[Path]:
    for path in spool_dir.glob("*/*"):
        if path.name == HAND_IN:
            yield from (file for file in (*path.glob("*"), *path.glob(".taken/*")) if file.name != ".taken")
        elif path.parent.name != "incoming":
            yield path


def _is_of(path: Path, target: Target) -> bool:
    if path.parent.name == "outcomes" and path.name in {f"{target.name}{end}" for end in OF_A_BATCH}:
        return True
    if path.parent.name == FOLDER and any(reference in path.name for reference in target.handovers):
        return True  # sealed, so that nobody here can see whom it speaks of
    files = (file for file in path.rglob("*") if file.is_file()) if path.is_dir() else iter((path,))
    return any(_is_its_list(file, target.sha256) or _mentions(file, target) for file in files)


def _is_its_list(path: Path, sha256: str) -> bool:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == sha256


def _mentions(path: Path, target: Target) -> bool:
    return target.people.are_in(path.name) or any(
        target.people.are_in(content.replace(b"\0", b"").decode("utf-8", "replace")) for content in _contents(path)
    )


def _contents(path: Path) -> Iterator[bytes]:
    """A file's content, and with a packed one (XLSX, UFDR) that of its members."""
    yield path.read_bytes()
    if zipfile.is_zipfile(path):
        left = MOST_OCTETS
        with zipfile.ZipFile(path) as packed:
            for member in packed.infolist():
                with packed.open(member) as file:
                    content = file.read(left)
                left -= len(content)
                yield content
