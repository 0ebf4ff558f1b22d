"""Reads outpost.toml: every error at once, each with its key, its line and what to do."""

from __future__ import annotations

import difflib
import os
import re
import tomllib
import zoneinfo
from datetime import time
from pathlib import Path
from types import MappingProxyType

from daemon.core.quiet_hours import QuietHours
from daemon.core.spans import DAY, HOUR
from daemon.core.throttle import Limits
from daemon.settings.credit import credit_of
from daemon.settings.faults import Fault, SettingsError
from daemon.settings.limits import limits_of
from daemon.settings.lines import key_lines
from daemon.settings.networks import by_network
from daemon.settings.section import Faults, Section, unknown_keys
from daemon.settings.services import services_of
from daemon.settings.values import (
    MAX_SIMS_WITHOUT_AUTHORITY,
    Authority,
    Backup,
    Intake,
    Modems,
    Replying,
    Retention,
    Sending,
    Settings,
    SimSettings,
    Station,
    Tariff,
)

_MAX_SIMS = 200              # pyserial waits with select(), which ends at descriptor 1023, and a port takes five
_MAX_VALIDITY_HOURS = 63 * 7 * 24  # TP-VP, relative format, ends at 63 weeks (23.040 §9.2.3.12.1)
_MAX_DAYS = 36_500
_MAX_PARTS = 255             # the concatenation header counts parts in one octet (23.040 §9.2.3.24.1)
_MAX_SOCKET_PATH = 107       # sun_path of unix(7), without its final zero
_MAX_REPEAT_DAYS = 3_660
_MAX_PRICE = 1_000_000
_YEAR_HOURS = 8_760
_MANY_BACKUPS = 1_000
_MAX_GIB = 16_384


