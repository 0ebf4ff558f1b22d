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

from drivers.modem import PortLost

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


def _why_not_opened(port: str, error: Exception) -> str:
    code = getattr(error, "errno", None) or next((arg for arg in error.args if isinstance(arg, int)), None)
    if code in {errno.EAGAIN, errno.EBUSY}:
        return (
            f"{port}: another program uses this port. Stop it (often ModemManager), "
            f"or take the port out of [modems] ports."
        )
    if code in {errno.EACCES, errno.EPERM}:
        return f"{port}: no right to open this port. Add the user of this service to the group that owns it (dialout)."
    if code == errno.ENOENT:
        return f"{port}: there is no such port. Plug the modem in, or correct the path in [modems] ports."
    if code is None or code in {errno.ENOTTY, errno.EINVAL}:
        return f"{port}: this is no serial port. Correct the path in [modems] ports."
    return f"{port}: the port cannot be opened: {os.strerror(code)}. Unplug the modem and plug it in again."
