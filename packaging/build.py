"""Builds what is carried to a station without network: the Debian package, or a tar of wheels for other systems.

    build.py package        dist/outpost_VERSION_all.deb
    build.py bundle         dist/outpost-VERSION-wheels.tar

The set-up has put the wheels of requirements/run.lock into the environment's folder `wheels`; each is held against its
hash once more. Nothing is downloaded, and the same commit gives the same bytes.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
HERE = ROOT / "packaging"
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
LIBRARY = Path("usr/lib/outpost")
LONG_AGO = 1577836800  # 2020-01-01: the date of everything where no commit gives one
SHELLS = {
    "bash": "usr/share/bash-completion/completions/outpost",
    "zsh": "usr/share/zsh/vendor-completions/_outpost",
    "fish": "usr/share/fish/vendor_completions.d/outpost.fish",
}
FILES = {
    "packaging/outpost": "usr/bin/outpost",
    "systemd/outpost.service": "usr/lib/systemd/system/outpost.service",
    "systemd/outpost.sysusers": "usr/lib/sysusers.d/outpost.conf",
    "systemd/outpost.tmpfiles": "usr/lib/tmpfiles.d/outpost.conf",
    "systemd/70-outpost.rules": "usr/lib/udev/rules.d/70-outpost.rules",
    "config/outpost.toml": "etc/outpost/outpost.toml",
    "packaging/debian/copyright": "usr/share/doc/outpost/copyright",
    "README.md": "usr/share/doc/outpost/README.md",
}
FOLDERS = {
    "docs": "usr/share/doc/outpost/docs",
    "config": "usr/share/doc/outpost/config",
    "config/triage": "etc/outpost/triage",
}
UNUSED = {"pip"}
"""Packages that others name and nothing here imports: sqlite-utils has a command to install its plugins."""
SCRIPTS = ("preinst", "postinst", "prerm", "postrm")
MANUAL = ("outpost.1", "outpost.toml.5")


class CannotBuild(Exception):
    """The message says what is missing and what to do."""


def commit_time() -> int:
    """What everything that is built is dated by, in seconds since the epoch: SOURCE_DATE_EPOCH, or the last commit."""
    if "SOURCE_DATE_EPOCH" in os.environ:
        return int(os.environ["SOURCE_DATE_EPOCH"])
    git = ["git", "-c", f"safe.directory={ROOT}", "-C", str(ROOT), "log", "-1", "--format=%ct"]
    done = subprocess.run(git, capture_output=True, text=True, check=False)
    return int(done.stdout) if done.returncode == 0 else LONG_AGO


def wheels(work: Path, when: int) -> list[Path]:
    """Outpost's own wheel, built now, and those of all that it needs."""
    folder = Path(sys.prefix) / "wheels"
    lock = (ROOT / "requirements/run.lock").read_text("utf-8")
    hashes = set(re.findall(r"--hash=sha256:([0-9a-f]{64})", lock))
    found = sorted(path for path in folder.glob("*.whl") if hashlib.sha256(path.read_bytes()).hexdigest() in hashes)
    # Name and version of a wheel are the first two fields of its name, with "_" for every "-".
    have = {tuple(path.name.split("-")[:2]) for path in found}
    pins = re.findall(r"^([^\s=]+)==([^\s;]+)", lock, re.MULTILINE)
    wanted = {(name.replace("-", "_"), version) for name, version in pins}
    if missing := sorted(wanted - {(name.lower(), version) for name, version in have}):
        raise CannotBuild(
            f"{folder} lacks the wheels of {missing}. Remove the environment (make clean), then try again: "
            "the set-up fetches them."
        )
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(work)]
    env = {**os.environ, "SOURCE_DATE_EPOCH": str(when)}
    subprocess.run(command, cwd=ROOT, env=env, check=True, capture_output=True)
    return [*work.glob("outpost-*.whl"), *found]


def package(target: Path) -> Path:
    """The Debian package, in the folder `target`."""
    if not shutil.which("dpkg-deb"):
        raise CannotBuild("dpkg-deb is missing: build the package on Debian, or use `make bundle`.")
    when = commit_time()
    with tempfile.TemporaryDirectory() as work:
        tree = Path(work) / "tree"
        for wheel in wheels(Path(work), when):
            if wheel.name.split("-")[0] not in UNUSED:
                _unpack(wheel, tree / LIBRARY)
        _lay_out(tree, when)
        _control(tree)
        _level(tree, when)
        deb = target / f"outpost_{VERSION}_all.deb"
        target.mkdir(exist_ok=True)
        command = ["dpkg-deb", "--root-owner-group", "-Zgzip", "--build", str(tree), str(deb)]
        env = {**os.environ, "SOURCE_DATE_EPOCH": str(when)}
        subprocess.run(command, env=env, check=True, stdout=subprocess.DEVNULL)
    return deb