def load(path: Path) -> Settings:
    """The settings that the file holds; a path in it that does not begin with "/" is taken from the file's own folder.

    Raises SettingsError.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise SettingsError(path, [Fault("", None, "there is no such file; name another with --config FILE")]) from None
    except OSError as error:
        advice = f"the file cannot be read ({error.strerror}); check its path, its owner and its mode"
        raise SettingsError(path, [Fault("", None, advice)]) from None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise SettingsError(path, [Fault("", line, "is not UTF-8; save the file as UTF-8")]) from None
    return parse(text, path)


def parse(text: str, path: Path) -> Settings:
    """The settings that a text holds. `path` is the file that errors name and whose folder relative paths start from.

    Raises SettingsError.
    """
    try:
        table = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # ValueError: also a number of thousands of digits
        raise SettingsError(path, [_syntax_fault(str(error), text)]) from None
    faults = Faults(key_lines(text))
    root = Section(faults, (), table)
    settings = _settings(root, path.absolute().parent)
    unknown_keys(root)
    if faults.found:
        raise SettingsError(path, faults.found)
    return settings


def _syntax_fault(error: str, text: str) -> Fault:
    place = re.search(r" \(at line (\d+), column (\d+)\)$", error)
    line = int(place[1]) if place else text.count("\n") + 1
    column = f" at column {place[2]}" if place else " at the end of the file"
    what = re.sub(r" \(at .*\)$", "", error)
    return Fault("", line, f"is not TOML{column}: {what}. Write key = value; text in double quotes; true or false")


def _settings(root: Section, folder: Path) -> Settings:
    throttle = root.section("throttle")
    return Settings(
        station=_station(root.section("station"), folder),
        modems=_modems(root.section("modems"), folder),
        sending=_sending(root.section("sending")),
        intake=_intake(root.section("intake")),
        backup=_backup(root.section("backup"), folder),
        tariff=_tariff(root.section("tariff")),
        quiet_hours=_quiet_hours(root.section("quiet_hours")),
        replies=_replies(root.section("replies"), folder),
        throttle=Limits().with_overrides(**limits_of(throttle)),
        networks=by_network(throttle.section("networks"), limits_of),
        credit=credit_of(root.section("credit")),
        retention=_retention(root.section("retention")),
        services=services_of(root.section("services")),
        sims=_sims(root.section("sims"), folder),
    )


def _station(section: Section, folder: Path) -> Station:
    default = Station()
    station = Station(
        name=section.text("name", default.name),
        country=_country(section, default.country),
        timezone=_timezone(section, default.timezone),
        state_dir=_path(section, "state_dir", folder) or default.state_dir,
        spool_dir=_path(section, "spool_dir", folder) or default.spool_dir,
        runtime_dir=_path(section, "runtime_dir", folder) or default.runtime_dir,
        max_sims=section.whole("max_sims", default.max_sims, 1, _MAX_SIMS),
        authority=_authority(section.section("authority")) if section.has("authority") else None,
    )
    if station.max_sims > MAX_SIMS_WITHOUT_AUTHORITY and not section.has("authority"):
        section.fault("max_sims", f"is {station.max_sims}; more than {MAX_SIMS_WITHOUT_AUTHORITY} needs "
                                  "[station.authority] with holder, basis and date: the law on SIM farms asks for it")
    length = len(bytes(station.control_socket))
    if length > _MAX_SOCKET_PATH:
        section.fault("runtime_dir", f"is too long: {station.control_socket} has {length} bytes, and a socket's path "
                                     f"may have {_MAX_SOCKET_PATH}; choose a shorter path")
    if len({station.state_dir, station.spool_dir, station.runtime_dir}) < 3:
        given = next(key for key in ("state_dir", "spool_dir", "runtime_dir") if section.has(key))
        section.fault(given, "state_dir, spool_dir and runtime_dir must be three different folders")
    return station


def _country(section: Section, default: str) -> str:
    country = section.text("country", default)
    if country != default and country not in _regions():
        section.fault("country", f'is "{country}"; write the two capital letters of ISO 3166, such as "GB" for the '
                                 "United Kingdom")
    return country


def _regions() -> set[str]:
    from phonenumbers import SUPPORTED_REGIONS  # noqa: PLC0415 - slow to load, and most stations keep the default

    return set(SUPPORTED_REGIONS)


def _timezone(section: Section, default: str) -> str:
    name = section.text("timezone", default)
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        close = difflib.get_close_matches(name, zoneinfo.available_timezones(), n=1)
        hint = f'did you mean "{close[0]}"?' if close else 'write a name such as "Europe/London"'
        section.fault("timezone", f'is "{name}", which is no known time zone; {hint}')
        return default
    return name


def _authority(section: Section) -> Authority | None:
    for key in ("holder", "basis", "date"):
        if not section.has(key):
            section.fault(key, "is missing; an authority needs holder, basis and date")
    holder, basis, day = section.text("holder", ""), section.text("basis", ""), section.day("date")
    return Authority(holder, basis, day) if holder and basis and day else None


def _modems(section: Section, folder: Path) -> Modems:
    default = Modems()
    ports = section.texts("ports")
    for port in ports:
        if "/" not in port or "\0" in port:
            section.fault("ports", f'holds "{port}", which is no path; write it whole, such as "/dev/{port}"')
    whole = tuple(str(folder / port) for port in ports)
    for port in sorted({port for port in whole if whole.count(port) > 1}):
        section.fault("ports", f'names "{port}" more than once; keep one of them')
    return Modems(
        discover=section.flag("discover", default=default.discover),
        ports=whole,
        sweep_seconds=section.number("sweep_seconds", default.sweep_seconds, 0.1, HOUR),
        answer_seconds=section.number("answer_seconds", default.answer_seconds, 0.1, 600),
        pin_file=_pin_file(section, folder),
        part_seconds=section.number("part_seconds", default.part_seconds, 0.1, DAY),
    )


def _sending(section: Section) -> Sending:
    default = Sending()
    return Sending(
        approval=section.choice("approval", default.approval),
        status_reports=section.flag("status_reports", default=default.status_reports),
        validity_hours=section.whole("validity_hours", default.validity_hours, 1, _MAX_VALIDITY_HOURS),
        on_doubt=section.choice("on_doubt", default.on_doubt),
        max_parts=section.whole("max_parts", default.max_parts, 1, _MAX_PARTS),
        international=section.flag("international", default=default.international),
        repeat_days=section.whole("repeat_days", default.repeat_days, 0, _MAX_REPEAT_DAYS),
        optout_confirmation=section.text("optout_confirmation", default.optout_confirmation),
    )


def _intake(section: Section) -> Intake:
    return Intake(archive_gib=section.number("archive_gib", Intake().archive_gib, 0.1, _MAX_GIB))


def _tariff(section: Section) -> Tariff:
    default = Tariff()
    return Tariff(
        per_part=section.number("per_part", default.per_part, 0, _MAX_PRICE),
        currency=section.text("currency", default.currency),
    )


def _replies(section: Section, folder: Path) -> Replying:
    default = Replying()
    return Replying(
        triage_dir=_path(section, "triage_dir", folder) or default.triage_dir,
        reply_grace=section.number("reply_grace", default.reply_grace, 0, 7 * 24),
        overdue_hours=section.number("overdue_hours", default.overdue_hours, 0.1, 24 * 365),
        acknowledgement=section.text("acknowledgement", default.acknowledgement),
    )


def _quiet_hours(section: Section) -> QuietHours:
    default = Settings().quiet_hours
    return QuietHours(
        start=_time_of_day(section, "start", default.start),
        end=_time_of_day(section, "end", default.end),
    )


def _time_of_day(section: Section, key: str, default: time) -> time:
    value = section.text(key, f"{default:%H:%M}")
    if re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", value):
        return time.fromisoformat(value)
    section.fault(key, f'is "{value}"; write hours and minutes from "00:00" to "23:59", such as "20:00"')
    return default


def _backup(section: Section, folder: Path) -> Backup:
    default = Backup()
    return Backup(
        folder=_path(section, "folder", folder),
        every_hours=section.number("every_hours", default.every_hours, 0, _YEAR_HOURS),
        keep=section.whole("keep", default.keep, 1, _MANY_BACKUPS),
    )


def _retention(section: Section) -> Retention:
    default = Retention()
    retention = Retention(
        review_days=section.whole("review_days", default.review_days, 0, _MAX_DAYS),
        erase_days=section.whole("erase_days", default.erase_days, 0, _MAX_DAYS),
    )
    if retention.erase_days and retention.review_days >= retention.erase_days and section.has("review_days"):
        section.fault("review_days", f"is {retention.review_days}, and everything is erased after "
                                     f"{retention.erase_days} days; write fewer, or 0 for no review")
    return retention


def _sims(section: Section, folder: Path) -> MappingProxyType[str, SimSettings]:
    found: dict[str, SimSettings] = {}
    for iccid in section.table:
        sim = section.section(iccid)
        found[iccid] = SimSettings(
            label=sim.text("label", ""),
            pin_file=_pin_file(sim, folder),
            paused=sim.flag("paused", default=False),
            overrides=limits_of(sim),
        )
        if not re.fullmatch(r"[0-9]{18,22}", iccid):
            section.fault(iccid, "is no ICCID; write the 18 to 22 digits that are printed on the SIM, such as "
                                 "[sims.8944100000000000001]")
    return MappingProxyType(found)


def _pin_file(section: Section, folder: Path) -> Path | None:
    """The file that holds the PIN. Of one in the folder `pins` systemd gives the service a copy, since the file is
    root's: LoadCredential=pins:FOLDER (systemd.exec(5)) names it `pins_NAME`."""
    value = section.text("pin_file", "")
    if not value:
        return None
    path = folder / value
    credential = Path(os.environ.get("CREDENTIALS_DIRECTORY", ""), f"pins_{path.name}")
    return credential if path.parent == folder / "pins" and credential.is_file() else path


def _path(section: Section, key: str, folder: Path) -> Path | None:
    value = section.text(key, "")
    return folder / value if value else None
