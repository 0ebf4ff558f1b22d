"""The record as files: its head beside the database, and a signed export that anybody can check without Outpost."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import tzinfo
from pathlib import Path
from typing import Any

from daemon.clock import iso
from daemon.core.chain import Checked, Head
from daemon.core.ed25519 import public_key, sign
from daemon.pages.files import write_whole
from daemon.store import Store, losses
from daemon.store.audit import Audit
from daemon.store.losses import Loss

HEAD_FILE = "audit.head"
EXPORT_NAME = "audit.jsonl"
_SPKI = bytes.fromhex("302a300506032b6570032100")  # what stands before an Ed25519 key in a public key file (RFC 8410)


def keep_head(state_dir: Path, head: Head) -> None:
    """Keep the head apart from the database: a record whose end is cut off looks whole otherwise. Raises OSError."""
    write_whole(state_dir / HEAD_FILE, lambda file: file.write(f"{head}\n"))


def kept_head(state_dir: Path) -> Head | None:
    """The head that was kept; None when there is none that can be read."""
    try:
        return Head.parse((state_dir / HEAD_FILE).read_text("utf-8", "replace"))
    except OSError:
        return None


def make_good(store: Store, state_dir: Path, now: float, *, resend: bool) -> Loss | None:
    """As `losses.make_good`; a head that the record lacks is kept for people, under another name. Raises OSError."""
    kept = kept_head(state_dir)
    lacks = None if kept is None or Audit(store).holds(kept) else kept
    loss = losses.make_good(store, lacks, now, resend=resend)
    if lacks is not None:
        (state_dir / HEAD_FILE).rename(lost_head(state_dir, lacks))
    return loss


def lost_head(state_dir: Path, head: Head) -> Path:
    """Where a head is kept for people that the record does not hold."""
    return state_dir / f"{HEAD_FILE}.lost-{head.seq}"


def check_lines(document: dict[str, Any]) -> Iterator[str]:
    """What a check found, for people."""
    for broken in document["breaks"]:
        yield f"entry {broken['entry']}: {broken['reason']}" if broken["entry"] else broken["reason"]
    if document["breaks"]:
        yield "The record does not hold. Keep the database as it is, and compare it with an export or a printed head."
    else:
        yield f"{document['entries']} entries, each as it was recorded."
    yield f"head {document['head'] or 'none: nothing is on record'}"


def check_document(checked: Checked) -> dict[str, Any]:
    """What a check found, for programs."""
    return {
        "ok": not checked.breaks,
        "entries": checked.entries,
        "head": str(checked.head) if checked.head else None,
        "breaks": [{"entry": broken.seq, "reason": broken.reason} for broken in checked.breaks],
    }


@dataclass(frozen=True, slots=True)
class Signer:
    """Who signs an export: a station's name, its zone, and its secret key."""

    station: str
    zone: tzinfo
    secret: bytes


def export_file(path: Path) -> Path:
    """The file of an export's lines, for a path that may be a folder."""
    return path / EXPORT_NAME if path.is_dir() or not path.suffix else path


def write_export(lines: Path, rows: Iterable[tuple[int, str, str]], signer: Signer, now: float) -> list[Path]:
    """Write the record as JSON Lines, and beside it the signed head; the files.

    Each line holds an entry exactly as it was hashed, and its hash. `.head.json` names the last hash and the SHA-256 of
    the lines, `.head.sig` is its Ed25519 signature, `.pub.pem` the station's key. Raises OSError.
    """
    whole, last = hashlib.sha256(), (0, "")

    def texts() -> Iterator[str]:
        nonlocal last
        for seq, entry, hash_ in rows:
            line = f'{{"entry":{entry},"hash":"{hash_}"}}\n'
            whole.update(line.encode("utf-8", "backslashreplace"))
            last = (seq, hash_)
            yield line

    write_whole(lines, lambda file: file.writelines(texts()))
    key = public_key(signer.secret)
    document = {
        "station": signer.station, "exported_at": iso(now, signer.zone), "file": lines.name,
        "sha256": whole.hexdigest(), "entries": last[0], "head": str(Head(*last)), "public_key": key.hex(),
    }  # fmt: skip
    head = (json.dumps(document, indent=1, ensure_ascii=False) + "\n").encode()
    written = {
        lines.with_suffix(".head.json"): head,
        lines.with_suffix(".head.sig"): sign(signer.secret, head),
        lines.with_suffix(".pub.pem"): _pem(key),
    }
    for name, content in written.items():
        name.write_bytes(content)
    return [lines, *written]


def _pem(key: bytes) -> bytes:
    return b"-----BEGIN PUBLIC KEY-----\n" + base64.b64encode(_SPKI + key) + b"\n-----END PUBLIC KEY-----\n"
