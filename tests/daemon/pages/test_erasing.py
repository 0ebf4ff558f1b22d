"""What is removed from the spool when people are erased, and that folders in which others lay files stay."""

from __future__ import annotations

from pathlib import Path

from daemon.core.forgetting import Forgotten
from daemon.pages.erasing import remove_files
from daemon.store.erasure import Target

ANNA, BEN = "+447700900001", "+447700900002"


def test_what_lies_in_a_folder_for_drops_goes_and_the_folder_and_what_is_of_others_stay(tmp_path: Path) -> None:
    gone = [
        f"replies/outgoing/{ANNA}.txt", f"replies/outgoing/.taken/1-2/{ANNA}.txt", f"replies/{ANNA}.txt",
        "handover/shelter-3f9a2c.txt.age", "outcomes/line.csv", "handover/outgoing/3f9a2c.txt",
    ]  # fmt: skip
    stay = [
        f"replies/outgoing/{BEN}.txt", f"replies/{BEN}.txt", "handover/shelter-aaaaaa.txt.age", f"incoming/{ANNA}.csv",
        "outcomes/other.csv",
    ]  # fmt: skip
    for name in (*gone, *stay):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    (tmp_path / "handover/outgoing/3f9a2c.txt").write_text(f"taken: Sam, who rang {ANNA}")
    numbers = frozenset({ANNA})
    target = Target(1, "line", "line.csv", "ab" * 32, Forgotten(numbers), frozenset({"3f9a2c"}), numbers)
    removed = remove_files(tmp_path, target)
    assert not any((tmp_path / name).exists() for name in gone)
    assert all((tmp_path / name).exists() for name in stay)
    assert (tmp_path / "replies/outgoing/.taken").is_dir()
    assert len(removed) == len(gone)
    assert not any(ANNA in name for name in removed)
