"""Opening a serial port for ourselves alone, and saying plainly why it cannot be had."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
import termios
from pathlib import Path

import serial

from drivers import usb
from drivers.modem import PortLost

MODEM_MANAGER = "ModemManager"
_PTY_MAJORS = range(136, 144)  # Unix98 pseudo-terminals, Documentation/admin-guide/devices.txt


def why_no_port(port: str) -> str | None:
    """Why this path cannot be a modem's port, as a sentence for people; None when it can be one."""
    try:
        mode = Path(port).stat().st_mode
    except FileNotFoundError:
        return f"{port}: there is no such port. Plug the modem in, or correct the path in [modems] ports."
    except OSError as error:
        why = os.strerror(error.errno or errno.EIO)
        return f"{port}: the port cannot be looked at: {why}. Check the path in [modems] ports."
    if not stat.S_ISCHR(mode):
        return f"{port}: this is no serial port but another kind of file. Correct the path in [modems] ports."
    return None


def open_port(port: str, baudrate: int) -> serial.Serial:
    """Open a serial port for ourselves alone, without flow control. Raises PortLost with what to do about it."""
    if why := why_no_port(port):
        raise PortLost(why)
    try:
        opened = serial.Serial(
            port, baudrate, timeout=0, write_timeout=0, exclusive=True, rtscts=False, dsrdtr=False
        )
    except (serial.SerialException, OSError, ValueError, termios.error) as error:
        raise PortLost(_why_not_opened(port, error)) from None
    if os.major(os.fstat(opened.fileno()).st_rdev) not in _PTY_MAJORS:  # on a pty it would outlive this process
        with contextlib.suppress(OSError):
            fcntl.ioctl(opened.fileno(), termios.TIOCEXCL)
    return opened


def why_taken(port: str, root: Path = usb.ROOT) -> str | None:
    """Which other program has the port open, and how to keep it away; None when none is seen.

    What root runs may be seen by root alone: a ModemManager that runs is taken to be the one.
    """
    programs = usb.holders(port, root)
    if MODEM_MANAGER in programs or (not programs and usb.runs(MODEM_MANAGER, root)):
        folder = usb.device_of(port, root)
        vendor = f'ATTRS{{idVendor}}=="{(folder / "idVendor").read_text("utf-8").strip()}", ' if folder else ""
        return (
            f"{port}: another program uses this port: ModemManager. Keep it away from this modem with the udev rule "
            f'{vendor}ENV{{ID_MM_DEVICE_IGNORE}}="1" in /etc/udev/rules.d/70-outpost.rules, then `sudo udevadm control '
            f"--reload`, `sudo udevadm trigger` and `sudo systemctl restart ModemManager`; or stop ModemManager."
        )
    if programs:
        return (
            f"{port}: another program uses this port: {', '.join(programs)}. Stop it, or take the port out of "
            f"[modems] ports."
        )
    return None


def _why_not_opened(port: str, error: Exception) -> str:
    code = getattr(error, "errno", None) or next((arg for arg in error.args if isinstance(arg, int)), None)
    if code in {errno.EAGAIN, errno.EBUSY}:
        return why_taken(port) or (
            f"{port}: another program uses this port. Stop it, or take the port out of [modems] ports. "
            f"`sudo fuser -v {port}` names it."
        )
    if code in {errno.EACCES, errno.EPERM}:
        return f"{port}: no right to open this port. Add the user of this service to the group that owns it (dialout)."
    if code == errno.ENOENT:
        return f"{port}: there is no such port. Plug the modem in, or correct the path in [modems] ports."
    if code is None or code in {errno.ENOTTY, errno.EINVAL}:
        return f"{port}: this is no serial port. Correct the path in [modems] ports."
    return f"{port}: the port cannot be opened: {os.strerror(code)}. Unplug the modem and plug it in again."
