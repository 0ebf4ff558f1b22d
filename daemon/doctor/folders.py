"""Checks of the station's folders and of who may use them."""

from __future__ import annotations

import os
import pwd
import stat
from collections.abc import Mapping
from pathlib import Path

from daemon.access import ADMINS, OPERATORS
from daemon.doctor.finding import Findings, bad, ok, warn
from daemon.settings import Approval, Settings

MAKE = "`sudo systemd-tmpfiles --create outpost.conf` makes the folders as they should be"
NEEDS: Mapping[str, str] = {
    "incoming": "wx", "accepted": "rx", "rejected": "rx", "outcomes": "rx", "replies": "rx", "awaiting": "rwx",
}  # fmt: skip
"""What people need to be able to do in each."""
_OF_GROUP = {"r": stat.S_IRGRP, "w": stat.S_IWGRP, "x": stat.S_IXGRP}


def check_groups(members: Mapping[str, frozenset[str]], approval: Approval) -> Findings:
    """`members` is by the name of each group that exists."""
    missing = [name for name in (OPERATORS, ADMINS) if name not in members]
    if missing:
        yield warn("groups", f"there is no group {' and no group '.join(missing)}: nobody but root and the service's "
                   "own user may use the station", "`sudo systemd-sysusers outpost.conf` makes the groups")  # fmt: skip
        return
    people = members[OPERATORS] | members[ADMINS]
    need = 2 if approval is Approval.TWO_PERSON else 1
    if len(people - {"outpost"}) < need:
        why = "a second person must release each list" if need == 2 else "nobody can drop a list but root"
        yield warn("groups", f"{len(people - {'outpost'})} people are in {OPERATORS} and {ADMINS}, and {why}",
                   f"`sudo adduser NAME {OPERATORS}` for each person; it counts from the next login")  # fmt: skip
    else:
        yield ok("groups", f"{len(people - {'outpost'})} people in {OPERATORS} and {ADMINS}")


def check_user(user: str, session: frozenset[str], members: Mapping[str, frozenset[str]]) -> Findings:
    """Whether whoever asks may use the station. `session` are the groups that the login gave."""
    theirs = {name for name, people in members.items() if user in people}
    if not theirs:
        yield warn("access", f"{user} is in neither {OPERATORS} nor {ADMINS}, and may not use the station",
                   f"`sudo adduser {user} {OPERATORS}`, then log in anew")  # fmt: skip
    elif not theirs & session:
        yield warn("access", f"{user} was put into {' and '.join(sorted(theirs))} after this login",
                   "log out and in again: only then it counts")  # fmt: skip


def check_word_lists(folder: Path) -> Findings:
    """That there are word lists, by which replies are read first that cannot wait."""
    found = len([*folder.glob("*.toml")])
    if found:
        yield ok("word lists", f"{found} in {folder}")
    else:
        yield warn("word lists", f"there is none in {folder}: a reply of somebody in danger looks like any other",
                   "correct triage_dir in [replies], or put the lists of the package back there")  # fmt: skip


def check_folders(settings: Settings, people: int | None) -> Findings:
    """That the folders are there, the service's own, open to `people` (the number of their group, None without one),
    and no stranger's to enter."""
    station = settings.station
    found = [*_state_folder(station.state_dir)]
    owner = _status(station.state_dir)
    spool = station.spool_dir
    if owner is not None:
        for folder, needs in ((spool, "rx"), *((spool / name, needs) for name, needs in NEEDS.items())):
            found += _spool_folder(folder, owner.st_uid, people, needs)
    found += _runtime_folder(station.runtime_dir)
    yield from found or [ok("folders", f"{station.state_dir}, {spool} and {station.runtime_dir} are the service's own")]


def check_access(folder: Path) -> Findings:
    """Whether this user may look at all that a doctor wants to see."""
    if not _missing(folder) and not os.access(folder, os.R_OK | os.X_OK):
        yield warn("access", f"this user may not look into {folder}: the database and its backups are not examined",
                   "`sudo outpost doctor` sees everything")  # fmt: skip


def _state_folder(folder: Path) -> Findings:
    status = _status(folder)
    if _missing(folder):
        yield bad("folders", f"{folder} does not exist", "the service makes it at its first start: `sudo systemctl "
                  "start outpost`; or correct state_dir in the configuration")  # fmt: skip
    elif status is not None and status.st_mode & 0o077:
        yield bad("folders", f"others may look into {folder}, where the database lies (mode "
                  f"{stat.S_IMODE(status.st_mode):o})", f"`sudo chmod 700 {folder}`")  # fmt: skip


def _spool_folder(folder: Path, service: int, people: int | None, needs: str) -> Findings:
    status = _status(folder)
    if _missing(folder):
        yield bad("folders", f"{folder} does not exist", f"{MAKE}; the service makes it too, where it may")
    elif status is None:
        return
    elif status.st_uid != service:
        yield bad("folders", f"{folder} belongs to {user_name(status.st_uid)} and not to the service's user, "
                  f"{user_name(service)}", f"`sudo chown {user_name(service)} {folder}`")  # fmt: skip
    elif status.st_mode & 0o007:
        yield bad("folders", f"{folder} is open to everybody on this machine (mode {stat.S_IMODE(status.st_mode):o})",
                  f"`sudo chmod o= {folder}`")  # fmt: skip
    elif people is not None and status.st_gid != people:
        yield bad("folders", f"{folder} does not belong to the group {OPERATORS}, who cannot use it",
                  f"`sudo chgrp {OPERATORS} {folder}`")  # fmt: skip
    elif people is not None and any(not status.st_mode & _OF_GROUP[need] for need in needs):
        yield bad("folders", f"{folder} is closed to {OPERATORS}, who cannot use it (mode "
                  f"{stat.S_IMODE(status.st_mode):o})", f"`sudo chmod g+{needs} {folder}`")  # fmt: skip


def user_name(number: int) -> str:
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def _runtime_folder(folder: Path) -> Findings:
    status = _status(folder)
    if status is not None and status.st_mode & 0o007:
        yield bad("folders", f"{folder}, where the control socket lies, is open to everybody (mode "
                  f"{stat.S_IMODE(status.st_mode):o})", f"`sudo chmod o= {folder}`")  # fmt: skip


def _missing(path: Path) -> bool:
    try:
        path.stat()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return False


def _status(path: Path) -> os.stat_result | None:
    """None too for what this user may not look at."""
    try:
        return path.stat()
    except OSError:
        return None
