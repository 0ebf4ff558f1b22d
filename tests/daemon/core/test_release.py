"""Whose release a moved file is: by ownership of folder and file alone."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from daemon.core.release import Nobody, Ownership, releaser

SERVICE, ANNA, BEN = 900, 1001, 1002
uids = st.sampled_from([SERVICE, ANNA, BEN, 0])
modes = st.integers(0, 0o7777)


def test_the_owner_of_the_folder_releases_whoever_wrote_the_request_for_them():
    folder = Ownership(ANNA, 0o2750)
    assert releaser(folder, Ownership(SERVICE, 0o640), SERVICE) == ANNA
    assert releaser(folder, Ownership(ANNA, 0o644), SERVICE) == ANNA, "a copy of their own"
    assert isinstance(releaser(folder, Ownership(BEN, 0o640), SERVICE), Nobody), "it may say what Ben wants"
    assert isinstance(releaser(Ownership(ANNA, 0o770), Ownership(SERVICE, 0o640), SERVICE), Nobody)


def test_the_service_s_own_folder_tells_nothing():
    assert isinstance(releaser(Ownership(SERVICE, 0o750), Ownership(SERVICE, 0o640), SERVICE), Nobody)
    assert releaser(Ownership(SERVICE, 0o750), Ownership(ANNA, 0o640), SERVICE) == ANNA


@given(uids, modes, uids, modes)
def test_nobody_else_can_have_put_or_written_what_a_person_is_taken_to_release(folder, folder_mode, file, file_mode):
    who = releaser(Ownership(folder, folder_mode), Ownership(file, file_mode), SERVICE)
    if not isinstance(who, Nobody):
        assert not folder_mode & 0o022
        assert not file_mode & 0o022
        assert who != SERVICE
        assert {folder, file} <= {who, SERVICE}
