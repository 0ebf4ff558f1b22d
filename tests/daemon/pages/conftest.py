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
from daemon.pages.reply_files import ReplyFiles
from daemon.pages.requests import RequestFiles
from daemon.store import Replies, Requests, Store
from daemon.store.handovers import Handovers

LOOK = """
window.onload = () => axe.run({runOnly: ["wcag2a", "wcag2aa", "wcag21aa", "best-practice"]}).then(results => {
  const named = results.violations.map(v => v.id + ": " + v.help + ": " + v.nodes.map(n => n.html).join(" "));
  parent.postMessage({
    page: NUMBER, violations: named, passed: results.passes.length,
    overflows: document.documentElement.scrollWidth > innerWidth, shown: document.body.innerText,
  }, "*");
});
"""
GATHER = """
const found = [];
window.onmessage = message => {
  found[message.data.page] = message.data;
  if (Object.keys(found).length == COUNT) document.getElementById("found").textContent = JSON.stringify(found);
};
"""
"""What each page tells of itself, and the page around them that gathers it: a browser starts once for all."""

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
                "next_reason": "parts_per_minute",
                "used": {"parts_per_day": 50, "recipients_per_day": 40},
                "limits": {"parts_per_day": 200, "recipients_per_day": 150},
            },
            {
                "iccid": "8944100000000000002", "imsi": "234100000000002", "label": "", "state": "blocked",
                "reason": "the network barred it (CMS 8)", "next_allowed_at": "2026-11-27T22:31:05+00:00",
                "next_reason": "no time is known: the network barred it (CMS 8)",
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

    def look(self, *pages: str, width: int = 360) -> list[dict[str, Any]]:
        """Each page on a screen so wide, after its own scripts have run: `violations` and the number of rules `passed`,
        as axe finds them; whether it `overflows` to the right; and the words that are `shown`."""
        axe = files("axe_core_python").joinpath("axe.min.js").read_text("utf-8")
        frames = []
        for n, text in enumerate(pages):
            bare = re.sub(r"<meta http-equiv=[^>]*>", "", text)  # axe is a script of more than the page allows
            script = f"<script>{axe}</script><script>{LOOK.replace('NUMBER', str(n))}</script></body>"
            inside = html.escape(bare.replace("</body>", script))
            frames.append(f'<iframe width="{width}" height="900" srcdoc="{inside}"></iframe>')
        gather = f"<pre id='found'></pre><script>{GATHER.replace('COUNT', str(len(pages)))}</script>"
        dom = self._run(f"<body>{gather}{''.join(frames)}</body>", "--dump-dom", "--virtual-time-budget=20000").stdout
        found = re.search(r'<pre id="found">(.+?)</pre>', dom, re.DOTALL)
        assert found, f"the pages did not come to an end: {dom[-2000:]}"
        return list(json.loads(html.unescape(found[1])))

    def _run(self, text: str, *options: str) -> subprocess.CompletedProcess[str]:
        page = self._folder / "page.html"
        page.write_text(text, "utf-8")
        return subprocess.run(
            [*self._command, *options, page.as_uri()], capture_output=True, text=True, timeout=150, check=True
        )


@pytest.fixture
def browser(tmp_path: Path) -> Browser:
    """Skips where there is no Chromium (apt install chromium)."""
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    if program is None:
        pytest.skip("no chromium on this machine: apt install chromium")
    return Browser(program, tmp_path)

