"""The configuration: what each key does, and what a person is told when one is wrong."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.core.throttle import Limits
from daemon.settings import (
    Approval,
    Authority,
    Fault,
    OnDoubt,
    Service,
    Settings,
    SettingsError,
    SimSettings,
    load,
    parse,
)

FILE = Path("/etc/outpost/outpost.toml")
ICCID = "8944100000000000001"

Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a configuration file and give its path."""
    def written(text: str) -> Path:
        path = tmp_path / "outpost.toml"
        path.write_text(text, encoding="utf-8")
        return path
    return written


def faults(text: str) -> list[Fault]:
    with pytest.raises(SettingsError) as raised:
        parse(text, FILE)
    return list(raised.value.problems)


def fault(text: str) -> Fault:
    [only] = faults(text)
    return only


def test_an_empty_file_is_a_station_with_the_defaults(write: Write) -> None:
    settings = load(write(""))
    assert settings == Settings()
    assert settings.station.zone == ZoneInfo("Europe/London")
    assert settings.station.database == Path("/var/lib/outpost/outpost.db")
    assert settings.station.control_socket == Path("/run/outpost/control.sock")
    assert settings.sending.approval is Approval.TWO_PERSON
    assert (settings.quiet_hours.start, settings.quiet_hours.end) == (time(20), time(9))
    assert settings.throttle == Limits(10, 4, 100, 200, 3000, 150, 0)


def test_every_key_is_read(write: Write) -> None:
    path = write("""
        [station]
        name = "Desk"
        country = "IE"
        timezone = "Europe/Dublin"
        state_dir = "/srv/state"
        spool_dir = "/srv/spool"
        runtime_dir = "/srv/run"
        max_sims = 8
        authority = { holder = "Unit", basis = "Order 7", date = 2026-03-31 }
        [modems]
        discover = false
        ports = ["/dev/ttyUSB0", "/dev/ttyUSB1"]
        sweep_seconds = 5
        answer_seconds = 20.5
        [sending]
        approval = "none"
        status_reports = false
        validity_hours = 1
        on_doubt = "resend"
        max_parts = 2
        international = true
        [quiet_hours]
        start = "21:30"
        end = "08:15"
        [throttle]
        min_gap_seconds = 0.5
        parts_per_minute = 1
        parts_per_hour = 2
        parts_per_day = 3
        parts_per_month = 4
        recipients_per_day = 5
        recipients_per_month = 6
        networks.27201.parts_per_day = 7
        [sims.8944100000000000001]
        label = "Left"
        pin_file = "/etc/outpost/pin"
        paused = true
        parts_per_hour = 8
    """)
    settings = load(path)
    station, modems, sending = settings.station, settings.modems, settings.sending
    assert (station.name, station.country, station.timezone) == ("Desk", "IE", "Europe/Dublin")
    assert (station.state_dir, station.spool_dir, station.runtime_dir) == (
        Path("/srv/state"), Path("/srv/spool"), Path("/srv/run"))
    assert (station.max_sims, station.authority) == (8, Authority("Unit", "Order 7", date(2026, 3, 31)))
    assert (modems.discover, modems.ports) == (False, ("/dev/ttyUSB0", "/dev/ttyUSB1"))
    assert (modems.sweep_seconds, modems.answer_seconds) == (5, 20.5)
    assert (sending.approval, sending.on_doubt) == (Approval.NONE, OnDoubt.RESEND)
    assert (sending.status_reports, sending.international) == (False, True)
    assert (sending.validity_hours, sending.max_parts) == (1, 2)
    assert (settings.quiet_hours.start, settings.quiet_hours.end) == (time(21, 30), time(8, 15))
    assert settings.throttle == Limits(0.5, 1, 2, 3, 4, 5, 6)
    assert settings.networks == {"27201": {"parts_per_day": 7}}
    assert settings.sims == {ICCID: SimSettings("Left", Path("/etc/outpost/pin"), True, {"parts_per_hour": 8})}


