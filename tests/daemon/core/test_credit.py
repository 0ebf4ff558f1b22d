"""What networks say of a SIM's credit, read as an amount."""

import pytest

from daemon.core.credit import amount

ANY = r"[0-9]+(?:[.,][0-9]+)?"


@pytest.mark.parametrize(("pattern", "text", "left"), [
    (ANY, "Your balance is 10.00", 10.0),
    (r"£([0-9.]+)", "You have 2 bundles and £4.05 left. Ends 31.12.", 4.05),
    (r"Guthaben: ([-0-9., ]+) EUR", "Guthaben: 1.234,50 EUR", 1234.5),
    (r"([-0-9., ]+) kr", "Saldo 1 234 kr.", 1234.0),
    (r"Bal:\s*(-?[0-9,.]+)", "Bal: -1,000.5.", -1000.5),
    (r"£([0-9.]+)|none", "none", None),
    (r"£([0-9.]+)", "Service unavailable", None),
    (r"balance (\w+)", "balance unknown", None),
])  # fmt: skip
def test_amounts(pattern, text, left):
    assert amount(pattern, text) == left
