"""What the kernel says of USB devices and their serial ports, read from /sys and /proc: nothing is opened here."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from drivers.usb_ids import AT_CLASSES, AT_INTERFACES, AT_PROTOCOLS, MODEM_VENDORS, NO_MODEM_YET

ROOT = Path("/")
"""Where /sys, /proc and /dev are found."""


@dataclass(frozen=True, slots=True)
class Interface:
    """One interface of a USB device that has a serial port. `port` is its path under /dev; `kind` is its class,
    subclass and protocol, two hexadecimal digits each (USB 2.0, table 9-12)."""

    port: str
    number: int
    kind: tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Device:
    """One USB device. `place` is the socket it sits in, such as "1-1.2"; `plugged` is another number each time that it
    is plugged in."""

    place: str
    plugged: str
    vendor: str
    product: str
    name: str
    interfaces: tuple[Interface, ...] = ()


@dataclass(frozen=True, slots=True)
class Stick:
    """A device that is a modem, or would be one. `ports` are those that may take AT commands, the likeliest first; with
    `sure` the first is known to. `why_not` is a sentence for people, and then there is nothing to open."""

    device: Device
    ports: tuple[str, ...] = ()
    sure: bool = False
    why_not: str = ""


def sticks(root: Path = ROOT) -> list[Stick]:
    """Every modem on USB just now, by what its USB identity says. What is not known as a modem is left out."""
    return [stick for device in devices(root) if (stick := stick_of(device)) is not None]


def stick_of(device: Device) -> Stick | None:
    """What a device is to us; None for one that is none of our business."""
    ids = (device.vendor, device.product)
    if (mode := NO_MODEM_YET.get(ids)) and not device.interfaces:
        return Stick(device, why_not=f"{mode.name} ({':'.join(ids)}), USB socket {device.place}: {mode.why}")
    known = _known_for_certain(device)
    if known:
        return Stick(device, tuple(interface.port for interface in known), sure=True)
    if device.vendor not in MODEM_VENDORS or not device.interfaces:
        return None
    spoken = sorted(device.interfaces, key=lambda interface: (not _speaks_at(interface), interface.number))
    return Stick(device, tuple(interface.port for interface in spoken), sure=len(spoken) == 1)


def _known_for_certain(device: Device) -> list[Interface]:
    numbers = AT_INTERFACES.get((device.vendor, device.product), ())
    by_number = [one for number in numbers for one in device.interfaces if one.number == number]
    by_kind = [one for kind in AT_CLASSES.get(device.vendor, ()) for one in device.interfaces if one.kind == kind]
    return by_number or by_kind


def _speaks_at(interface: Interface) -> bool:
    """A CDC-ACM interface says whether it takes AT commands; of one of the maker's own class (ff) nobody knows."""
    return interface.kind[:2] == ("02", "02") and interface.kind[2] in AT_PROTOCOLS


def devices(root: Path = ROOT) -> list[Device]:
    """Every USB device just now, with its serial ports, in the order of their sockets."""
    found = []
    ports = _serial_ports(root)
    for folder in sorted(_entries(root / "sys/bus/usb/devices")):
        vendor, product = _read(folder / "idVendor"), _read(folder / "idProduct")
        if vendor and product:
            own = sorted(ports.get(os.path.realpath(folder), ()), key=lambda interface: interface.number)
            name = " ".join(filter(None, (_read(folder / "manufacturer"), _read(folder / "product"))))
            plugged = _read(folder / "devnum")
            found.append(Device(folder.name, plugged, vendor, product, name or f"{vendor}:{product}", tuple(own)))
    return found


def device_of(port: str, root: Path = ROOT) -> Path | None:
    """The /sys folder of the USB device that a serial port belongs to; None for a port that is not on USB."""
    name = os.path.basename(os.path.realpath(port))  # noqa: PTH119 - one call each, without a Path between
    interface = _interface_folder(root / "sys/class/tty" / name, root)
    return interface.parent if interface else None


def _serial_ports(root: Path) -> dict[str, list[Interface]]:
    """Interfaces with a serial port, by the folder of their device."""
    found: dict[str, list[Interface]] = {}
    for entry in sorted(_entries(root / "sys/class/tty")):
        folder = _interface_folder(entry, root)
        if folder is None:
            continue
        kind = tuple(_read(folder / f"bInterface{what}").lower() for what in ("Class", "SubClass", "Protocol"))
        number = int(_read(folder / "bInterfaceNumber") or "0", 16)
        port = str(root / "dev" / entry.name)
        found.setdefault(str(folder.parent), []).append(Interface(port, number, (kind[0], kind[1], kind[2])))
    return found


def _interface_folder(entry: Path, root: Path) -> Path | None:
    """The folder of the USB interface above a tty. ttyACM lies straight in it, ttyUSB one folder deeper."""
    try:
        folder = entry.resolve(strict=True)
    except OSError:
        return None
    top = (root / "sys").resolve()
    while folder not in {top, folder.parent}:
        if (folder / "bInterfaceNumber").exists():
            return folder
        folder = folder.parent
    return None


def holders(port: str, root: Path = ROOT) -> list[str]:
    """Names of other programs that have a port open, as far as this user may see it; each once."""
    target = os.path.realpath(port)
    own = str(os.getpid())
    names = {
        _read(process / "comm")
        for process in _entries(root / "proc")
        if process.name.isdecimal() and process.name != own and _has_open(process, target)
    }
    return sorted(names - {""})


def runs(name: str, root: Path = ROOT) -> bool:
    """Whether a program of that name runs. Everybody may see this, unlike which files it has open."""
    return any(
        _read(process / "comm") == name for process in _entries(root / "proc") if process.name.isdecimal()
    )


def _has_open(process: Path, target: str) -> bool:
    for descriptor in _entries(process / "fd"):
        try:
            if os.readlink(descriptor) == target:  # noqa: PTH115 - the text as it stands
                return True
        except OSError:
            continue
    return False


def _entries(folder: Path) -> Iterator[Path]:
    """What lies in a folder; nothing when it is not there, or not ours to read."""
    try:
        names = os.listdir(folder)  # noqa: PTH208 - cheap, and complete before anything is looked at
    except OSError:
        return
    for name in names:
        yield folder / name


def _read(file: Path) -> str:
    try:
        return file.read_text("utf-8", "replace").strip()
    except OSError:
        return ""