def test_a_relative_path_starts_at_the_file_s_folder(write: Write, tmp_path: Path) -> None:
    settings = load(write(f"""
        station.state_dir = "state"
        modems.ports = ["ports/one"]
        sims.{ICCID}.pin_file = "pins/desk"
    """))
    assert settings.station.state_dir == tmp_path / "state"
    assert settings.modems.ports == (str(tmp_path / "ports/one"),)
    assert settings.sims[ICCID].pin_file == tmp_path / "pins/desk"


def test_limits_come_from_the_sim_then_its_network_then_all() -> None:
    settings = parse(f"""
        [throttle]
        parts_per_hour = 10
        [throttle.networks.23410]
        parts_per_hour = 20
        parts_per_day = 21
        [throttle.networks.310260]
        parts_per_hour = 30
        [throttle.networks.31026]
        parts_per_hour = 31
        [sims.{ICCID}]
        parts_per_hour = 40
    """, FILE)
    assert settings.limits_for("8944100000000000009", None).parts_per_hour == 10
    assert settings.limits_for("8944100000000000009", "234150000000001").parts_per_hour == 10
    assert settings.limits_for("8944100000000000009", "234100000000001").parts_per_hour == 20
    assert settings.limits_for("8944100000000000009", "310260000000001").parts_per_hour == 30
    both = settings.limits_for(ICCID, "234100000000001")
    assert (both.parts_per_hour, both.parts_per_day, both.parts_per_month) == (40, 21, 3000)


def test_every_error_is_told_at_once_with_its_key_and_line(write: Write) -> None:
    path = write("""\
[station]
name = 7
country = "UK"
timezone = "Europe/Londn"

[sending]
aproval = "none"
max_parts = 0
on_doubt = "guess"

[quiet_hours]
start = "24:00"

[throttle]
parts_per_day = -1

[sims.NOT-A-NUMBER]
label = "x"
""")
    with pytest.raises(SettingsError) as raised:
        load(path)
    assert [(fault.line, fault.key) for fault in raised.value.problems] == [
        (2, "station.name"), (3, "station.country"), (4, "station.timezone"), (7, "sending.aproval"),
        (8, "sending.max_parts"), (9, "sending.on_doubt"), (12, "quiet_hours.start"), (15, "throttle.parts_per_day"),
        (17, "sims.NOT-A-NUMBER"),
    ]
    shown = str(raised.value).splitlines()
    assert shown[0] == f"{path}: 9 errors in the configuration"
    assert shown[1] == "  line 2, station.name: is a whole number; write text in double quotes"
    assert shown[3].startswith('  line 4, station.timezone: is "Europe/Londn", which is no known time zone;')
    assert shown[3].endswith('did you mean "Europe/London"?')
    assert shown[4] == '  line 7, sending.aproval: is no such key; did you mean "approval"?'
    assert shown[6] == '  line 9, sending.on_doubt: is "guess"; write one of "hold", "resend"'


