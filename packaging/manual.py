"""Writes the manual pages from what there is: the help of the command, and the remarks in config/outpost.toml.

`manual.py PAGE VERSION DATE` puts one, outpost.1 or outpost.toml.5, on standard output.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from daemon.cli import main as command

ROOT = Path(__file__).resolve().parents[1]
PAGES = ("outpost.1", "outpost.toml.5")

# Lines of config/outpost.toml. What stands behind "# " is shown there but not in force.
TABLE = re.compile(r"^(?:# )?(\[[\w.]+\])(?:\s+# (.*))?$")
KEY = re.compile(r"^(?:# )?([a-z_]+ = .+?)(?:\s+# (.*))?$")
REMARK_GOES_ON = re.compile(r"^\s+#(.*)$")

EXIT_STATUS = (
    ("0", "Done."),
    ("1", "Refused, or found wanting."),
    ("2", "Wrong usage, or a configuration that has an error."),
    ("3", "No service answers."),
)
FILES = (
    ("/etc/outpost/outpost.toml", "The configuration."),
    ("/var/lib/outpost/outpost.db", "The queue and the history."),
    ("/var/spool/outpost/", "The folders: lists in, outcomes out."),
    ("/usr/share/doc/outpost/docs/", "The pages for operators, administrators and developers."),
)


def plain(text: str) -> str:
    """Text as roff takes it to mean itself."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-").replace("`", "\\(ga").replace('"', "\\(dq")
    return re.sub(r"^(?=[.'])", r"\\&", escaped, flags=re.MULTILINE)


def title(name: str, section: int, version: str, date: str, about: str) -> Iterator[str]:
    yield f".TH {plain(name.upper())} {section} {date} {plain(f'outpost {version}').replace(' ', chr(92) + ' ')}"
    yield from (".SH NAME", f"{plain(name)} \\- {plain(about)}")


def item(term: str, text: str) -> Iterator[str]:
    yield from (".TP", f".B {plain(term)}", plain(text))


def paragraphs(text: str) -> Iterator[str]:
    for paragraph in inspect.cleandoc(text).split("\n\n"):
        yield from (".PP", plain(paragraph.replace("\b\n", "")))


def command_page(version: str, date: str) -> Iterator[str]:
    yield from title("outpost", 1, version, date, "text a list of people through USB GSM modems, once each")
    yield from (".SH SYNOPSIS", ".B outpost", plain("COMMAND [OPTIONS] [ARGS]..."), ".SH DESCRIPTION")
    yield from paragraphs(command.help or "")
    yield ".SH COMMANDS"
    yield from described(command, click.Context(command, info_name="outpost"))
    yield ".SH EXIT STATUS"
    for term, text in EXIT_STATUS:
        yield from item(term, text)
    yield ".SH FILES"
    for term, text in FILES:
        yield from item(term, text)
    yield from (".SH SEE ALSO", ".BR outpost.toml (5)")


def described(group: click.Group, above: click.Context) -> Iterator[str]:
    """Each command of a group, with its own commands behind it."""
    for name, found in sorted(group.commands.items()):
        context = click.Context(found, info_name=name, parent=above)
        yield f".SS {plain(' '.join([context.command_path, *found.collect_usage_pieces(context)]))}"
        yield from paragraphs(found.help or "")
        for parameter in found.params:
            record = parameter.get_help_record(context)
            if record and record[1]:
                yield from item(*record)
        if isinstance(found, click.Group):
            yield from described(found, context)


def configuration_page(version: str, date: str) -> Iterator[str]:
    yield from title("outpost.toml", 5, version, date, "the configuration of Outpost")
    yield ".SH DESCRIPTION"
    head, _, body = (ROOT / "config/outpost.toml").read_text("utf-8").partition("\n\n[")
    yield from paragraphs(re.sub(r"^# ?", "", head, flags=re.MULTILINE))
    yield from paragraphs("What the file shows in comments, without a default, stands here as an example.")
    yield ".SH TABLES"
    waiting: list[str] = []  # a remark of whole lines, which speaks of the table that follows it, or else stands alone
    for line in f"[{body}".splitlines():
        if table := TABLE.match(line):
            yield f".SS {plain(table[1])}"
            yield from remark(waiting)
            waiting = [table[2]] if table[2] else []
        elif key := KEY.match(line):
            yield from remark(waiting)
            waiting = []
            yield from item(key[1], key[2] or "")
        elif more := REMARK_GOES_ON.match(line):
            broken = more[1].startswith("   ")  # set out in columns, a line for each value
            yield from ([".br"] if broken else [])
            yield plain(" ".join(more[1].split()))
        elif line.startswith("#"):
            waiting.append(line.removeprefix("#").strip())
    yield from remark(waiting)
    yield from (".SH SEE ALSO", ".BR outpost (1)")


def remark(lines: list[str]) -> Iterator[str]:
    if lines:
        yield from (".PP", *map(plain, lines))


def main() -> None:
    """Print the page that the command line names."""
    if len(sys.argv) != 4 or sys.argv[1] not in PAGES:
        sys.exit(f"usage: manual.py {'|'.join(PAGES)} VERSION DATE")
    page = command_page if sys.argv[1] == "outpost.1" else configuration_page
    # Empty lines would be seen on the page.
    print("\n".join(line for text in page(*sys.argv[2:]) for line in text.splitlines() if line))


if __name__ == "__main__":
    main()
