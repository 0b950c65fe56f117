"""What machine and which versions the figures are of."""

import os
import platform
import subprocess
from pathlib import Path

from rivals import install


def said(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30)
    except OSError:
        return "not found"
    return (done.stdout or done.stderr).strip().splitlines()[0] if done.returncode == 0 else "not known"


def cpu() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":")[1].strip()
    return platform.machine()


def describe() -> dict[str, str]:
    total = int(Path("/proc/meminfo").read_text().split()[1]) / 1024 / 1024
    disk = said("stat", "-f", "-c", "%T", str(install.PLACE))
    pins = [pin for pins in (*install.PYTHON.values(), *install.NPM.values(), *install.GO.values()) for pin in pins]
    commit = said("git", "-C", str(install.ROOT), "rev-parse", "--short", "HEAD")
    return {
        "processor": f"{os.cpu_count()} cores of {cpu()}",
        "memory": f"{total:.0f} GB",
        "file system": disk,
        "kernel": f"{platform.system()} {platform.release()}",
        "Conductor": f"{said(os.environ.get('CONDUCTOR_BINARY', 'conductor'), '--version')}, commit {commit}",
        "Python": platform.python_version(),
        "Node": install.NODE,
        "PostgreSQL": said(str(install.postgres() / "postgres"), "--version"),
        "rivals": ", ".join(sorted(set(pins) - {f"node@{install.NODE}"})),
        "busy": " ".join(f"{one:.1f}" for one in os.getloadavg()),
    }
