"""Each script of benchmarks/ at its smallest: it runs, ends what it started, and says what was found, on what."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.append(str(ROOT / "benchmarks"))
import page  # noqa: E402 - the scripts are no package

SCRIPTS = ("throughput", "peers", "intake", "long_queue", "rest", "growth")


def run(name, out):
    done = subprocess.run(
        [sys.executable, ROOT / f"benchmarks/{name}.py", "--quick", "--out", out / f"{name}.json"],
        cwd=out, check=True, capture_output=True, text=True, timeout=200,
    )  # fmt: skip
    assert done.stdout.count("| ") > 2
    return json.loads((out / f"{name}.json").read_text())


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_benchmark_runs_and_writes_what_it_found(name, tmp_path):
    found = run(name, tmp_path)
    assert {"cpu", "cores", "kernel", "python", "sqlite", "outpost"} <= found["machine"].keys()
    assert found["settings"]["quick"]
    assert page.parts({name: found})
    page.pictures({name: found})


def test_the_page_has_a_place_for_every_table():
    text = page.PAGE.read_text("utf-8")
    for name in (*page.TABLES, "targets", "machine"):
        assert text.count(page.MARK.format(name=name)) == 1
    assert text.count(page.END) == len(page.TABLES) + 2


def test_a_table_that_was_not_measured_stays_as_it_is(tmp_path):
    copy = tmp_path / "page.md"
    copy.write_text(page.PAGE.read_text("utf-8"))
    page.write(tmp_path, copy, tmp_path / "figures")
    assert copy.read_text() == page.PAGE.read_text("utf-8")
    assert not list((tmp_path / "figures").iterdir())
