"""GSM 7-bit text: characters to septets and septets to octets, both ways (23.038 §6.1.2 and §6.2.1)."""

from __future__ import annotations

from drivers.gsm7_tables import DEFAULT, ESCAPE, EXTENSION, LOCKING, SINGLE

_CR = 0x0D
_SEPTETS: dict[str, bytes] = {
    **{char: bytes([ESCAPE, code]) for code, char in EXTENSION.items()},
    **{char: bytes([code]) for code, char in enumerate(DEFAULT) if code != ESCAPE},
}
CHARACTERS = frozenset(_SEPTETS)
"""What the default alphabet with its extension can write."""
EXTENDED = frozenset(EXTENSION.values())
"""Those that cost two septets."""


def encode(text: str) -> bytes:
    """The septets of `text`, one an octet, with the escapes in place.

    Raises ValueError when a character is not in the alphabet.
    """
    try:
        return b"".join([_SEPTETS[char] for char in text])
    except KeyError:
        raise ValueError("the text holds a character that the GSM 7-bit alphabet lacks") from None


def decode(septets: bytes, *, locking: int = 0, single: int = 0) -> str:
    """The text of septets given one an octet. `locking` and `single` are national table identifiers, 0 for none.

    A code that the table after the escape lacks reads as in the main table, a second escape or an escape at the end as
    a space (23.038 §6.2.1.1); an identifier that is unknown reads as none (§6.2.1.2.2).
    """
    table = LOCKING.get(locking, DEFAULT)
    plain = septets.decode("latin-1").translate(table)
    if ESCAPE not in septets:
        return plain
    shifted = SINGLE.get(single, EXTENSION)
    text = []
    at = 0
    while at < len(septets):
        if septets[at] == ESCAPE and at + 1 < len(septets):
            at += 1
            text.append(shifted.get(septets[at], plain[at]))
        else:
            text.append(plain[at])
        at += 1
    return "".join(text)


def pack(septets: bytes, fill_bits: int = 0) -> bytes:
    """Septets squeezed into octets. `fill_bits` zero bits go before the first, to end a header on a septet boundary."""
    bits = 0
    for septet in reversed(septets):
        bits = bits << 7 | septet
    return (bits << fill_bits).to_bytes((7 * len(septets) + fill_bits + 7) // 8, "little")


def unpack(octets: bytes, count: int, fill_bits: int = 0) -> bytes:
    """The first `count` septets of packed octets, one an octet."""
    bits = int.from_bytes(octets, "little") >> fill_bits
    return bytes([bits >> shift & 0x7F for shift in range(0, 7 * count, 7)])


def pack_ussd(septets: bytes) -> bytes:
    """As `pack`, with a carriage return where seven bits would be left over and read as '@' (23.038 §6.1.2.3.1)."""
    ends_in_cr_on_boundary = len(septets) % 8 == 0 and septets.endswith(bytes([_CR]))
    if len(septets) % 8 == 7 or ends_in_cr_on_boundary:
        septets += bytes([_CR])
    return pack(septets)


def unpack_ussd(octets: bytes) -> bytes:
    """The septets that `pack_ussd` packed; the number of octets says how many there are."""
    septets = unpack(octets, len(octets) * 8 // 7)
    if len(septets) % 8 == 0 and septets.endswith(bytes([_CR])):
        septets = septets[:-1]
    return septets
