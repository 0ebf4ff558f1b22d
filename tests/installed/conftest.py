"""A machine with a real systemd as PID 1, in a container over a clean Debian root, and a simulated modem at it."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
ROOTS = Path(os.environ.get("OUTPOST_TEST_ROOTS", "/var/cache/outpost-test-roots"))
PATIENCE = 60.0
LOOK_AGAIN = 0.1
SPOOL = "/var/spool/outpost"
CONFIGURATION = """
[station]
name = "Test"
[modems]
discover = false
ports = {ports}
[sending]
approval = "{approval}"
[quiet_hours]
start = "00:00"
end = "00:00"
[throttle]
min_gap_seconds = 0
parts_per_minute = 0
parts_per_hour = 0
parts_per_day = 0
recipients_per_day = 0
"""
ENVIRONMENT = ("env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8", "DEBIAN_FRONTEND=noninteractive")

Done = subprocess.CompletedProcess[str]


def lacking(root: Path) -> str:
    """Why no machine can be had here with that root, "" when one can."""
    if os.geteuid() != 0:
        return "only root can boot a machine"
    for tool in ("systemd-nspawn", "unshare", "nsenter", "dpkg-deb"):
        if not shutil.which(tool):
            return f"{tool} is not installed: see tests/installed/make-root.sh"
    if "cgroup2" not in Path("/proc/filesystems").read_text():
        return "this kernel has no cgroup2"
    if not (root / "etc/debian_version").exists():
        return f"there is no Debian root at {root}: tests/installed/make-root.sh makes one"
    return ""


class Machine:
    """The machine. `run` is a command in it, as root or as a user."""

    def __init__(self, root: Path, folder: Path, log: Path) -> None:
        self._log = log
        command = ["unshare", "--mount", "--propagation", "private", HERE / "boot.sh", root, folder]
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

    def install(self, deb: bytes, *options: str) -> str:
        """Install a package, as apt does without network; what apt said."""
        self.put("/root/outpost.deb", deb)
        # Asked whether to keep the station's own configuration, a person presses Enter.
        return self.surely("apt-get", "install", "-y", *options, "/root/outpost.deb", given="\n" * 9)

    def configure(self, network: Network, *, approval: str = "two-person") -> None:
        """Write the station's configuration, with the network's modems."""
        ports = json.dumps(network.ports)
        self.put("/etc/outpost/outpost.toml", CONFIGURATION.format(ports=ports, approval=approval))
        self.surely("mkdir", "-p", "/etc/systemd/system/outpost.service.d")
        # The one change for the test: its modems are at ptys, and the unit lets nothing but ttyUSB and ttyACM through.
        self.put("/etc/systemd/system/outpost.service.d/test.conf", "[Service]\nDeviceAllow=char-pts rw\n")
        self.surely("systemctl", "daemon-reload")

    def counts(self) -> dict[str, int]:
        """How many messages are in which state, as the service tells; states of none left out."""
        told = json.loads(self.surely("outpost", "status", "--json"))["messages"]
        return {state: n for state, n in told.items() if n}

    def schema(self) -> int:
        """The schema of the database."""
        look = "import sqlite3, sys; print(*next(sqlite3.connect(sys.argv[1]).execute('PRAGMA user_version')))"
        return int(self.surely("python3", "-c", look, "/var/lib/outpost/outpost.db"))

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
def release() -> str:
    """The Debian that the machine has, by the name of its root; a test may name others."""
    return "bookworm"


@pytest.fixture
def machine(tmp_path, release) -> Iterator[Machine]:
    root = ROOTS / release
    if why := lacking(root):
        pytest.skip(f"no real systemd: {why}")
    folder = tmp_path / "machine"
    folder.mkdir()
    running = Machine(root, folder, tmp_path / "console.log")
    yield running
    running.off()


class Network:
    """A simulated network with one modem, whose port the machine sees."""

    def __init__(self, folder: Path) -> None:
        self._log = folder / "network.jsonl"
        command = [sys.executable, "-m", "drivers.simulator", "--dir", folder / "dev", f"--log={self._log}"]
        self.child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        ready = json.loads(self.child.stdout.readline())
        (self._sim,) = ready["sims"]
        ports = [Path(port).resolve() for port in ready["ports"]]
        for port in ports:
            port.chmod(0o666)  # no udev gives it to a group there
        self.ports = [f"/run/host/pts/{port.name}" for port in ports]

    def answer_after(self, seconds: float) -> None:
        """Let each submit wait for its answer."""
        self._tell("delays", radio=seconds)

    def text(self, sender: str, text: str) -> None:
        """Somebody texts the station."""
        self._tell("inbound", sim=self._sim, text=text, **{"from": sender})

    def _tell(self, do: str, **order: object) -> None:
        self.child.stdin.write(json.dumps({"do": do, **order}) + "\n")
        self.child.stdin.flush()
        assert json.loads(self.child.stdout.readline())["ok"]

    def accepted(self) -> Counter[str]:
        """How often each recipient was texted in truth."""
        events = map(json.loads, self._log.read_text().rpartition("\n")[0].splitlines())
        return Counter(event["recipient"] for event in events if event["event"] == "submit")


@pytest.fixture
def network(tmp_path) -> Iterator[Network]:
    found = Network(tmp_path)
    with found.child:
        yield found
        found.child.terminate()


@pytest.fixture(scope="session")
def deb(tmp_path_factory) -> bytes:
    spec = importlib.util.spec_from_file_location("packaging_build", ROOT / "packaging" / "build.py")
    build = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(build)
    return build.package(tmp_path_factory.mktemp("dist")).read_bytes()


@pytest.fixture(scope="session")
def newer(deb, tmp_path_factory) -> bytes:
    """The next version: another migration, and another remark in the configuration that it brings."""
    folder = tmp_path_factory.mktemp("newer")
    (folder / "old.deb").write_bytes(deb)
    tree = folder / "tree"
    subprocess.run(["dpkg-deb", "--raw-extract", folder / "old.deb", tree], check=True)
    migrations = tree / "usr/lib/outpost/daemon/store/migrations"
    number = len(list(migrations.glob("m*.sql"))) + 1
    (migrations / f"m{number:03}_next.sql").write_text("ALTER TABLE messages ADD COLUMN next TEXT")
    control = tree / "DEBIAN/control"
    control.write_text(re.sub(r"(?m)^(Version: .+)$", r"\1+next", control.read_text()))
    with (tree / "etc/outpost/outpost.toml").open("a") as example:
        example.write("# A key has another remark.\n")
    subprocess.run(["dpkg-deb", "-Zgzip", "-z1", "--build", tree, folder / "new.deb"], check=True, capture_output=True)
    return (folder / "new.deb").read_bytes()
