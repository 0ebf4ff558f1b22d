"""The station's configuration, read whole and checked whole before anything starts."""

from __future__ import annotations

from daemon.settings.effective import effective
from daemon.settings.faults import Fault, SettingsError
from daemon.settings.load import load, parse
from daemon.settings.values import (
    Approval,
    Authority,
    Backup,
    Balance,
    Credit,
    Modems,
    OnDoubt,
    Replying,
    Retention,
    Sending,
    Service,
    Settings,
    SimSettings,
    Station,
    Tariff,
)
from daemon.settings.word_lists import load_words

__all__ = [
    "Approval",
    "Authority",
    "Backup",
    "Balance",
    "Credit",
    "Fault",
    "Modems",
    "OnDoubt",
    "Replying",
    "Retention",
    "Sending",
    "Service",
    "Settings",
    "SettingsError",
    "SimSettings",
    "Station",
    "Tariff",
    "effective",
    "load",
    "load_words",
    "parse",
]
