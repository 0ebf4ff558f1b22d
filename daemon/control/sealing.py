"""Seals a text to somebody's public key, with the program age: nobody else, this station included, can open it."""

from __future__ import annotations

import shutil
import subprocess

from daemon.core.not_possible import NotPossible

SECONDS = 10.0


def sealed(text: str, recipient: str) -> str:
    """The text as an armoured age file. Raises NotPossible when it cannot be sealed."""
    program = shutil.which("age")
    if program is None:
        raise NotPossible(
            "the program age is not installed (apt install age), so that nothing can be sealed. Install it, or hand "
            "over a plain file with --plain, if it may travel so."
        )
    try:
        done = subprocess.run(
            [program, "--encrypt", "--armor", "--recipient", recipient], input=text.encode(), capture_output=True,
            timeout=SECONDS, check=True,
        )  # fmt: skip
    except subprocess.CalledProcessError as error:
        why = " ".join(error.stderr.decode("utf-8", "replace").split())[:200]
        raise NotPossible(f"age does not seal to the service's recipient: {why}") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotPossible(f"age did not run: {error}") from error
    return done.stdout.decode("ascii")