@pytest.mark.parametrize(("text", "key", "says"), [
    ("stations = 1", "stations", 'did you mean "station"?'),
    ("station = 1", "station", "write a table, [station]"),
    ("[station]\napproval = 'none'", "station.approval", "it belongs in [sending]"),
    ("[modems]\nzzz = 1", "modems.zzz",
     "Known here: answer_seconds, discover, part_seconds, pin_file, ports, sweep_seconds"),
    ("station.name = ' '", "station.name", "is empty"),
    ("station.country = 'gb'", "station.country", '"GB"'),
    ("station.timezone = '../../etc/passwd'", "station.timezone", "no known time zone"),
    ("station.timezone = 'Europe'", "station.timezone", "no known time zone"),
    ("station.max_sims = 0", "station.max_sims", "from 1 to 200"),
    ("station.max_sims = 5", "station.max_sims", "needs [station.authority]"),
    ("station.max_sims = true", "station.max_sims", "is true or false; write a whole number"),
    ("station.spool_dir = '/var/lib/outpost'", "station.spool_dir", "three different folders"),
    (f"station.runtime_dir = '/{'long/' * 20}'", "station.runtime_dir", "choose a shorter path"),
    ("station.authority = {holder = 'a', date = 2026-01-01}", "station.authority.basis", "is missing"),
    ("station.authority = {holder = 'a', basis = 'b', date = '2026'}", "station.authority.date", "2026-03-31"),
    ("modems.discover = 'yes'", "modems.discover", "true or false, without quotes"),
    ("modems.ports = '/dev/ttyUSB0'", "modems.ports", "a list of texts"),
    ("modems.ports = [1]", "modems.ports", "in double quotes"),
    ("modems.ports = ['ttyUSB0']", "modems.ports", '"/dev/ttyUSB0"'),
    ("modems.ports = ['/dev/a', '/dev/b', '/dev/a']", "modems.ports", 'names "/dev/a" more than once'),
    ("modems.sweep_seconds = 0", "modems.sweep_seconds", "from 0.1 to 3600"),
    ("modems.answer_seconds = nan", "modems.answer_seconds", "from 0.1 to 600"),
    ("sending.approval = 'three-person'", "sending.approval", '"none", "one-person", "two-person"'),
    ("sending.validity_hours = 10585", "sending.validity_hours", "from 1 to 10584"),
    ("sending.validity_hours = 1.5", "sending.validity_hours", "is a number; write a whole number"),
    ("quiet_hours.end = '9:00'", "quiet_hours.end", '"20:00"'),
    ("quiet_hours.end = 09:00:00", "quiet_hours.end", "is a time; write text in double quotes"),
    ("throttle.parts_per_hour = 2.5", "throttle.parts_per_hour", "a whole number"),
    ("throttle.min_gap_seconds = -0.1", "throttle.min_gap_seconds", "from 0 to"),
    ("throttle.min_gap_seconds = inf", "throttle.min_gap_seconds", "from 0 to"),
    ("throttle.networks.234.parts_per_day = 1", "throttle.networks.234", "MCC and MNC together"),
    ("throttle.networks.23410.parts_a_day = 1", "throttle.networks.23410.parts_a_day", '"parts_per_day"'),
    ("sims.123.label = 'a'", "sims.123", "18 to 22 digits"),
    (f"sims.{ICCID} = 'a'", f"sims.{ICCID}", "is text; write a table"),
    (f"sims.{ICCID}.label = 1", f"sims.{ICCID}.label", "text in double quotes"),
    (f"sims.{ICCID}.parts_per_day = -1", f"sims.{ICCID}.parts_per_day", "from 0 to"),
])
def test_a_wrong_key_is_told_with_what_to_write(text: str, key: str, says: str) -> None:
    found = fault(text)
    assert found.key == key
    assert found.line is not None
    assert says in found.message


def test_a_pin_in_the_wrong_place_is_not_shown() -> None:
    first, second = faults(f"sims.{ICCID}.pin = '4821'\nsims.{ICCID}.pin_file = 4821")
    assert "4821" not in f"{first} {second}"
    assert 'did you mean "pin_file"?' in str(first)


@pytest.mark.parametrize(("text", "line"), [
    ("[station]\nname = Nottingham\n", 2),
    ("[station]\nname = 'a'\nname = 'b'\n", 3),
    ("[station]\nname = 'a", 2),
    ("[station]\nx = " + "9" * 5000, 2),
    ("[station]\nx = " + "[" * 100_000, 2),
])
def test_what_is_not_toml_is_told_with_its_line(text: str, line: int) -> None:
    found = fault(text)
    assert (found.key, found.line) == ("", line)
    assert "is not TOML" in found.message


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    latin = tmp_path / "latin.toml"
    latin.write_bytes(b'[station]\nname = "Caf\xe9"\n')
    for path, says in (
        (tmp_path / "none.toml", "there is no such file; name another with --config FILE"),
        (tmp_path, "cannot be read"),
        (latin, "line 2: is not UTF-8"),
    ):
        with pytest.raises(SettingsError) as raised:
            load(path)
        assert str(path) in str(raised.value)
        assert says in str(raised.value)


