"""What a command that reads must not load: it has to answer at once, on a slow computer too."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from daemon.store import Store

SLOW = {
    "apscheduler", "asyncio", "gsmmodem", "openpyxl", "phonenumbers", "pyudev", "rich", "serial",
    "sqlite_utils", "structlog",
}  # fmt: skip


@pytest.fixture
def config(tmp_path):
    for name in ("state", "spool", "run"):
        (tmp_path / name).mkdir()
    Store(tmp_path / "state/outpost.db").close()
    path = tmp_path / "outpost.toml"
    path.write_text('[station]\nstate_dir = "state"\nspool_dir = "spool"\nruntime_dir = "run"\n')
    return path


def loaded(*command, **environment):
    """The top-level packages that a command loads."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", Path(sys.executable).with_name("outpost"), *command],
        env=os.environ | environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    names = [line.rsplit("|", 1)[1].strip() for line in done.stderr.splitlines() if line.startswith("import time:")]
    assert "click" in names
    return {name.split(".")[0] for name in names} | {name for name in names if name.startswith("daemon.")}


@pytest.mark.parametrize("what", ["status", "messages", "optouts", "exclusions"])
def test_a_command_that_reads_loads_nothing_slow(config, what):
    assert not loaded(what, "--json", "--config", str(config)) & SLOW


def test_help_and_completion_load_nothing_of_the_station():
    for modules in (
        loaded("status", "--help"),
        loaded(_OUTPOST_COMPLETE="bash_complete", COMP_WORDS="outpost st", COMP_CWORD="1"),
    ):
        assert not modules & SLOW
        assert not {name for name in modules if name.startswith(("daemon.store", "daemon.settings", "daemon.core"))}
