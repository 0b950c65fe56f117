"""Conductor against what people use today: the same work, durable, on the same disk, in turns.

    cargo xtask bench rivals [--quick [--all]] [--group NAME] [--part turns|alone] [--report]

It installs the rivals into target/bench, writes docs/benchmarks.md with its charts, and the figures beside it.
"""

import argparse
import json
import os
import shutil
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from rivals import install, machine, report
from rivals.measure import FULL, GROUPS, QUICK, Figures, Plan, alone, say, side_by_side
from rows import kept

FIGURES = install.ROOT / "docs" / "benchmarks.json"


def measure(groups: list[str], parts: list[str], plan: Plan) -> Figures:
    figures = Figures()
    install.PLACE.mkdir(parents=True, exist_ok=True)
    for group in groups:
        # Short, since the path of a socket is; open, since PostgreSQL does not run as root.
        place = Path(tempfile.mkdtemp(prefix="r", dir=install.PLACE))
        place.chmod(0o711)
        try:
            say(group)
            if "turns" in parts:
                side_by_side(group, place, figures, plan)
            if "alone" in parts:
                alone(plan.systems(group), place, figures, plan)
        finally:
            if "CONDUCTOR_BENCH_KEEP" not in os.environ:
                shutil.rmtree(place, ignore_errors=True)
    return figures


def side_by_side_figures(groups: list[str], parts: list[str], plan: Plan) -> dict[str, Any]:
    """Installs and measures; all that the report needs."""
    began, at = time.monotonic(), time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
    install.everything(is_quick=bool(plan.without))
    installed = time.monotonic()
    figures = measure(groups, parts, plan)
    return {
        "at": at,
        "quick": plan.rounds == QUICK.rounds,
        "install_s": round(installed - began),
        "measured_s": round(time.monotonic() - installed),
        "machine": machine.describe(),
        "values": figures.values,
        "parts": kept(),
        "failed": figures.failed,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="Conductor side by side with what people use today.")
    parser.add_argument("--quick", action="store_true", help="few rounds, under five minutes after the installs")
    parser.add_argument("--all", action="store_true", help="with --quick: those, too, that it leaves out")
    parser.add_argument("--group", action="append", choices=list(GROUPS))
    parser.add_argument("--part", action="append", choices=["turns", "alone"])
    parser.add_argument("--report", action="store_true", help="only write the report again, from the last figures")
    given = parser.parse_args()
    if given.report:
        found = json.loads(FIGURES.read_text())
        found["parts"] |= kept()
    else:
        plan = QUICK if given.quick else FULL
        plan = replace(plan, without=()) if given.all else plan
        found = side_by_side_figures(given.group or list(GROUPS), given.part or ["turns", "alone"], plan)
    FIGURES.write_text(json.dumps(found, indent=1) + "\n")
    missed = report.write(found)
    raise SystemExit(1 if missed else 0)


if __name__ == "__main__":
    main()
