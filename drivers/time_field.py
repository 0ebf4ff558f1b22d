"""Times in a PDU: timestamps and the relative validity period (23.040 §9.2.3.11 and §9.2.3.12)."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

TIMESTAMP_OCTETS = 7

_QUARTER = timedelta(minutes=15)
_MAX_QUARTERS = 79         # two semi-octets with a sign bit
_OLDEST_YEAR = 90          # two-digit years from here on are of the 20th century: no earlier message exists
_SIGN = 0x08               # in the tens of the zone

_MINUTE, _HOUR, _DAY, _WEEK = 60, 3600, 86400, 7 * 86400


def encode_timestamp(time: datetime) -> bytes:
    """Seven octets of `time`, to the second, in its own zone.

    Raises ValueError without a zone, or for a zone that quarters of an hour up to 19:45 cannot say.
    """
    offset = time.utcoffset()
    if offset is None:
        raise ValueError("a timestamp needs a time zone")
    quarters, rest = divmod(abs(offset), _QUARTER)
    if rest or quarters > _MAX_QUARTERS:
        raise ValueError("a timestamp's zone is in quarters of an hour, up to 19:45")
    zone = _swapped(quarters) | (_SIGN if offset < timedelta(0) else 0)
    fields = (time.year % 100, time.month, time.day, time.hour, time.minute, time.second)
    return bytes([*map(_swapped, fields), zone])


def decode_timestamp(octets: bytes) -> datetime | None:
    """The time that seven octets say, None when there is no such time: modems do write 00… and FF…"""
    *fields, zone = octets
    try:
        year, month, day, hour, minute, second = map(_unswapped, fields)
        offset = _QUARTER * _unswapped(zone & ~_SIGN)
        century = 1900 if year >= _OLDEST_YEAR else 2000
        return datetime(century + year, month, day, hour, minute, second,
                        tzinfo=timezone(-offset if zone & _SIGN else offset))
    except ValueError:
        return None


def encode_relative_validity(seconds: float) -> int:
    """The longest TP-VP that is not over `seconds`; at least 5 minutes, at most 63 weeks.

    Raises ValueError when `seconds` is not a number.
    """
    if seconds != seconds:  # noqa: PLR0124 (the test for NaN)
        raise ValueError("a validity period is a number of hours")
    bounded = min(max(seconds, 5 * _MINUTE), 63 * _WEEK)
    if bounded <= 12 * _HOUR:
        return int(bounded // (5 * _MINUTE)) - 1
    if bounded <= 24 * _HOUR:
        return int((bounded - 12 * _HOUR) // (30 * _MINUTE)) + 143
    if bounded < 5 * _WEEK:
        return min(int(bounded // _DAY), 30) + 166
    return int(bounded // _WEEK) + 192


def decode_relative_validity(octet: int) -> int:
    """Seconds that a TP-VP of one octet means."""
    if octet <= 143:
        return (octet + 1) * 5 * _MINUTE
    if octet <= 167:
        return 12 * _HOUR + (octet - 143) * 30 * _MINUTE
    if octet <= 196:
        return (octet - 166) * _DAY
    return (octet - 192) * _WEEK


def _swapped(value: int) -> int:
    return value % 10 << 4 | value // 10


def _unswapped(octet: int) -> int:
    tens, units = octet & 0xF, octet >> 4
    if tens > 9 or units > 9:
        raise ValueError("a semi-octet is no digit")
    return 10 * tens + units
