"""The files that are shipped beside the code: each is right by the code's own measure, and explains itself."""

from __future__ import annotations

import csv
import dataclasses
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from daemon.core.quiet_hours import QuietHours
from daemon.core.throttle import Limits
from daemon.core.triage import Kind
from daemon.folders import SPOOL_FOLDERS
from daemon.settings import (
    Approval,
    Authority,
    Backup,
    Modems,
    Replying,
    Retention,
    Sending,
    Service,
    Settings,
    SimSettings,
    Station,
    Tariff,
    load,
    load_words,
)
from drivers.usb_ids import AT_INTERFACES, MODEM_VENDORS

ROOT = Path(__file__).parent.parent
CONFIG, SYSTEMD = ROOT / "config", ROOT / "systemd"


CONFIGURATIONS = sorted(path for path in CONFIG.rglob("*.toml") if path.parent.name != "triage")


@pytest.mark.parametrize("path", CONFIGURATIONS, ids=lambda path: str(path.relative_to(CONFIG)))
def test_each_configuration_is_valid(path: Path) -> None:
    load(path)


def test_the_word_lists_are_valid() -> None:
    assert load_words(CONFIG / "triage").kind("who is this?") is Kind.WRONG_NUMBER


def test_outpost_toml_holds_the_defaults() -> None:
    assert load(CONFIG / "outpost.toml") == Settings()


def test_outpost_toml_explains_every_key() -> None:
    text = (CONFIG / "outpost.toml").read_text(encoding="utf-8")
    tables = {"station": Station, "station.authority": Authority, "modems": Modems, "sending": Sending,
              "backup": Backup, "tariff": Tariff, "quiet_hours": QuietHours, "replies": Replying, "throttle": Limits,
              "retention": Retention, "services.turning-point": Service}
    for table, values in tables.items():
        body = text.split(f"[{table}]")[1].split("\n[")[0]
        keys = {field.name for field in dataclasses.fields(values)} - {"authority"}
        assert keys == set(re.findall(r"^(?:# )?(\w+) = ", body, re.MULTILINE)) & keys, table
    for field in dataclasses.fields(SimSettings):
        assert field.name == "overrides" or f"# {field.name} = " in text


def test_what_outpost_toml_shows_in_comments_is_valid_too(tmp_path: Path) -> None:
    text = (CONFIG / "outpost.toml").read_text(encoding="utf-8")
    shown = re.sub(r"^# (?=\[|\w+ = )", "", text, flags=re.MULTILINE)
    (tmp_path / "outpost.toml").write_text(shown, encoding="utf-8")
    settings = load(tmp_path / "outpost.toml")
    assert settings.station.authority is not None
    assert settings.limits_for("8944100000000000001", "234100000000001").parts_per_day == 100
    assert settings.limits_for("8944100000000000001", "234100000000001").recipients_per_month == 250


def test_the_demo_holds_nothing_back_and_says_so() -> None:
    settings = load(CONFIG / "demo.toml")
    assert settings.sending.approval is Approval.NONE
    assert settings.quiet_hours.start == settings.quiet_hours.end
    assert not any(dataclasses.astuple(settings.throttle))
    assert not settings.modems.discover
    assert settings.station.spool_dir == CONFIG / "spool"
    text = (CONFIG / "demo.toml").read_text(encoding="utf-8")
    for table in ("quiet_hours", "throttle"):
        assert re.search(rf"^\[{table}\] +# the demo's own", text, re.MULTILINE)


