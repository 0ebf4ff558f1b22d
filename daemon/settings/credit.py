"""Reads [credit]: how each network is asked by USSD what a SIM has left, and when that is too little."""

from __future__ import annotations

import re

from daemon.settings.networks import by_network
from daemon.settings.section import Section
from daemon.settings.values import Balance, Credit

_CODE = re.compile(r"[*#][0-9*#]{1,40}")
_MOST = 1_000_000
_MOST_HOURS = 24 * 366


def credit_of(section: Section) -> Credit:
    """The table [credit] with its networks."""
    networks = by_network(section.section("networks"), _balance)
    return Credit(section.number("check_hours", Credit().check_hours, 0.001, _MOST_HOURS), networks)


def _balance(section: Section) -> Balance:
    default = Balance()
    code = section.text("balance_ussd", default.balance_ussd)
    if not section.has("balance_ussd"):
        section.fault("balance_ussd", 'is missing; write the code that the network answers with the credit, such as '
                                      '"*#1345#"')
    elif code and not _CODE.fullmatch(code):
        section.fault("balance_ussd", 'is no USSD code; it has digits, * and # only, such as "*#1345#"')
    pattern = section.text("pattern", default.pattern)
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:  # too large a repetition, or brackets too deep
        section.fault("pattern", f"is no regular expression ({error}); with the amount in brackets, such as "
                                 f"'£([0-9.]+)'")
    return Balance(code, pattern, section.number("warn_below", default.warn_below, 0, _MOST))
