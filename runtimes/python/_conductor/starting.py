"""Starts a sidecar where there is none: one for all processes of the project, which goes on by itself.

It deliberately does not speak to it.
"""

import asyncio
import os
import subprocess
from pathlib import Path

from . import config

SECONDS = 30
"""How long `conductor sidecar --background` may take. It says earlier when it gives up."""


def may_start() -> bool:
    """Whether the environment asks for it."""
    is_named = bool(os.environ.get("CONDUCTOR_SOCKET"))
    return os.environ.get("CONDUCTOR_SIDECAR") == "auto" and not is_named


async def start() -> str | None:
    """Returns when a sidecar answers. Says why that cannot be."""
    folder = config.find_project()
    if folder is None:
        return "there is no concurrency.yaml here or above beside which one could be started"
    # With it come the modules of all its archives: few programs start a sidecar.
    from shutil import which

    binary = os.environ.get("CONDUCTOR_BIN") or which("conductor")
    if binary is None:
        return "there is no `conductor` on the PATH that could be started, and CONDUCTOR_BIN is not set"
    return await asyncio.to_thread(_run, binary, folder)


def _run(binary: str, folder: Path) -> str | None:
    command = [binary, "sidecar", "--background", "--data", str(folder / ".conductor")]
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{binary} could not be started ({error})"
    if done.returncode == 0:
        return None
    said = done.stderr.decode(errors="replace").strip().splitlines()
    return f"{binary} started none ({said[0] if said else 'without a word'})"
