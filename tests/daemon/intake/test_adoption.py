"""What was taken is the service's: whoever dropped it reads it, and can change it no more."""

from __future__ import annotations

import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

LIST = "to,text\n+447400100000,Hello\n"
DROPPER = 12345

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can drop files for others")


def given_away(path: Path) -> Path:
    for each in (path, *path.rglob("*")):
        os.chown(each, DROPPER, DROPPER)
    return path


def readers(path: Path) -> set[tuple[int, int]]:
    """The users that the access list names, and what they may do."""
    value = os.getxattr(path, "system.posix_acl_access")
    return {(number, permissions) for tag, permissions, number in struct.iter_unpack("<HHI", value[4:]) if tag == 0x02}


@pytest.mark.parametrize("content", [LIST, "nothing of use"])
def test_a_file_is_adopted_whether_it_is_taken_or_not(drops: Any, content: str, tmp_path: Path) -> None:
    hidden = drops.put(".list.csv", content)
    (tmp_path / "another-name").hardlink_to(given_away(hidden))
    os.utime(hidden, (1e9, 1e9))
    hidden.rename(drops.incoming / "list.csv")
    places = (drops.accepted / "list.csv", drops.rejected / "list.csv")
    drops.until(lambda: any(path.exists() and path.stat().st_uid == 0 for path in places), "it is not adopted")
    (kept,) = (path for path in places if path.exists())
    assert readers(kept) == {(DROPPER, 4)}
    assert kept.stat().st_mode & 0o007 == 0
    assert kept.stat().st_mtime == 1e9
    (tmp_path / "another-name").write_text("changed afterwards")
    assert kept.read_text() == content
    assert all(batch.owner == f"uid {DROPPER}" for batch, _, _ in drops.shelf.batches)


def test_a_folder_is_adopted_whole(drops: Any) -> None:
    folder = drops.incoming / ".list"
    folder.mkdir()
    (folder / "message.txt").write_text("Support is free.")
    (folder / "contacts.csv").write_text("to\n+447400100000\n")
    given_away(folder).rename(drops.incoming / "list")
    drops.wait_taken()
    kept = drops.accepted / "list"
    assert {path.stat().st_uid for path in (kept, *kept.iterdir())} == {0}
    assert readers(kept) == {(DROPPER, 5)}
    assert readers(kept / "contacts.csv") == {(DROPPER, 4)}


def test_what_was_cut_off_is_adopted_at_the_next_start(make_drops: Callable[..., Any], tmp_path: Path) -> None:
    drops = make_drops(tmp_path)
    (drops.accepted / "list.csv").write_text(LIST)
    given_away(drops.accepted / "list.csv")
    rest = drops.spool / ".claimed" / ".copy"
    rest.mkdir(parents=True)
    (rest / "half.csv").write_text("half a copy")
    drops.start()
    drops.until(lambda: (drops.accepted / "list.csv").stat().st_uid == 0, "it is not adopted")
    drops.until(lambda: not list((drops.spool / ".claimed").iterdir()), "a copy is left behind")
    assert not drops.taken