def test_contacts_are_120_rows_of_numbers_that_belong_to_nobody() -> None:
    with (CONFIG / "examples/contacts.csv").open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        rows = list(reader)
    assert reader.fieldnames == ["to", "text", "ref"]
    assert len(rows) == 120
    assert len({row["ref"] for row in rows}) == 120
    numbers = [re.sub(r"^(\+?44|0044|0)(0?)", "0", re.sub(r"[\s()-]", "", row["to"])) for row in rows]
    # Ofcom keeps 07700 900000 to 900999 and 0115 496 0000 to 0999 for drama.
    bad = [row["to"] for row, number in zip(rows, numbers, strict=True) if not re.fullmatch(r"07700900\d{3}", number)]
    assert bad == ["0115 496 0123", "60777", "07700 9OO186", "0115 496 0187", "7.7009E+09"]
    assert [number for number in set(numbers) if numbers.count(number) > 1] == ["07700900121"]
    assert [row["ref"] for row in rows if not row["text"]] == ["NS-071"]
    assert all(re.fullmatch(r"[A-Za-z0-9 :.,]*", row["text"]) and len(row["text"]) <= 306 for row in rows)  # GSM 7-bit
    assert 5 <= sum(len(row["text"]) > 160 for row in rows) <= 10
    assert len({re.sub(r"\d", "9", row["to"]) for row in rows}) >= 8


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")
def test_systemd_understands_the_unit(tmp_path: Path) -> None:
    text = (SYSTEMD / "outpost.service").read_text(encoding="utf-8")
    unit = tmp_path / "outpost.service"
    unit.write_text(text.replace("/usr/bin/outpost", "/bin/true"), encoding="utf-8")
    done = subprocess.run(["systemd-analyze", "verify", unit], capture_output=True, text=True, timeout=60, check=False)
    said = [line for line in done.stderr.splitlines() if "outpost" in line]
    assert (done.returncode, said) == (0, [])


def test_the_unit_runs_the_command_as_its_own_user() -> None:
    lines = (SYSTEMD / "outpost.service").read_text(encoding="utf-8").splitlines()
    for line in ("Type=notify", "ExecStart=/usr/bin/outpost run --config /etc/outpost/outpost.toml", "User=outpost",
                 "Restart=on-failure", "StateDirectory=outpost", "RuntimeDirectory=outpost", "NoNewPrivileges=yes",
                 "ReadWritePaths=/var/spool/outpost", "RestrictAddressFamilies=AF_UNIX AF_NETLINK"):
        assert line in lines


@pytest.mark.skipif(not shutil.which("systemd-sysusers"), reason="systemd-sysusers is not installed")
def test_systemd_would_make_the_user(tmp_path: Path) -> None:
    done = subprocess.run(["systemd-sysusers", "--dry-run", f"--root={tmp_path}", SYSTEMD / "outpost.sysusers"],
                          capture_output=True, text=True, timeout=60, check=True)
    told = done.stdout + done.stderr
    assert all(f"Creating {what}" in told for what in ("user 'outpost'", "group 'outpost-operators'",
                                                       "group 'outpost-admins'"))  # fmt: skip


def test_people_put_files_into_two_spool_folders_and_a_stop_beside_them_and_read_the_others() -> None:
    lines = (SYSTEMD / "outpost.tmpfiles").read_text(encoding="utf-8").splitlines()
    folders = {path: (mode, owner, group) for kind, path, mode, owner, group, *_ in
               (line.split() for line in lines if line.startswith("d "))}  # fmt: skip
    assert folders["/var/spool/outpost"] == ("3770", "outpost", "outpost-operators")  # sticky: their own files alone
    assert "a+ /var/spool/outpost          - - - - group:outpost-admins:rwx" in lines
    for folder in SPOOL_FOLDERS:
        put_in = folder == "incoming" or folder.endswith("/outgoing")
        mode = "1730" if put_in else "2770" if folder == "awaiting" else "2750"
        assert folders[f"/var/spool/outpost/{folder}"] == (mode, "outpost", "outpost-operators")
        assert [line for line in lines if line.startswith(f"a+ /var/spool/outpost/{folder} ") and "admins" in line]


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")
def test_the_sandbox_is_tight() -> None:
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager", SYSTEMD / "outpost.service"]
    told = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False).stdout
    (exposure,) = re.findall(r"Overall exposure level for outpost.service: ([0-9.]+)", told)
    assert float(exposure) <= 1.5


def test_the_rule_for_modems_knows_each_make_that_is_found_by_itself() -> None:
    text = (SYSTEMD / "70-outpost.rules").read_text(encoding="utf-8")
    vendors = re.findall(r'^ATTRS\{idVendor\}=="([0-9a-f]{4})", GOTO="outpost_modem"$', text, re.MULTILINE)
    assert set(vendors) == {*MODEM_VENDORS, *(vendor for vendor, _ in AT_INTERFACES)}
    jumps = set(re.findall(r'GOTO="(\w+)"', text))
    assert jumps == set(re.findall(r'LABEL="(\w+)"', text))
