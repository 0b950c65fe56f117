"""What the environment says: where the sidecar's socket is, and whether one may be used.

It deliberately opens nothing.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from .errors import SidecarUnavailable

HOW_TO_START = "start one with `conductor sidecar`, or run your program under `conductor dev -- CMD`"


def find_socket() -> str | None:
    """The path of the sidecar's socket, `None` where there is none yet."""
    named = os.environ.get("CONDUCTOR_SOCKET")
    if named:
        return named
    for folder in _folders():
        candidate = folder / ".conductor" / "sidecar.sock"
        if candidate.exists():
            return str(candidate)
    return None


def find_project() -> Path | None:
    """The nearest folder that has a manifest, or the state of one."""
    for folder in _folders():
        for name in (".conductor", "concurrency.yaml", "concurrency.hcl"):
            if (folder / name).exists():
                return folder
    return None


def _folders() -> Iterator[Path]:
    """From the working directory upward, then from the generated package."""
    for start in (Path.cwd(), Path(__file__).resolve().parents[2]):
        yield start
        yield from start.parents


def may_connect(workflow: str, run: str) -> None:
    """Refuses where the environment forbids a sidecar."""
    mode = os.environ.get("CONDUCTOR_SIDECAR") or "auto"
    if mode not in ("auto", "require", "off"):
        raise unavailable(
            workflow, run, f"CONDUCTOR_SIDECAR is {mode!r}, not auto, require or off"
        )
    if mode == "off":
        raise unavailable(workflow, run, "CONDUCTOR_SIDECAR=off forbids one")


def unavailable(workflow: str, run: str, reason: str) -> SidecarUnavailable:
    """The one error of a durable workflow without a sidecar."""
    return SidecarUnavailable(
        f"workflow {workflow} is durable and needs a sidecar: {reason}; {HOW_TO_START}",
        workflow=workflow,
        run=run,
    )
