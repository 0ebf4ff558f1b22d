"""What tests of pages share: a status document, and a page as a browser sees it."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from daemon.core.triage import WordList
from daemon.pages.replies import ReplyFiles
from daemon.pages.requests import RequestFiles
from daemon.store import Replies, Requests, Store
from daemon.store.handovers import Handovers

AXE = """
axe.run({runOnly: ["wcag2a", "wcag2aa", "wcag21aa", "best-practice"]}).then(function (results) {
  const found = results.violations.map(v => v.id + ": " + v.help + ": " + v.nodes.map(n => n.html).join(" "));
  document.body.innerHTML = "<pre id='found'></pre>";
  document.getElementById("found").textContent = JSON.stringify({passed: results.passes.length, violations: found});
});
"""

Document = dict[str, Any]


@pytest.fixture
def document() -> Document:
    """A station in the middle of its work, as `status --json` tells it."""
    return {
        "station": {
            "name": "Nottingham <1>", "timezone": "Europe/London", "running": True,
            "updated_at": "2026-11-27T22:31:05+00:00",
            "audit_head": "1234:9f3a",
            "handovers": [
                {
                    "reference": "3f9a2c", "service": "turning-point", "state": "assigned", "overdue": True,
                    "assigned_at": "2026-11-27T18:00:00+00:00", "due_at": "2026-11-27T22:00:00+00:00",
                },
            ],
        },
        "sims": [
            {
                "iccid": "8944100000000000001", "imsi": "234100000000001", "label": "north", "state": "waiting",
                "reason": "parts_per_minute", "next_allowed_at": "2026-11-27T22:31:50+00:00",
                "used": {"parts_per_day": 50, "recipients_per_day": 40},
                "limits": {"parts_per_day": 200, "recipients_per_day": 150},
            },
            {
                "iccid": "8944100000000000002", "imsi": "234100000000002", "label": "", "state": "blocked",
                "reason": "the network barred it (CMS 8)", "next_allowed_at": "2026-11-27T22:31:05+00:00",
                "used": {"parts_per_day": 200}, "limits": {"parts_per_day": 200, "recipients_per_day": 0},
            },
        ],
        "modems": [
            {
                "port": "/dev/ttyUSB2", "imei": "350000000000001", "model": "E173", "state": "ready", "reason": "",
                "iccid": "8944100000000000001", "signal_dbm": -71, "network": "23410",
            },
        ],
        "messages": {"queued": 40, "sent": 3, "delivered": 50, "failed": 1, "in_doubt": 1, "held": 0},
        "batches": [
            {
                "name": "line-42", "state": "released", "source": "line-42.csv", "owner": "ann",
                "rows": 97, "rejected": 2, "dropped_at": "2026-11-27T20:00:00+00:00",
                "released_at": "2026-11-27T21:00:00+00:00", "finished_at": None,
                "messages": {"queued": 40, "delivered": 50, "failed": 1, "in_doubt": 1, "sent": 3},
            },
        ],
    }  # fmt: skip


@pytest.fixture
def files_of() -> Callable[[Store], tuple[RequestFiles, ReplyFiles]]:
    """What keeps the folders of requests and replies of a store."""
    return lambda store: (RequestFiles(Requests(store)), ReplyFiles(Replies(store), Handovers(store), WordList({})))


class Browser:
    """Headless Chromium, which reads files alone."""

    def __init__(self, program: str, folder: Path) -> None:
        self._folder = folder
        self._command = [
            program, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--user-data-dir={folder}/me",
        ]  # fmt: skip

    def dom(self, text: str) -> str:
        """The page after its own scripts have run."""
        return self._run(text, "--dump-dom", "--virtual-time-budget=5000").stdout

    def accessibility(self, text: str) -> dict[str, Any]:
        """What axe finds: violations, and how many rules passed."""
        axe = files("axe_core_python").joinpath("axe.min.js").read_text("utf-8")
        bare = re.sub(r"<meta http-equiv=[^>]*>", "", text)  # axe is a script of more than the page allows
        dom = self.dom(bare.replace("</body>", f"<script>{axe}</script><script>{AXE}</script></body>"))
        found = re.search(r'<pre id="found">(.*?)</pre>', dom, re.DOTALL)
        assert found, f"axe did not come to an end: {dom[-2000:]}"
        return json.loads(html.unescape(found[1]))

    def screenshot(self, text: str, width: int) -> bytes:
        """The page as a PNG."""
        picture = self._folder / "picture.png"
        self._run(text, f"--screenshot={picture}", f"--window-size={width},1200")
        return picture.read_bytes()

    def overflows(self, text: str, width: int) -> bool:
        """Whether a screen of this width would have to be scrolled sideways."""
        script = "<script>document.title = document.documentElement.scrollWidth > innerWidth ? 'WIDE' : 'FITS'</script>"
        dom = self._run(text.replace("</body>", f"{script}</body>"), "--dump-dom", f"--window-size={width},1200").stdout
        assert "<title>FITS" in dom or "<title>WIDE" in dom
        return "<title>WIDE" in dom

    def _run(self, text: str, *options: str) -> subprocess.CompletedProcess[str]:
        page = self._folder / "page.html"
        page.write_text(text, "utf-8")
        return subprocess.run(
            [*self._command, *options, page.as_uri()], capture_output=True, text=True, timeout=50, check=True
        )


@pytest.fixture
def browser(tmp_path: Path) -> Browser:
    """Skips where there is no Chromium (apt install chromium)."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("no chromium on this machine: apt install chromium")
    return Browser(program, tmp_path)

