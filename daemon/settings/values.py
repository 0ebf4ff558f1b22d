"""The configuration as frozen values. The fields and their defaults are the keys of outpost.toml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from daemon.core.quiet_hours import QuietHours
from daemon.core.throttle import Limits

MAX_SIMS_WITHOUT_AUTHORITY = 4

Overrides = Mapping[str, Any]  # limits that a network or a SIM sets otherwise, by the names of the fields of Limits


def _nothing() -> Mapping[str, Any]:
    return MappingProxyType({})


class Approval(StrEnum):
    """Whose release a batch waits for."""

    NONE = "none"
    ONE_PERSON = "one-person"
    TWO_PERSON = "two-person"  # the one who releases is not the one who dropped the list


class OnDoubt(StrEnum):
    """What happens to a message that may or may not have left."""

    HOLD = "hold"      # a person decides
    RESEND = "resend"  # it is sent again, perhaps twice


@dataclass(frozen=True, slots=True)
class Authority:
    """By what right this station uses more SIMs than four (Crime and Policing Act 2026, SIM farms)."""

    holder: str
    basis: str
    date: date


@dataclass(frozen=True, slots=True)
class Station:
    """Who and where this station is. `country` is the region of numbers that are written nationally."""

    name: str = "Outpost"
    country: str = "GB"
    timezone: str = "Europe/London"
    state_dir: Path = Path("/var/lib/outpost")
    spool_dir: Path = Path("/var/spool/outpost")
    runtime_dir: Path = Path("/run/outpost")
    max_sims: int = MAX_SIMS_WITHOUT_AUTHORITY
    authority: Authority | None = None

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of quiet hours and of times that people read."""
        return ZoneInfo(self.timezone)

    @property
    def database(self) -> Path:
        return self.state_dir / "outpost.db"

    @property
    def control_socket(self) -> Path:
        return self.runtime_dir / "control.sock"


@dataclass(frozen=True, slots=True)
class Modems:
    """Where modems are looked for. `answer_seconds` is how long a modem may take for its final answer to a submit;
    `part_seconds` how long an inbound text waits for parts that have not come. `pin_file` holds the PIN of every SIM
    that has no pin_file of its own."""

    discover: bool = True
    ports: tuple[str, ...] = ()
    sweep_seconds: float = 30
    answer_seconds: float = 60
    pin_file: Path | None = None
    part_seconds: float = 60


@dataclass(frozen=True, slots=True)
class Sending:
    """What may leave, and what is asked of the network for each message."""

    approval: Approval = Approval.TWO_PERSON
    status_reports: bool = True
    validity_hours: int = 48
    on_doubt: OnDoubt = OnDoubt.HOLD
    max_parts: int = 3
    international: bool = False  # True: numbers outside station.country too
    repeat_days: int = 0         # who was texted within so many days is not texted by another batch
    optout_confirmation: str = ""

    @property
    def resend_limit(self) -> int:
        """Submits of one part, at most, when nobody knows whether it left; 0 where a person decides."""
        return 3 if self.on_doubt is OnDoubt.RESEND else 0


@dataclass(frozen=True, slots=True)
class Intake:
    """What may be dropped. `archive_gib` is how large a phone's export may be: only the report in it is read."""

    archive_gib: float = 64

    @property
    def archive_bytes(self) -> int:
        return int(self.archive_gib * 2**30)


@dataclass(frozen=True, slots=True)
class Replying:
    """How people's replies are handled. `triage_dir` holds the word lists of the hints. An answer may go out in quiet
    hours when the person wrote within the last `reply_grace` hours; a reply that has waited `overdue_hours` is overdue.
    `acknowledgement` is sent once a conversation, "" for none."""

    triage_dir: Path = Path("/etc/outpost/triage")
    reply_grace: float = 12
    overdue_hours: float = 24
    acknowledgement: str = ""


@dataclass(frozen=True, slots=True)
class Balance:
    """How one network is asked for a SIM's credit. `pattern` finds the amount in its words; less than `warn_below` is
    low."""

    balance_ussd: str = ""
    pattern: str = r"[0-9]+(?:[.,][0-9]+)?"
    warn_below: float = 0.0


@dataclass(frozen=True, slots=True)
class Credit:
    """Which networks are asked for the credit of their SIMs, by MCC+MNC, and how often."""

    check_hours: float = 24
    networks: Mapping[str, Balance] = field(default_factory=_nothing)


@dataclass(frozen=True, slots=True)
class Backup:
    """How often the database is copied, and how many copies are kept. `folder` None: `backups` in state_dir."""

    folder: Path | None = None
    every_hours: float = 24  # 0: never by itself
    keep: int = 14


@dataclass(frozen=True, slots=True)
class Tariff:
    """What a part costs, for the estimate before release. 0: nothing is said of cost."""

    per_part: float = 0
    currency: str = "GBP"


@dataclass(frozen=True, slots=True)
class Retention:
    """How long the people of an ended batch are kept, in days; 0: until a person erases them."""

    review_days: int = 90  # when somebody is to decide
    erase_days: int = 0    # when they are erased without one


@dataclass(frozen=True, slots=True)
class Service:
    """A worker or partner service to whom conversations may be handed over. `recipient` is their public key for age; ""
    when they have none. `answer_within_hours`: after that, nobody there having taken it up, it is overdue."""

    recipient: str = ""
    contact: str = ""
    answer_within_hours: float = 24


@dataclass(frozen=True, slots=True)
class SimSettings:
    """What is set for one SIM."""

    label: str = ""
    pin_file: Path | None = None
    paused: bool = False
    overrides: Overrides = field(default_factory=_nothing)


@dataclass(frozen=True, slots=True)
class Settings:
    """The whole configuration. `networks` is by MCC+MNC, `services` by name, `sims` by ICCID."""

    station: Station = Station()
    modems: Modems = Modems()
    sending: Sending = Sending()
    intake: Intake = Intake()
    backup: Backup = Backup()
    tariff: Tariff = Tariff()
    quiet_hours: QuietHours = field(default_factory=lambda: QuietHours(start=time(20), end=time(9)))
    replies: Replying = Replying()
    throttle: Limits = field(default_factory=Limits)
    networks: Mapping[str, Overrides] = field(default_factory=_nothing)
    credit: Credit = field(default_factory=Credit)
    retention: Retention = Retention()
    services: Mapping[str, Service] = field(default_factory=_nothing)
    sims: Mapping[str, SimSettings] = field(default_factory=_nothing)

    def balance_for(self, imsi: str | None) -> Balance | None:
        """How the home network of a SIM is asked for its credit, None when it is not."""
        home = [network for network in self.credit.networks if imsi and imsi.startswith(network)]
        return self.credit.networks[max(home, key=len)] if home else None

    @property
    def backup_folder(self) -> Path:
        return self.backup.folder or self.station.state_dir / "backups"

    def limits_for(self, iccid: str, imsi: str | None) -> Limits:
        """The limits of one SIM: its own keys, else those of its home network, else those of every SIM.

        The home network is the MCC and MNC at the start of the IMSI, 5 or 6 digits (ITU-T E.212); a network of 6 digits
        that fits goes before one of 5.
        """
        limits = self.throttle
        home = [network for network in self.networks if imsi and imsi.startswith(network)]
        if home:
            limits = limits.with_overrides(**self.networks[max(home, key=len)])
        if iccid in self.sims:
            limits = limits.with_overrides(**self.sims[iccid].overrides)
        return limits
