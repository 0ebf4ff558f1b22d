"""Ed25519 signatures (RFC 8032), so that anybody with common tools can check what a station has signed.

Made for a signature now and then. The time a signature takes depends on the key, which tells nobody anything here: no
stranger can have a station sign, or watch it do so.
"""

from __future__ import annotations

import hashlib
from typing import Final

_P: Final = 2**255 - 19                                              # the field
_ORDER: Final = 2**252 + 27742317777372353535851937790883648493      # of the base point
_D: Final = -121665 * pow(121666, -1, _P) % _P                       # the curve: -x² + y² = 1 + d·x²·y²
_ROOT: Final = pow(2, (_P - 1) // 4, _P)                             # a square root of -1

_Point = tuple[int, int, int, int]                                   # X, Y, Z, T: x = X/Z, y = Y/Z, xy = T/Z
_ZERO: Final[_Point] = (0, 1, 1, 0)


def public_key(secret: bytes) -> bytes:
    """The 32 octets that check the signatures of a secret of 32 octets."""
    return _packed(_times(_scalar(secret)[0], _BASE))


def sign(secret: bytes, message: bytes) -> bytes:
    """The signature, 64 octets (RFC 8032, 5.1.6)."""
    scalar, prefix = _scalar(secret)
    public = _packed(_times(scalar, _BASE))
    nonce = _number(hashlib.sha512(prefix + message).digest()) % _ORDER
    commitment = _packed(_times(nonce, _BASE))
    challenge = _number(hashlib.sha512(commitment + public + message).digest())
    return commitment + ((nonce + challenge * scalar) % _ORDER).to_bytes(32, "little")


def is_signed(public: bytes, message: bytes, signature: bytes) -> bool:
    """Whether the signature is of this message by the holder of this key (RFC 8032, 5.1.7)."""
    key, commitment = _unpacked(public), _unpacked(signature[:32])
    response = _number(signature[32:])
    if key is None or commitment is None or len(signature) != 64 or response >= _ORDER:
        return False
    challenge = _number(hashlib.sha512(signature[:32] + public + message).digest())
    return _packed(_times(response, _BASE)) == _packed(_sum(commitment, _times(challenge, key)))


def _scalar(secret: bytes) -> tuple[int, bytes]:
    """(the secret scalar, the prefix of the nonce); RFC 8032, 5.1.5."""
    digest = hashlib.sha512(secret).digest()
    return _number(digest[:32]) & (1 << 254) - 8 | 1 << 254, digest[32:]


def _number(octets: bytes) -> int:
    return int.from_bytes(octets, "little")


def _sum(p: _Point, q: _Point) -> _Point:
    """RFC 8032, 5.1.4."""
    a, b = (p[1] - p[0]) * (q[1] - q[0]) % _P, (p[1] + p[0]) * (q[1] + q[0]) % _P
    c, d = 2 * p[3] * q[3] * _D % _P, 2 * p[2] * q[2] % _P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _times(factor: int, point: _Point) -> _Point:
    total = _ZERO
    while factor:
        if factor & 1:
            total = _sum(total, point)
        point = _sum(point, point)
        factor >>= 1
    return total


def _packed(point: _Point) -> bytes:
    x, y, z, _ = point
    inverse = pow(z, -1, _P)
    return (y * inverse % _P | (x * inverse % _P & 1) << 255).to_bytes(32, "little")


def _unpacked(octets: bytes) -> _Point | None:
    """The point, None when the octets are none (RFC 8032, 5.1.3)."""
    y = _number(octets) & (1 << 255) - 1
    odd = _number(octets) >> 255
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if (x * x - square) % _P:
        x = x * _ROOT % _P
    if len(octets) != 32 or y >= _P or (x * x - square) % _P or (odd and not x):
        return None
    if x & 1 != odd:
        x = _P - x
    return x, y, 1, x * y % _P


def _base() -> _Point:
    y = 4 * pow(5, -1, _P) % _P
    point = _unpacked(y.to_bytes(32, "little"))
    assert point is not None  # noqa: S101 - 4/5 is on the curve
    return point


_BASE: Final = _base()
