"""Builds pages of HTML that are one file each: everything inside, nothing fetched, every text escaped."""

from __future__ import annotations

from importlib.resources import files
from typing import Any, Final
from xml.etree.ElementTree import Comment, Element, tostring

from daemon.giving_way import step

Child = Element | str | None
"""What may stand in an element: another one, a text, or nothing."""

ROWS: Final = "rows"
"""What `rows_here` leaves in a page, for `split_at_rows`."""

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'"


def tag(name: str, /, *children: Child, **attributes: str | float | None) -> Element:
    """An element. An attribute's trailing underscore falls away, others become hyphens: `class_`, `aria_label`. Those
    that are None are left out."""
    step()
    element = Element(
        name, {key.rstrip("_").replace("_", "-"): str(value) for key, value in attributes.items() if value is not None}
    )
    for child in children:
        if isinstance(child, Element):
            element.append(child)
        elif child:
            _add_text(element, child)
    return element


def _add_text(element: Element, text: str) -> None:
    if len(element):
        element[-1].tail = (element[-1].tail or "") + text
    else:
        element.text = (element.text or "") + text


def rows_here() -> Any:
    """The place where `split_at_rows` cuts a page, to write many rows one by one."""
    return Comment(ROWS)


def html(element: Element) -> str:
    """An element as text."""
    return tostring(element, encoding="unicode", method="html")


def page(title: str, *body: Child, refresh_seconds: int | None = None, script: str | None = None) -> str:
    """A whole page with the house's style. `script` names a file beside this one."""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name_="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        None if refresh_seconds is None else tag("meta", http_equiv="refresh", content=refresh_seconds),
        tag("title", title),
        tag("style", _beside("page.css")),
    )
    last = None if script is None else tag("script", _beside(script))
    return "<!DOCTYPE html>\n" + html(tag("html", head, tag("body", *body, last), lang="en")) + "\n"


def split_at_rows(text: str) -> tuple[str, str]:
    """What stands before and after the place of `rows_here`."""
    before, _, after = text.partition(f"<!--{ROWS}-->")
    return before, after


def table(header: tuple[str, ...], *rows: Element, caption: str, empty: str = "") -> Element:
    """A table with named columns, in a box that scrolls sideways on a small screen; `empty` when it has no rows."""
    if not rows:
        return tag("p", empty, class_="quiet")
    heads = (tag("th", name, scope="col") for name in header)
    return tag(
        "div",
        tag("table", tag("caption", caption), tag("thead", tag("tr", *heads)), tag("tbody", *rows)),
        class_="scroll", tabindex=0, role="region", aria_label=caption,
    )  # fmt: skip


def row(*cells: Child) -> Element:
    """A row of a table; its first cell names it."""
    first, *others = cells
    return tag("tr", tag("th", first, scope="row"), *(tag("td", cell) for cell in others))


def _beside(name: str) -> str:
    return files("daemon.pages").joinpath(name).read_text("utf-8")
