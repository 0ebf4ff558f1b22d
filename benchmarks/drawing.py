"""Pictures of figures as SVG: bars, and lines over a logarithmic axis. Each says in words what it shows."""

from __future__ import annotations

import math
from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, tostring

from results import shown

WIDTH, LEFT, RIGHT, LINE = 760, 250, 90, 26
COLOURS = ("#0072b2", "#a65300", "#117755", "#7a3e9d", "#595959")
"""Told apart by people who see colours in other ways too; each line has a dash of its own beside."""
DASHES = ("", "7 4", "2 3", "9 3 2 3", "1 2")


def bars(title: str, unit: str, rows: Sequence[tuple[str, float]], *, target: float | None = None) -> str:
    """One bar a row, longest possible to the right; a line where the target stands."""
    top = max([value for _, value in rows] + [target or 0]) or 1
    scale = (WIDTH - LEFT - RIGHT) / top
    height = 50 + LINE * len(rows) + (22 if target else 0)
    svg = _svg(title, height, "; ".join(f"{name}: {shown(value)} {unit}" for name, value in rows))
    for n, (name, value) in enumerate(rows):
        y = 40 + LINE * n
        colour = COLOURS[0] if name.startswith("Outpost") else COLOURS[4]
        _text(svg, name, LEFT - 8, y + 14, "end")
        SubElement(svg, "rect", x=f"{LEFT}", y=f"{y}", width=f"{max(1.0, value * scale):.1f}", height="19", fill=colour)
        _text(svg, f"{shown(value)} {unit}", LEFT + value * scale + 6, y + 14)
    if target:
        x, floor = LEFT + target * scale, 40 + LINE * len(rows)
        SubElement(svg, "path", d=f"M{x:.1f} 34V{floor}", stroke=COLOURS[1], attrib={"stroke-dasharray": "5 3"})
        _text(svg, f"target: {shown(target)} {unit}", min(x, WIDTH - 90), floor + 14, "middle")
    return tostring(svg, "unicode")


def lines(title: str, unit: str, under: str, series: Sequence[tuple[str, Sequence[tuple[float, float]]]]) -> str:
    """Lines over two logarithmic axes; points at 0 are left out."""
    points = [(x, y) for _, line in series for x, y in line if x > 0 and y > 0]
    left, right = (edge(math.log10(x) for x, _ in points) for edge in (min, max))
    low, high = math.floor(min(math.log10(y) for _, y in points)), math.ceil(max(math.log10(y) for _, y in points))
    x0, y0, x1, y1 = 92.0, 300.0, WIDTH - 190.0, 40.0

    def place(x: float, y: float) -> tuple[float, float]:
        across = (math.log10(x) - left) / ((right - left) or 1)
        return x0 + (x1 - x0) * across, y0 - (y0 - y1) * (math.log10(y) - low) / ((high - low) or 1)

    svg = _svg(title, 350, "; ".join(
        f"{name}: " + ", ".join(f"{shown(y)} {unit} at {x:,.0f}" for x, y in line) for name, line in series
    ))
    SubElement(svg, "path", d=f"M{x0} {y1}V{y0}H{x1}", fill="none", stroke=COLOURS[4])
    for power in range(low, high + 1):
        _text(svg, f"{10.0 ** power:,g} {unit}", x0 - 8, place(10**left, 10.0**power)[1] + 5, "end")
    for x in sorted({x for x, _ in points}):
        _text(svg, f"{x:,.0f}", place(x, 10.0**low)[0], y0 + 18, "middle")
    _text(svg, under, (x0 + x1) / 2, y0 + 38, "middle")
    for n, (name, line) in enumerate(series):
        spots = [place(x, y) for x, y in line if x > 0 and y > 0]
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in spots)
        style = {"stroke-width": "2.5", "stroke-dasharray": DASHES[n]}
        SubElement(svg, "path", d=f"M{path}", fill="none", stroke=COLOURS[n], attrib=style)
        for x, y in spots:
            SubElement(svg, "circle", cx=f"{x:.1f}", cy=f"{y:.1f}", r="3.5", fill=COLOURS[n])
        key = 52 + 22 * n
        SubElement(svg, "path", d=f"M{x1 + 16} {key}h34", stroke=COLOURS[n], attrib=style)
        _text(svg, name, x1 + 58, key + 5)
    return tostring(svg, "unicode")


def _svg(title: str, height: float, words: str) -> Element:
    svg = Element(
        "svg", xmlns="http://www.w3.org/2000/svg", viewBox=f"0 0 {WIDTH} {height:g}", width=f"{WIDTH}",
        height=f"{height:g}", role="img", attrib={"font-family": "sans-serif"},
    )  # fmt: skip
    SubElement(svg, "title").text = title
    SubElement(svg, "desc").text = words
    SubElement(svg, "rect", width="100%", height="100%", fill="#ffffff")
    _text(svg, title, 12, 22, size=15)
    return svg


def _text(svg: Element, words: str, x: float, y: float, anchor: str = "start", size: int = 13) -> None:
    style = {"text-anchor": anchor, "font-size": f"{size}"}
    SubElement(svg, "text", x=f"{x:.1f}", y=f"{y:.1f}", fill="#1a1a1a", attrib=style).text = words