def bundle(target: Path) -> Path:
    """A tar with the wheels, the lock file, what a station's system needs, and how to install it."""
    when = commit_time()
    name = f"outpost-{VERSION}"
    target.mkdir(exist_ok=True)
    path = target / f"{name}-wheels.tar"
    with tempfile.TemporaryDirectory() as work, tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as tar:
        files = {f"wheels/{wheel.name}": wheel for wheel in wheels(Path(work), when)}
        files["install.sh"] = HERE / "install.sh"
        files["requirements/run.lock"] = ROOT / "requirements/run.lock"
        for folder in ("config", "docs", "systemd"):
            files |= {str(file.relative_to(ROOT)): file for file in _files(ROOT / folder)}
        for inside, file in sorted(files.items()):
            data = file.read_bytes()
            entry = tarfile.TarInfo(f"{name}/{inside}")
            entry.size, entry.mtime = len(data), when
            entry.mode = 0o755 if inside.endswith(".sh") else 0o644
            tar.addfile(entry, io.BytesIO(data))
    return path


def _unpack(wheel: Path, library: Path) -> None:
    """A wheel as an installer would put it, without commands of its own (PEP 427, "scripts")."""
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            inside = re.sub(r"^[^/]+\.data/(?:purelib|platlib)/", "", name)
            if not name.endswith("/") and not re.match(r"[^/]+\.data/", inside):
                path = library / inside
                if path.exists():
                    raise CannotBuild(f"{wheel.name} brings {inside}, which another wheel has brought already.")
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(archive.read(name))


def _lay_out(tree: Path, when: int) -> None:
    for source, place in FILES.items():
        _put(tree / place, (ROOT / source).read_bytes())
    for source, place in FOLDERS.items():
        for file in _files(ROOT / source):
            _put(tree / place / file.relative_to(ROOT / source), file.read_bytes())
    for page in MANUAL:
        _put(tree / f"usr/share/man/man{page[-1]}/{page}.gz", _gzipped(_manual(page, when)))
    changes = f"outpost ({VERSION}) stable; urgency=medium\n\n  * See docs/ and CHANGELOG.md.\n\n"
    _put(tree / "usr/share/doc/outpost/changelog.gz", _gzipped(changes.encode() + _signature(when)))
    _put(tree / "usr/share/doc/outpost/CHANGELOG.md", (ROOT / "CHANGELOG.md").read_bytes())
    (tree / "etc/outpost/pins").mkdir()
    for shell, place in SHELLS.items():
        _put(tree / place, _completion(shell))


def _signature(when: int) -> bytes:
    maintainer = re.search(r"^Maintainer: (.+)$", (HERE / "debian/control").read_text("utf-8"), re.MULTILINE)
    date = subprocess.run(["date", "-u", "-R", f"-d@{when}"], capture_output=True, check=True).stdout
    return b" -- " + (maintainer[1].encode() if maintainer else b"") + b"  " + date


def _completion(shell: str) -> bytes:
    command = [sys.executable, "-c", "from daemon.cli import main; main(prog_name='outpost')"]
    env = {**os.environ, "_OUTPOST_COMPLETE": f"{shell}_source"}
    done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, check=True)
    return done.stdout


def _manual(page: str, when: int) -> bytes:
    date = datetime.fromtimestamp(when, UTC).date().isoformat()
    command = [sys.executable, str(HERE / "manual.py"), page, VERSION, date]
    return subprocess.run(command, capture_output=True, check=True).stdout


def _control(tree: Path) -> None:
    size = sum(path.stat().st_size for path in _files(tree)) // 1024
    control = (HERE / "debian/control").read_text("utf-8")
    folder = tree / "DEBIAN"
    sums = "".join(
        f"{hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()}  {path.relative_to(tree)}\n"
        for path in _files(tree) if not path.is_relative_to(tree / "etc")
    )
    _put(folder / "control", control.replace("@VERSION@", VERSION).replace("@KIBIBYTES@", str(size)).encode())
    own = sorted(f"/{path.relative_to(tree)}\n" for path in _files(tree / "etc"))
    _put(folder / "conffiles", "".join(own).encode())
    _put(folder / "md5sums", sums.encode())
    for script in SCRIPTS:
        _put(folder / script, (HERE / "debian" / script).read_bytes())


def _level(tree: Path, when: int) -> None:
    """The same modes and times everywhere, whatever the umask and the moment of building."""
    for path in (tree, *tree.rglob("*")):
        runs = path.is_dir() or path.is_relative_to(tree / "usr/bin") or path.name in SCRIPTS
        path.chmod(0o700 if path == tree / "etc/outpost/pins" else 0o755 if runs else 0o644)
        os.utime(path, (when, when))


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file() and "__pycache__" not in path.parts)


def _put(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def _gzipped(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)


def main() -> None:
    """Build what the command line names."""
    builds = {"package": package, "bundle": bundle}
    if len(sys.argv) != 2 or sys.argv[1] not in builds:
        sys.exit(f"usage: build.py {'|'.join(builds)}")
    try:
        print(builds[sys.argv[1]](ROOT / "dist").relative_to(ROOT))
    except CannotBuild as error:
        sys.exit(f"outpost packaging: {error}")


if __name__ == "__main__":
    main()
