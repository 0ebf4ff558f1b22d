"""What holds of the repository as a whole: names that are ours, hashed locks, files that a stranger can read."""

from __future__ import annotations

import ast
import importlib.metadata
import os
import re
import stat
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
LOCKS = ("run", "build", "dev")

# In pieces, so that this file does not hold what it looks for.
REGISTRY_HOSTS = tuple(
    ".".join(parts)
    for parts in (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"), ("npmjs", "com"),
                  ("deb", "debian", "org"), ("golang", "org"), ("crates", "io"))
)


def repository_files() -> list[Path]:
    """Every file that is, or is about to be, part of the repository."""
    # The checkout may belong to another user than the one who tests it: a folder that git would not trust by itself.
    listing = subprocess.run(
        ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, check=True, capture_output=True, text=True,
    ).stdout
    return sorted({path for name in listing.split("\0") if name and (path := ROOT / name).is_file()})


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT))


def locked(name: str) -> dict[str, list[str]]:
    """The lines of one lock file, comments left out, by requirement."""
    requirements: dict[str, list[str]] = {}
    for line in (ROOT / "requirements" / f"{name}.lock").read_text().splitlines():
        text = line.strip().removesuffix("\\").strip()
        if not text or text.startswith("#"):
            continue
        if line.startswith(" "):
            requirements[list(requirements)[-1]].append(text)
        else:
            requirements[text] = []
    return requirements


@pytest.mark.parametrize("package", ["daemon", "drivers"])
def test_the_installed_package_is_ours(package: str, tmp_path: Path) -> None:
    # `daemon` is also the import name of a well-known other distribution: asked from outside the checkout.
    found = subprocess.run(
        [sys.executable, "-P", "-c", f"import {package}; print({package}.__file__)"],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": ""}, check=True, capture_output=True, text=True,
    ).stdout.strip()
    assert Path(found).read_bytes() == (ROOT / package / "__init__.py").read_bytes(), found


def test_no_other_distribution_brings_a_package_of_our_names() -> None:
    others = {
        (distribution.name, file.parts[0])
        for distribution in importlib.metadata.distributions()
        for file in distribution.files or ()
        if file.parts[0] in {"daemon", "drivers", "daemon.py", "drivers.py"} and distribution.name != "outpost"
    }
    assert not others


def test_outpost_is_the_only_command() -> None:
    assert list(PROJECT["project"]["scripts"]) == ["outpost"]


@pytest.mark.parametrize("name", LOCKS)
def test_each_locked_package_is_pinned_and_hashed_and_names_no_index(name: str) -> None:
    requirements = locked(name)
    assert requirements
    for requirement, options in requirements.items():
        assert re.fullmatch(r"[a-z0-9-]+==[^ ;]+( ; .+)?", requirement), requirement
        assert options, f"{requirement} has no hash"
        assert all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", option) for option in options), requirement
    assert "://" not in (ROOT / "requirements" / f"{name}.lock").read_text()


def test_the_lock_files_agree() -> None:
    run, build, dev = (set(locked(name)) for name in LOCKS)
    assert run <= dev
    assert build <= dev


def test_each_dependency_is_locked() -> None:
    def names(requirements: list[str]) -> set[str]:
        return {re.split(r"[=<>~!;\[ ]", text, maxsplit=1)[0].lower().replace("_", "-") for text in requirements}

    groups = PROJECT["dependency-groups"]
    assert names(PROJECT["project"]["dependencies"]) <= names(list(locked("run")))
    assert names(groups["build"]) <= names(list(locked("build")))
    assert names([entry for entry in groups["dev"] if isinstance(entry, str)]) <= names(list(locked("dev")))


def test_each_python_file_says_why_it_exists() -> None:
    silent = [shown(path) for path in repository_files()
              if path.suffix == ".py" and not ast.get_docstring(ast.parse(path.read_bytes()))]
    assert not silent


def test_no_source_file_is_long() -> None:
    lengths = {shown(path): len(path.read_text().splitlines()) for path in repository_files()
               if path.suffix == ".py" and shown(path).startswith(("daemon/", "drivers/"))}
    assert lengths
    assert {name: lines for name, lines in lengths.items() if lines > 400} == {}


def test_each_folder_of_a_package_is_a_package() -> None:
    # Without __init__.py a folder is passed over by the import rules and the type checker.
    folders = {path.parent for path in repository_files()
               if path.suffix == ".py" and shown(path).startswith(("daemon/", "drivers/"))}
    assert [shown(folder) for folder in sorted(folders) if not (folder / "__init__.py").is_file()] == []


def test_no_file_names_a_package_registry() -> None:
    naming = [(shown(path), host) for path in repository_files() for host in REGISTRY_HOSTS
              if host.encode() in path.read_bytes()]
    assert not naming


def test_each_link_in_the_documents_leads_somewhere() -> None:
    broken = [
        (shown(path), target)
        for path in repository_files() if path.suffix == ".md"
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", path.read_text())
        if "://" not in target and not (path.parent / target).exists()
    ]
    assert not broken


def test_each_file_that_the_documents_name_is_there() -> None:
    tops = {path.name for path in ROOT.iterdir() if path.is_dir()}
    named = {
        (shown(document), name) for document in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
        for name in re.findall(r"`([\w./-]+\.\w+)`", document.read_text()) if name.split("/")[0] in tops and "/" in name
    }  # fmt: skip
    assert named
    assert [one for one in named if not (ROOT / one[1]).exists() and not one[1].startswith("dist/")] == []


def test_the_layers_are_told_as_they_are_held() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    held = next(contract["layers"] for contract in contracts if contract["id"] == "layers")
    told = re.search(r"## Import rules\n\n((?:    .*\n)+)", (ROOT / "docs" / "developer.md").read_text())[1]
    layers = [{name.strip() for name in layer.split("|")} for layer in " > ".join(held).split(">")]
    assert [{name.strip() for name in layer.split("|")} for layer in told.split(">")] == [*layers, {"drivers.types"}]


def test_the_changelog_speaks_of_this_version() -> None:
    assert f"## [{PROJECT['project']['version']}]" in (ROOT / "CHANGELOG.md").read_text()


class TestSetUpStopsAndSaysWhatToInstall:
    """`requirements/setup.sh` where the machine lacks something; the Python is played by a short shell script."""

    def refused(self, python: Path, tmp_path: Path) -> str:
        ran = subprocess.run(
            [ROOT / "requirements" / "setup.sh", "run"], check=False, capture_output=True, text=True,
            env={**os.environ, "PYTHON": str(python), "VENV": str(tmp_path / "venv")},
        )
        assert ran.returncode == 1
        assert not (tmp_path / "venv").exists()
        return ran.stderr

    def script(self, tmp_path: Path, body: str) -> Path:
        path = tmp_path / "python"
        path.write_text(f"#!/bin/sh\n{body}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return path

    def test_without_python(self, tmp_path: Path) -> None:
        assert "apt install python3 python3-venv" in self.refused(tmp_path / "no-such-python", tmp_path)

    def test_with_an_old_python(self, tmp_path: Path) -> None:
        old = self.script(tmp_path, 'case "$2" in *print*) echo 3.9 ;; *) exit 1 ;; esac')
        message = self.refused(old, tmp_path)
        assert "is Python 3.9" in message
        assert "3.11" in message

    def test_without_the_venv_package(self, tmp_path: Path) -> None:
        bare = self.script(tmp_path, f'case "$2" in *ensurepip*) exit 1 ;; *) exec "{sys.executable}" "$@" ;; esac')
        assert "apt install python3-venv" in self.refused(bare, tmp_path)
