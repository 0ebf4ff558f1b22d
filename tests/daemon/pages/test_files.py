"""Files for people are put in the place of files alone."""

from __future__ import annotations

import os

import pytest

from daemon.pages.files import write_whole


def test_what_is_no_file_stays(tmp_path):
    place = tmp_path / "null"
    os.mkfifo(place)
    with pytest.raises(FileExistsError, match="no file"):
        write_whole(place, lambda file: file.write("x"))
    assert place.is_fifo()
    assert list(tmp_path.iterdir()) == [place]
