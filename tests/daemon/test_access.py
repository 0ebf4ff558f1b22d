"""The access list of the control socket: the groups that exist, and nobody else."""

from __future__ import annotations

import grp
import os
import socket
import stat
import struct

from daemon.access import admit


def entries(path):
    """The list as the kernel gives it back: (tag, permissions, id)."""
    value = os.getxattr(path, "system.posix_acl_access")
    assert struct.unpack_from("<I", value) == (2,)
    return list(struct.iter_unpack("<HHI", value[4:]))


def test_a_socket_is_opened_to_two_groups(tmp_path):
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        admit(path, ("daemon", "mail", "no-such-group"), 6)
    named = {(number, permissions) for tag, permissions, number in entries(path) if tag == 0x08}
    assert named == {(grp.getgrnam("daemon").gr_gid, 6), (grp.getgrnam("mail").gr_gid, 6)}
    mode = stat.S_IMODE(path.stat().st_mode)
    assert mode & 0o007 == 0
    assert mode & 0o700 == 0o700
    # The kernel shows the mask in the group's place; the owning group itself has no entry that lets it in.
    assert [permissions for tag, permissions, _ in entries(path) if tag == 0x04] == [0]


def test_without_the_groups_only_the_owner_is_left(tmp_path):
    path = tmp_path / "file"
    path.write_text("")
    path.chmod(0o666)
    admit(path, ("no-such-group",), 6)
    assert stat.S_IMODE(path.stat().st_mode) & 0o607 == 0o600
    assert [tag for tag, _, _ in entries(path)] == [0x01, 0x04, 0x10, 0x20]
