"""What the service goes by in the end, flat: each key with its value, also those that the file leaves out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass

from daemon.settings.values import Settings


def effective(settings: Settings) -> dict[str, str]:
    """Every setting by its key, such as "sending.approval"; what is not set is left out."""
    return dict(_flat("", settings))


def _flat(key: str, value: object) -> Iterator[tuple[str, str]]:
    inner: Mapping[str, object] = {}
    if is_dataclass(value):
        inner = {field.name: getattr(value, field.name) for field in fields(value)}
    elif isinstance(value, Mapping):
        inner = value
    elif value is not None:
        yield key, str(value)
    for name, item in inner.items():
        yield from _flat(f"{key}.{name}" if key else str(name), item)