def test_a_file_saved_on_windows_is_read(tmp_path: Path) -> None:
    path = tmp_path / "outpost.toml"
    path.write_bytes(b'\xef\xbb\xbf[station]\r\nname = "Desk"\r\n')
    assert load(path).station.name == "Desk"


def test_lines_are_right_after_texts_and_lists_of_many_lines() -> None:
    found = faults('''
[station]
name = """
[sending]
max_parts = 0
"""
[modems]
ports = [  # ]
  "a]", '[b',
  "discover = 1",
]

"discover" = "x"
[sending] # [x]
'max_parts' = 0
[ throttle . networks . "23410" ]
parts_per_day = -1
''')
    assert [(item.line, item.key) for item in found] == [
        (3, "station.name"), (8, "modems.ports"), (8, "modems.ports"), (8, "modems.ports"),
        (13, "modems.discover"), (15, "sending.max_parts"), (17, "throttle.networks.23410.parts_per_day"),
    ]


_VALUES = st.recursive(
    st.sampled_from(["true", "1", "-1", "0.5", "nan", "''", "'x'", "'20:00'", "2026-01-01", "09:00:00", "[]", "{}"]),
    lambda inner: st.lists(inner, max_size=2).map(lambda items: f"[{', '.join(items)}]"), max_leaves=4)
_KEYS = st.sampled_from([
    "station", "station.name", "station.country", "station.max_sims", "station.authority", "station.authority.date",
    "station.state_dir", "modems.ports", "modems.sweep_seconds", "sending.approval", "sending.max_parts", "quiet_hours",
    "quiet_hours.start", "throttle.parts_per_day", "throttle.networks", "throttle.networks.23410", "sims",
    f"sims.{ICCID}", "sims.x.pin_file", "other", "other.key",
])


@given(st.dictionaries(_KEYS, _VALUES, max_size=6))
def test_any_toml_gives_settings_or_faults_that_name_their_line(keys: dict[str, str]) -> None:
    text = "".join(f"{key} = {value}\n" for key, value in keys.items())
    try:
        parse(text, FILE)
        return
    except SettingsError as error:
        found = error.problems
    assert found
    assert all(fault.line and 1 <= fault.line <= len(keys) + 1 for fault in found)


def test_a_pin_that_systemd_hands_over_goes_before_the_file_that_is_roots(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "credentials").mkdir()
    (tmp_path / "credentials" / "pins_desk-1").write_text("1234")
    path = write(f'[sims.{ICCID}]\npin_file = "pins/desk-1"\n[sims.{ICCID[:-1]}2]\npin_file = "pins/desk-2"')
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    assert load(path).sims[ICCID].pin_file == tmp_path / "pins" / "desk-1"
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path / "credentials"))
    settings = load(path)
    assert settings.sims[ICCID].pin_file == tmp_path / "credentials" / "pins_desk-1"
    assert settings.sims[f"{ICCID[:-1]}2"].pin_file == tmp_path / "pins" / "desk-2"


def test_a_service_has_a_public_key_and_a_plain_name() -> None:
    key = "age1" + "q" * 58
    settings = parse(f'[services.turning-point]\nrecipient = "{key}"\nanswer_within_hours = 4\n[services.jo]', FILE)
    assert settings.services == {"turning-point": Service(key, "", 4), "jo": Service()}
    for text, why in (
        (f'[services."../x"]\nrecipient = "{key}"', "is no name for a service"),
        ('[services.jo]\nrecipient = "--output=/etc/passwd"', "is no public key"),
        ('[services.jo]\nrecipient = "AGE-SECRET-KEY-1QQQ"', "is a secret key"),
        ("[services.jo]\nanswer_within_hours = 0", "from 0.001"),
    ):
        assert why in fault(text).message
