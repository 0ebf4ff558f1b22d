"""The Debian package and the tar of wheels: complete, the same bytes each time, and working on their own."""

from __future__ import annotations

import fcntl
import gzip
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import click
import pytest

from daemon import cli

ROOT = Path(__file__).resolve().parents[1]

pytestmark = pytest.mark.timeout(180)  # the first test waits for the build
needs_dpkg = pytest.mark.skipif(not shutil.which("dpkg-deb"), reason="dpkg-deb is not installed: no Debian here")


@pytest.fixture(scope="module")
def build():
    spec = importlib.util.spec_from_file_location("packaging_build", ROOT / "packaging" / "build.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def deb(build, tmp_path_factory, worker_id):
    """The package, built once for all the processes that run tests."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "outpost-dist"
    with (folder.with_suffix(".lock")).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return next(folder.glob("*.deb"), None) or build.package(folder)


@pytest.fixture(scope="module")
def installed(deb, tmp_path_factory):
    """The package's files, unpacked."""
    root = tmp_path_factory.mktemp("root")
    subprocess.run(["dpkg-deb", "--extract", deb, root], check=True)
    return root


def modes(deb):
    """What `dpkg-deb --contents` shows of each file: its mode, owner and date, by path."""
    told = subprocess.run(["dpkg-deb", "--contents", deb], check=True, capture_output=True, text=True).stdout
    return {line.split(maxsplit=5)[5].split(" -> ")[0]: line.split(maxsplit=5)[:2] for line in told.splitlines()}


@needs_dpkg
def test_a_second_build_is_the_same_bytes(build, deb, tmp_path):
    assert build.package(tmp_path / "dist").read_bytes() == deb.read_bytes()


@needs_dpkg
def test_it_is_for_every_machine_and_needs_nothing_but_debian(deb):
    fields = subprocess.run(["dpkg-deb", "--field", deb], check=True, capture_output=True, text=True).stdout
    assert re.search(r"^Architecture: all$", fields, re.MULTILINE)
    (depends,) = re.findall(r"^Depends: (.+)$", fields, re.MULTILINE)
    assert {entry.split()[0] for entry in depends.split(", ")} == {"python3", "systemd", "libudev1"}


@needs_dpkg
def test_everything_belongs_to_root_and_only_root_writes(deb):
    for path, (mode, owner) in modes(deb).items():
        assert owner == "root/root", path
        assert mode[5] == mode[8] == "-", path


@needs_dpkg
def test_what_lies_where(deb, installed):
    have = set(modes(deb))
    for place in (
        "usr/bin/outpost", "usr/lib/systemd/system/outpost.service", "usr/lib/sysusers.d/outpost.conf",
        "usr/lib/tmpfiles.d/outpost.conf", "usr/lib/udev/rules.d/70-outpost.rules", "etc/outpost/outpost.toml",
        "usr/share/doc/outpost/docs/operator.md", "usr/share/bash-completion/completions/outpost",
        "usr/share/doc/outpost/copyright", "usr/lib/outpost/config/demo.toml",
    ):  # fmt: skip
        assert f"./{place}" in have
    # Never in a folder that other programs' Python looks into.
    assert not [path for path in have if "site-packages" in path or "dist-packages" in path]
    assert (installed / "usr/share/bash-completion/completions/outpost").read_text().startswith("_outpost_completion")


@needs_dpkg
def test_the_manual_pages_hold_every_command_and_every_key(installed):
    def page(place):
        return gzip.decompress((installed / "usr/share/man" / place).read_bytes()).decode().replace("\\-", "-")

    def subsections(group, path):
        for name, found in group.commands.items():
            yield f"\n.SS {path} {name} ["
            yield from subsections(found, f"{path} {name}") if isinstance(found, click.Group) else ()

    commands, keys = page("man1/outpost.1.gz"), page("man5/outpost.toml.5.gz")
    assert [line for line in subsections(cli.main, "outpost") if line not in commands] == []
    assert "\n.B --request TEXT\nThe hash on the request" in commands
    shown = (ROOT / "config/outpost.toml").read_text()
    written = set(re.findall(r"^\.B ([a-z_]+) = ", keys, re.MULTILINE))
    assert written == set(re.findall(r"^(?:# )?([a-z_]+) = ", shown, re.MULTILINE))
    assert set(re.findall(r"^\.SS (\[.+\])$", keys, re.MULTILINE)) == set(
        re.findall(r"^(?:# )?(\[[\w.]+\])", shown, re.MULTILINE)
    )
    # Each line of a remark is there, in its own place behind its key.
    assert "\n.B min_gap_seconds = 10\npause between two messages; may have a fraction\n" in keys


@needs_dpkg
def test_it_holds_each_locked_package_that_is_used_and_nothing_for_one_machine_alone(build, installed):
    locked = set(re.findall(r"^([^\s=]+)==([^\s;]+)", (ROOT / "requirements/run.lock").read_text(), re.MULTILINE))
    have = {tuple(path.name.removesuffix(".dist-info").split("-")) for path in installed.rglob("*.dist-info")}
    assert {(name.replace("-", "_").lower(), version) for name, version in have} >= {
        (name.replace("-", "_"), version) for name, version in locked if name not in build.UNUSED
    }
    assert build.UNUSED.isdisjoint(path.name for path in (installed / "usr/lib/outpost").iterdir())
    assert not [path for path in installed.rglob("*") if path.suffix in {".so", ".pyc"}]


@needs_dpkg
def test_the_command_runs_from_its_own_folder_alone(installed, tmp_path):
    script = (installed / "usr/bin/outpost").read_text()
    assert script.startswith("#!/usr/bin/python3 -IS\n")
    moved = tmp_path / "outpost"
    moved.write_text(script.replace('"/usr/lib/outpost"', repr(str(installed / "usr/lib/outpost"))))
    command = [sys.executable, "-IS", "-B", "-W", "ignore", moved]
    told = subprocess.run([*command, "--version"], check=True, capture_output=True, text=True, timeout=60).stdout
    assert told.split()[-1] in script or re.fullmatch(r"outpost, version \S+\n", told)
    answer = subprocess.run(
        [*command, "check", installed / "usr/lib/outpost/config/examples/contacts.csv",
         "--config", installed / "etc/outpost/outpost.toml", "--json"],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert '"rows": 120' in answer.stdout, answer.stderr  # the reader's child process found its packages too


@needs_dpkg
@pytest.mark.parametrize("name", ["preinst", "postinst", "prerm", "postrm"])
def test_the_scripts_are_read_by_sh(name):
    subprocess.run(["sh", "-n", ROOT / "packaging" / "debian" / name], check=True)


@needs_dpkg
@pytest.mark.skipif(not shutil.which("lintian"), reason="lintian is not installed")
def test_lintian_finds_no_error(deb):
    told = subprocess.run(["lintian", "--fail-on=error", deb], capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stdout + told.stderr


def test_the_bundle_holds_what_another_system_needs(build, tmp_path):
    with tarfile.open(build.bundle(tmp_path / "dist")) as tar:
        names = {name.partition("/")[2] for name in tar.getnames()}
        tar.extractall(tmp_path, filter="data")
    assert {"install.sh", "requirements/run.lock", "systemd/outpost.service", "config/outpost.toml"} <= names
    wheels = {name.split("/")[1].split("-")[0].lower() for name in names if name.startswith("wheels/")}
    locked = re.findall(r"^([^\s=]+)==", (ROOT / "requirements/run.lock").read_text(), re.MULTILINE)
    assert wheels == {"outpost"} | {name.replace("-", "_") for name in locked}
    (script,) = tmp_path.glob("*/install.sh")
    assert os.access(script, os.X_OK)
    # It installs as it lies there, with no index of packages to ask.
    env = {**os.environ, "PYTHON": sys.executable, "PIP_INDEX_URL": "file:///nowhere", "PIP_CONFIG_FILE": os.devnull}
    subprocess.run([script, tmp_path / "opt"], env=env, check=True, timeout=120)
    told = subprocess.run([tmp_path / "opt/bin/outpost", "--version"], capture_output=True, text=True, check=True)
    assert told.stdout.startswith("outpost, version ")
