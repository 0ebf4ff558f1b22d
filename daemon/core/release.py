"""Who lets a batch go by moving a file: the owner of the folder it lies in, as the kernel says, never a name in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

_OTHERS_WRITE: Final = 0o022


@dataclass(frozen=True, slots=True)
class Ownership:
    """Of a folder or a file: the user's id and the permission bits. With an access list, the group's bits are its mask,
    so that a list that lets others write shows in them."""

    uid: int
    mode: int

    @property
    def is_of_one(self) -> bool:
        """Whether its owner alone may write into it."""
        return not self.mode & _OTHERS_WRITE


@dataclass(frozen=True, slots=True)
class Nobody:
    """Why no one person is known to have put the file there."""

    reason: str


def releaser(folder: Ownership, file: Ownership, service: int) -> int | Nobody:
    """The id of the user who put a request for release into this folder. `service` is the user that the service is.

    The request's words must be the service's own, or of the very person who releases: nobody else may have had a
    chance to show them another text. In a folder of the service, which only root can fill for others, the file's owner
    counts.
    """
    if not folder.is_of_one:
        return Nobody("others than its owner may write into that folder: take the right to write from group and others")
    if folder.uid != service:
        if file.uid in (service, folder.uid) and file.is_of_one:
            return folder.uid
        return Nobody("the file was written by somebody else, or others may write into it: move the one in awaiting/")
    if file.uid != service and file.is_of_one:
        return file.uid
    return Nobody("that folder is the service's own: give the person who releases a folder of their own in released/")
