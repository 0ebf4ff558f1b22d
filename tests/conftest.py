"""What tests in several folders share."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent
VECTORS = Path(os.environ.get("OUTPOST_VECTORS", ROOT.parent / "shared" / "vectors"))

Vector = dict[str, Any]


@pytest.fixture(scope="session")
def vectors() -> Callable[[str], list[Vector]]:
    """Gives the vectors of one file, such as vectors("pdu_status"): facts stated by other projects' tests.

    They are not ours to carry, so they lie outside the repository: a test skips where they are absent, and fails in CI.
    """

    def load(name: str) -> list[Vector]:
        path = VECTORS / f"{name}.jsonl"
        if path.exists():
            return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        message = f"no vectors at {path}: set OUTPOST_VECTORS to the folder that holds them"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)

    return load
