"""What tests in several folders share."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

settings.register_profile("outpost", deadline=None)  # a busy machine is no fault: a test that hangs has its own bound
settings.load_profile("outpost")

ROOT = Path(__file__).resolve().parent.parent
VECTORS = Path(os.environ.get("OUTPOST_VECTORS", ROOT.parent / "shared" / "vectors"))

Vector = dict[str, Any]


class UsbTree:
    """A /sys and /proc of our own making under `root`, as the kernel lays them out, of devices that are plugged in."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._plugged = 0
        for folder in ("sys/bus/usb/devices", "sys/class/tty", "sys/devices/usb1", "proc"):
            (root / folder).mkdir(parents=True)

    def plug(
        self, place: str, ids: str, name: str = "", interfaces: Iterable[tuple[int, str, str]] = ()
    ) -> None:
        """`interfaces` are (number, "class/subclass/protocol", name of the tty or "")."""
        self._plugged += 1
        device = self.root / "sys/devices/usb1" / place
        maker, _, product = name.partition(" ")
        vendor_id, product_id = ids.split(":")
        self._write(
            device, idVendor=vendor_id, idProduct=product_id, manufacturer=maker, product=product,
            devnum=str(self._plugged), authorized="1",
        )  # fmt: skip
        for number, kind, tty in interfaces:
            interface = device / f"{place}:1.{number}"
            cls, subclass, protocol = kind.split("/")
            self._write(
                interface, bInterfaceNumber=f"{number:02x}", bInterfaceClass=cls, bInterfaceSubClass=subclass,
                bInterfaceProtocol=protocol,
            )  # fmt: skip
            if tty:
                above = interface if tty.startswith("ttyACM") else interface / tty
                (above / "tty" / tty).mkdir(parents=True)
                (self.root / "sys/class/tty" / tty).symlink_to(above / "tty" / tty)
        (self.root / "sys/bus/usb/devices" / place).symlink_to(device)

    def unplug(self, place: str) -> None:
        (self.root / "sys/bus/usb/devices" / place).unlink()
        device = self.root / "sys/devices/usb1" / place
        for link in (self.root / "sys/class/tty").iterdir():
            if link.resolve().is_relative_to(device):
                link.unlink()
        shutil.rmtree(device)

    def run(self, pid: int, comm: str, opened: Iterable[str] = ()) -> None:
        """A process that has these files open."""
        process = self.root / "proc" / str(pid)
        (process / "fd").mkdir(parents=True)
        self._write(process, comm=comm)
        for number, path in enumerate(opened):
            (process / "fd" / str(number)).symlink_to(path)

    def _write(self, folder: Path, **files: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in files.items():
            (folder / name).write_text(text + "\n")


@pytest.fixture
def usb_tree() -> type[UsbTree]:
    """Makes the /sys and /proc of a machine whose USB sockets are ours to fill."""
    return UsbTree


@pytest.fixture(scope="session")
def vectors() -> Callable[[str], list[Vector]]:
    """Gives the vectors of one file, such as vectors("pdu_status"): facts stated by other projects' tests.

    They are not ours to carry, so they lie outside the repository: a test skips where they are absent, and fails in CI.
    """

    def load(name: str) -> list[Vector]:
        path = VECTORS / f"{name}.jsonl"
        if path.exists():
            return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        message = f"no vectors at {path}: set OUTPOST_VECTORS to the folder that holds them"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)

    return load
