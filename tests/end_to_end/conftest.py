"""What the end-to-end tests share: a station, and people to text."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.end_to_end.station import Network, Station


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Callable[..., Station]]:
    """Makes a station with so many simulated modems; options go to the simulator: radio_delay, report_delay, …"""
    with contextlib.ExitStack() as stack:

        def make(modems: int = 1, name: str = "station", **options: object) -> Station:
            folder = tmp_path / name
            folder.mkdir()
            runtime = Path(tempfile.mkdtemp(prefix="outpost-"))  # a socket's path must be short
            stack.callback(shutil.rmtree, runtime, ignore_errors=True)
            network = Network(folder, modems, options)
            made = Station(folder, runtime, network)
            stack.callback(made.close)
            return made

        yield make


@pytest.fixture
def number() -> Callable[[int], str]:
    """The n-th of the numbers that belong to nobody."""
    return lambda n: f"+447700900{n:03d}"


@pytest.fixture
def people(number: Callable[[int], str]) -> Callable[..., list[tuple[str, str]]]:
    """Rows of a list: so many people, each with a text of their own."""

    def rows(count: int, text: str = "Support is free, {n}.", start: int = 100) -> list[tuple[str, str]]:
        return [(number(start + n), text.format(n=n)) for n in range(count)]

    return rows
