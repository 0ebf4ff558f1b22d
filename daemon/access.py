"""Who people are on this machine, and which of them alone may reach a file of the service.

That is a POSIX access list (acl(5)) written by hand: the value of one extended attribute (Linux,
include/uapi/linux/posix_acl_xattr.h), a version, then entries of tag, permissions and id. A mode alone knows one group;
the control socket is for two.
"""

from __future__ import annotations

import grp
import os
import pwd
import stat
import struct
from collections.abc import Iterable
from pathlib import Path

OPERATORS, ADMINS = "outpost-operators", "outpost-admins"
"""The two groups of people on an installed station."""

_ATTRIBUTE = "system.posix_acl_access"
_VERSION = 2
_USER_OBJ, _USER, _GROUP_OBJ, _GROUP, _MASK, _OTHER = 0x01, 0x02, 0x04, 0x08, 0x10, 0x20
_NO_ID = 0xFFFFFFFF


def admit(path: Path, groups: Iterable[str], permissions: int, users: Iterable[int] = ()) -> None:
    """Give those of `groups` that exist on this machine, and `users` (by number), `permissions` (4 read, 2 write, 1
    enter); the owner keeps its own, and nobody else has any.

    Raises OSError where the file system knows no access lists.
    """
    ids = sorted(group.gr_gid for group in grp.getgrall() if group.gr_name in set(groups))
    owner = stat.S_IMODE(path.stat().st_mode) >> 6
    entries = [
        (_USER_OBJ, owner, _NO_ID),
        *((_USER, permissions, number) for number in sorted(users)),
        (_GROUP_OBJ, 0, _NO_ID),
        *((_GROUP, permissions, number) for number in ids),
        (_MASK, permissions, _NO_ID),
        (_OTHER, 0, _NO_ID),
    ]
    value = struct.pack("<I", _VERSION) + b"".join(struct.pack("<HHI", *entry) for entry in entries)
    os.setxattr(path, _ATTRIBUTE, value)


def user_name(uid: int) -> str:
    """The user's name, "uid 1000" for one who has none here."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"uid {uid}"
