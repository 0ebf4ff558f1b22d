"""What the commands of several files share: options, exit codes, settings, the database, and how they speak."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

if TYPE_CHECKING:
    from daemon.settings import Settings
    from daemon.store import Store

DONE, REFUSED, USAGE, NO_DAEMON = 0, 1, 2, 3
CONFIG = Path("/etc/outpost/outpost.toml")

config_option = click.option(
    "--config", "config", type=click.Path(path_type=Path, readable=False), default=CONFIG, show_default=True,
    help="Configuration file.",
)  # fmt: skip
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")


def settings_of(config: Path) -> Settings:
    from daemon.settings import SettingsError, load

    try:
        return load(config)
    except SettingsError as error:
        click.echo(str(error), err=True)
        sys.exit(USAGE)


def ask(config: Path, request: dict[str, Any]) -> dict[str, Any]:
    """Have the running service do something; its answer."""
    from daemon.control.client import Denied, NoDaemon
    from daemon.control.client import ask as ask_service

    try:
        return ask_service(settings_of(config).station.control_socket, request)
    except NoDaemon as error:
        click.echo(f"outpost: {error}", err=True)
        sys.exit(NO_DAEMON)
    except Denied as error:
        fail(str(error))


def read(config: Path, what: str, **request: Any) -> dict[str, Any]:
    """One document of READINGS in daemon/control/readings.py."""
    import os
    import time

    from daemon.control.client import answers
    from daemon.control.readings import Readings

    def here(store: Store, settings: Settings) -> dict[str, Any]:
        station = settings.station
        owns = os.geteuid() in {0, station.database.stat().st_uid}
        running = answers(station.control_socket)
        return Readings(store, settings, time.time(), running=running, admin=owns).document(what, request)

    return _from_database_or_service(config, here, {"do": f"read {what}", **request})


def disclosed(config: Path, request: dict[str, Any]) -> dict[str, Any]:
    """What an action of daemon/control/disclosing.py tells that changes nothing."""
    import time

    from daemon.control.disclosing import Disclosing
    from daemon.control.server import asker_here

    def here(store: Store, settings: Settings) -> dict[str, Any]:
        known = Disclosing(store, lambda: settings, time.time, lambda _: None).actions
        return known[request["do"]](asker_here(), request)

    return _from_database_or_service(config, here, request)


def _from_database_or_service(
    config: Path, here: Callable[[Store, Settings], dict[str, Any]], request: dict[str, Any]
) -> dict[str, Any]:
    """What `here` finds in the database where this user may read it, else the running service's answer."""
    from daemon.core.not_possible import NotPossible
    from daemon.store import DatabaseForbidden, DatabaseUnusable, Store

    settings = settings_of(config)
    try:
        with contextlib.closing(Store(settings.station.database, read_only=True)) as store:
            return here(store, settings)
    except DatabaseForbidden:
        return ask(config, request)
    except (DatabaseUnusable, NotPossible) as error:
        fail(str(error))


def ask_or_act(settings: Settings, request: dict[str, Any]) -> dict[str, Any]:
    """Have the running service do what belongs on record; with none running, do it here. Its answer."""
    from daemon.control.client import Denied, NoDaemon
    from daemon.control.client import ask as ask_service

    try:
        return ask_service(settings.station.control_socket, request)
    except Denied as error:
        fail(str(error))
    except NoDaemon as error:
        return _act_here(settings, request, str(error))


def _act_here(settings: Settings, request: dict[str, Any], no_service: str) -> dict[str, Any]:
    from daemon.control.alone import act_alone, alone
    from daemon.core.not_possible import NotPossible
    from daemon.folders import CannotStart
    from daemon.store import StoreFull

    try:
        with alone(settings) as store:
            return act_alone(store, settings, request)
    except (CannotStart, NotPossible, StoreFull) as error:
        fail(str(error))
    except PermissionError:
        click.echo(f"outpost: {no_service}; without one only its own user and root may do this.", err=True)
        sys.exit(NO_DAEMON)
    except OSError as error:
        fail(f"{error.filename}: {error.strerror}.")


def fail(message: str) -> NoReturn:
    click.echo(f"outpost: {message}", err=True)
    sys.exit(REFUSED)


def print_json(document: object) -> None:
    click.echo(json.dumps(document, indent=1, ensure_ascii=False))


def print_lines(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(line)
