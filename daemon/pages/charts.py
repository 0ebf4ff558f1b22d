"""Two small charts as inline SVG. Each says in words what it shows, for those who cannot see it."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from datetime import datetime, tzinfo
from typing import Final
from xml.etree.ElementTree import Element

from daemon.pages.markup import tag

_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP = 680, 220, 48, 28, 12
_STEPS: Final = 160
_LINES: Final = (("accepted by the network", "#0072b2", None), ("delivered", "#a65300", "7 4"))


def progress(sent_at: Sequence[float], delivered_at: Sequence[float], zone: tzinfo) -> Element | None:
    """Messages accepted and delivered over time, added up. None before the first."""
    if not sent_at:
        return None
    kinds = (sorted(sent_at), sorted(delivered_at))
    begin, end = kinds[0][0], max(kind[-1] for kind in kinds if kind)
    span, top = max(end - begin, 1.0), len(sent_at)
    times = f"between {_at(begin, zone)} and {_at(end, zone)}"
    label = f"{len(kinds[0]):,} accepted and {len(kinds[1]):,} delivered {times}"
    lines = [
        tag(
            "path", d=_steps(kind, begin, span, max(top, len(kind))), fill="none", stroke=colour, stroke_width=2.5,
            stroke_dasharray=dashes,
        )
        for kind, (_, colour, dashes) in zip(kinds, _LINES, strict=True)
    ]  # fmt: skip
    return tag(
        "svg", tag("title", label), *_axes(f"{top:,}", _at(begin, zone), _at(end, zone)), *lines, *_key(),
        viewBox=f"0 0 {_WIDTH} {_HEIGHT}", width=_WIDTH, height=_HEIGHT, role="img", aria_label=label,
    )  # fmt: skip


def _steps(times: Sequence[float], begin: float, span: float, top: int) -> str:
    """A line that climbs by one at each time, in at most `_STEPS` steps."""
    points: list[str] = []
    for step in range(_STEPS + 1):
        n = bisect_right(times, begin + span * step / _STEPS)
        x = _LEFT + (_WIDTH - _LEFT) * step / _STEPS
        y = _TOP + (_HEIGHT - _BOTTOM - _TOP) * (1 - n / top)
        points.append(f"{'L' if points else 'M'}{x:.1f} {y:.1f}")
    return "".join(points)


def _axes(top: str, begin: str, end: str) -> tuple[Element, ...]:
    floor = _HEIGHT - _BOTTOM
    return (
        tag("path", d=f"M{_LEFT} {_TOP}V{floor}H{_WIDTH}", fill="none", stroke="#595959"),
        _text(top, _LEFT - 6, _TOP + 10, "end"),
        _text("0", _LEFT - 6, floor, "end"),
        _text(begin, _LEFT, _HEIGHT - 8, "start"),
        _text(end, _WIDTH, _HEIGHT - 8, "end"),
    )


def _key() -> list[Element]:
    found: list[Element] = []
    for n, (name, colour, dashes) in enumerate(_LINES):
        x, y = _LEFT + 20, _TOP + 14 + 18 * n
        found += [
            tag("path", d=f"M{x} {y - 4}h34", stroke=colour, stroke_width=2.5, stroke_dasharray=dashes),
            _text(name, x + 42, y, "start"),
        ]
    return found


def _text(words: str, x: float, y: float, anchor: str) -> Element:
    return tag("text", words, x=x, y=y, text_anchor=anchor, font_size=13, fill="#1a1a1a")


def _at(time: float, zone: tzinfo) -> str:
    return f"{datetime.fromtimestamp(time, zone):%d %b %H:%M}"
