"""A machine with a real systemd as PID 1, in a container over a clean Debian root, and a simulated modem at it."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
BASE = Path(os.environ.get("OUTPOST_TEST_ROOT", "/var/cache/outpost-test-root"))
PATIENCE = 60.0
LOOK_AGAIN = 0.1
ENVIRONMENT = ("env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", "DEBIAN_FRONTEND=noninteractive")

Done = subprocess.CompletedProcess[str]


def lacking() -> str:
    """Why no machine can be had here, "" when one can."""
    if os.geteuid() != 0:
        return "only root can boot a machine"
    for tool in ("systemd-nspawn", "unshare", "nsenter", "dpkg-deb"):
        if not shutil.which(tool):
            return f"{tool} is not installed: see tests/installed/make-root.sh"
    if "cgroup2" not in Path("/proc/filesystems").read_text():
        return "this kernel has no cgroup2"
    if not (BASE / "etc/debian_version").exists():
        return f"there is no Debian root at {BASE}: tests/installed/make-root.sh makes one"
    return ""


class Machine:
    """The machine. `run` is a command in it, as root or as a user."""

    def __init__(self, folder: Path, log: Path) -> None:
        self._log = log
        command = ["unshare", "--mount", "--propagation", "private", HERE / "boot.sh", BASE, folder]
        with log.open("wb") as out:
            self._child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)
        self._leader = self.until(self._find_leader)
        self.until(lambda: self.run("systemctl", "is-system-running").stdout.strip() in {"running", "degraded"})

    def _find_leader(self) -> str:
        """PID 1 of the machine, as the machine outside numbers it: the child of the child of `boot.sh`."""
        assert self._child.poll() is None, self._log.read_text()
        parents = {}
        for status in Path("/proc").glob("[0-9]*/stat"):
            try:
                pid, rest = status.parent.name, status.read_text().rpartition(")")[2].split()
            except OSError:
                continue  # it ended between two looks
            parents.setdefault(rest[1], []).append((pid, Path(f"/proc/{pid}/comm")))
        for nspawn, _ in parents.get(str(self._child.pid), ()):
            for pid, name in parents.get(nspawn, ()):
                if name.exists() and name.read_text().strip() == "systemd":
                    return pid
        return ""

    def run(self, *command: object, user: str = "", given: bytes | str = "") -> Done:
        """Run a command, as `user` or as root, with `given` on its standard input."""
        spaces = ["--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", "--root"]
        enter = ["nsenter", f"--target={self._leader}", *spaces]
        become = ["runuser", "-u", user, "--"] if user else []
        data = given.encode() if isinstance(given, str) else given
        done = subprocess.run([*enter, *ENVIRONMENT, *become, *map(str, command)],
                              input=data, capture_output=True, timeout=PATIENCE * 4, check=False)  # fmt: skip
        return Done(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())

    def surely(self, *command: object, user: str = "", given: bytes | str = "") -> str:
        """The same for a command that must succeed; what it said."""
        done = self.run(*command, user=user, given=given)
        assert done.returncode == 0, f"{command}: {done.stdout}{done.stderr}\n{self.journal()}"
        return done.stdout

    def put(self, path: str, content: bytes | str, *, user: str = "") -> None:
        self.surely("sh", "-c", f"umask 022 && cat > {path}", user=user, given=content)

    def shown(self, name: str) -> str:
        """A property of the unit."""
        return self.surely("systemctl", "show", "--value", "--property", name, "outpost").strip()

    def journal(self) -> str:
        return self.run("journalctl", "--unit=outpost", "--output=cat", "--no-pager").stdout

    def until(self, true, seconds: float = PATIENCE):
        """Wait for something to come true, and give it."""
        end = time.monotonic() + seconds
        while not (value := true()):
            assert time.monotonic() < end, self.journal() if hasattr(self, "_leader") else self._log.read_text()
            time.sleep(LOOK_AGAIN)
        return value

    def off(self) -> None:
        """Pull the plug: with PID 1 all its processes end, and so does the container."""
        if hasattr(self, "_leader"):
            os.kill(int(self._leader), 9)
        else:
            self._child.terminate()
        self._child.wait(PATIENCE)


@pytest.fixture
def machine(tmp_path) -> Iterator[Machine]:
    if why := lacking():
        pytest.skip(f"no real systemd: {why}")
    folder = tmp_path / "machine"
    folder.mkdir()
    running = Machine(folder, tmp_path / "console.log")
    yield running
    running.off()


@pytest.fixture
def ports(tmp_path) -> Iterator[Sequence[str]]:
    """The port of a simulated modem, as the machine sees it."""
    command = [sys.executable, "-m", "drivers.simulator", "--dir", tmp_path / "dev", "--modems=1"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as simulator:
        found = [Path(port).resolve() for port in json.loads(simulator.stdout.readline())["ports"]]
        for port in found:
            port.chmod(0o666)  # no udev gives it to a group there
        yield [f"/run/host/pts/{port.name}" for port in found]
        simulator.terminate()


@pytest.fixture(scope="session")
def deb(tmp_path_factory) -> bytes:
    spec = importlib.util.spec_from_file_location("packaging_build", ROOT / "packaging" / "build.py")
    build = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(build)
    return build.package(tmp_path_factory.mktemp("dist")).read_bytes()
