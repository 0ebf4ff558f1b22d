"""The errors that a simulated modem answers with, and their words for `AT+CMEE=2`."""

from __future__ import annotations

# 27.005 §3.2.5 and 24.011 annex E
CMS_TEXT = {
    1: "Unassigned (unallocated) number",
    8: "Operator determined barring",
    10: "Call barred",
    17: "Network failure",
    21: "Short message transfer rejected",
    22: "Congestion",
    27: "Destination out of service",
    28: "Unidentified subscriber",
    29: "Facility rejected",
    30: "Unknown subscriber",
    38: "Network out of order",
    41: "Temporary failure",
    42: "Congestion",
    47: "Resources unavailable",
    50: "Requested facility not subscribed",
    69: "Requested facility not implemented",
    302: "operation not allowed",
    303: "operation not supported",
    304: "invalid PDU mode parameter",
    305: "invalid text mode parameter",
    310: "(U)SIM not inserted",
    311: "(U)SIM PIN required",
    316: "(U)SIM PUK required",
    321: "invalid memory index",
    322: "memory full",
    330: "SMSC address unknown",
    331: "no network service",
    332: "network timeout",
    340: "no +CNMA acknowledgement expected",
    500: "unknown error",
}

# 27.007 §9.2
CME_TEXT = {
    3: "operation not allowed",
    4: "operation not supported",
    10: "SIM not inserted",
    11: "SIM PIN required",
    12: "SIM PUK required",
    14: "SIM busy",
    16: "incorrect password",
    30: "no network service",
    31: "network timeout",
    50: "Incorrect parameters",
    100: "unknown",
}


class AtError(Exception):
    """A command that a modem turns down. `kind` is "CMS", "CME" or "ERROR", the last without a code."""

    def __init__(self, kind: str = "ERROR", code: int = 0) -> None:
        super().__init__(kind, code)
        self.kind = kind
        self.code = code

    def line(self, cmee: int) -> str:
        """The final result line under `AT+CMEE=<cmee>`: bare (0), numeric (1) or in words (2)."""
        if self.kind == "ERROR" or cmee == 0:
            return "ERROR"
        if cmee == 1:
            return f"+{self.kind} ERROR: {self.code}"
        texts = CMS_TEXT if self.kind == "CMS" else CME_TEXT
        return f"+{self.kind} ERROR: {texts.get(self.code, 'unknown error')}"
