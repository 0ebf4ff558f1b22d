"""What the command says, without a service, where something is missing or wrong."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from daemon.cli import main
from daemon.store import Store

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Gives the command these words, with a configuration of its own in `tmp_path`."""
    config = tmp_path / "outpost.toml"
    folders = "".join(f'{name}_dir = "{tmp_path}/{name}"\n' for name in ("state", "spool", "runtime"))
    config.write_text(f'[station]\ncountry = "GB"\n{folders}')
    return lambda *words: CliRunner().invoke(main, [*words, "--config", str(config)])


@pytest.mark.parametrize("words", [("status",), ("backup",), ("report", "list"), ("optouts",)])
def test_a_service_that_has_never_run_is_told_with_what_to_do_and_nothing_is_made(
    run: Run, tmp_path: Path, words: tuple[str, ...]
) -> None:
    told = run(*words)
    assert told.exit_code == 1
    assert f"{tmp_path}/state/outpost.db does not exist: the service has not run yet" in told.output
    assert "Start it: systemctl start outpost; or correct state_dir" in told.output
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize("words", [("3",), ("3", "--sent", "--drop"), ("--drop",), ("3", "--batch", "list", "--drop")])
def test_a_doubt_is_resolved_in_one_way_and_of_what_was_named(run: Run, words: tuple[str, ...]) -> None:
    assert run("resolve", *words).exit_code == 2


def test_a_damaged_database_is_not_backed_up_and_the_way_out_is_told(run: Run, tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "outpost.db").write_text("this is no database" * 1000)
    told = run("backup")
    assert told.exit_code == 1
    assert "The database is damaged. There is no backup in" in told.output
    assert "room" not in told.output


def test_what_is_no_number_is_said_to_be_none(run: Run, tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    with closing(Store(tmp_path / "state" / "outpost.db")) as store:
        store.secret("people_key")
    told = run("optouts", "list", "abc")
    assert told.exit_code == 1
    assert "abc: neither a whole number nor a file" in told.output
    assert "none of these 1 has opted out" in run("optouts", "list", "07700900101").output
    assert run("optouts").output == "nobody has opted out\n"
    assert "0 opted out" not in run("optouts", "add", "abc").output
