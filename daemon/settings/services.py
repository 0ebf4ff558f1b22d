"""Reads [services]: the workers and partner services to whom conversations may be handed over."""

from __future__ import annotations

import re
from types import MappingProxyType

from daemon.settings.section import Section
from daemon.settings.values import Service

_MOST_HOURS = 24 * 366
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
# What the program age takes as a recipient: its own keys and those of its plugins (in Bech32), and keys of SSH.
_RECIPIENT = re.compile(r"age1(?:[a-z0-9]+1)?[02-9ac-hj-np-z]{20,}|ssh-(?:ed25519|rsa) [A-Za-z0-9+/=]+.*")


def services_of(section: Section) -> MappingProxyType[str, Service]:
    """The table [services], by name."""
    found: dict[str, Service] = {}
    for name in section.table:
        found[name] = _service(section.section(name))
        if not _NAME.fullmatch(name):
            section.fault(name, "is no name for a service; write small letters, digits and hyphens, such as "
                                "[services.turning-point]")
    return MappingProxyType(found)


def _service(section: Section) -> Service:
    default = Service()
    recipient = section.text("recipient", default.recipient)
    if "AGE-SECRET-KEY" in recipient.upper():
        section.fault("recipient", "is a secret key, which belongs to the service alone; write the public one, age1…")
    elif recipient and not _RECIPIENT.fullmatch(recipient):
        section.fault("recipient", "is no public key of age; write what their `age-keygen` printed, age1…")
    return Service(
        recipient=recipient,
        contact=section.text("contact", default.contact),
        answer_within_hours=section.number("answer_within_hours", default.answer_within_hours, 0.001, _MOST_HOURS),
    )
