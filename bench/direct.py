"""What generated code costs without durability: the same workflows by hand and by the usual libraries, in one process.

    cargo xtask bench direct [--language typescript|go] [--rounds N]

A sequence of ten steps that do nothing, ten of them in parallel, and one with retries, a time-out and a breaker. The rounds of
all candidates take turns, in seven processes one after the other; a ratio is the median over the rounds of a candidate's time
by that of the code by hand, and of that the median over the processes. TypeScript runs on the Node of the comparison in turns.
It fails where generated code is above the bound, or not faster than a library.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from rivals import install
from rows import Rows

BY_HAND_AT_MOST = 1.05

HERE = Path(__file__).parent / "direct"

PREPARED = {
    "typescript": [["npm", "ci", "--no-audit", "--no-fund", "--silent"], ["node_modules/.bin/tsc"]],
    "go": [["go", "build", "-o", "measure", "./cmd/measure"]],
}
MEASURED = {
    "typescript": lambda rounds: [str(install.node()), "dist/measure.js", rounds],
    "go": lambda rounds: ["./measure", "-rounds", rounds],
}

PROCESSES = 7
"""Each compiles its code while it runs, and lays out its memory, in its own way: that differs more than rounds do."""


def measure(language: str, conductor: str, rounds: int) -> list[dict[str, Any]]:
    """The medians of what the language's own program prints, one process after the other."""
    with tempfile.TemporaryDirectory(prefix="conductor-bench-") as folder:
        project = Path(folder) / "project"
        shutil.copytree(HERE / language, project)
        for command in [[conductor, "build"], *PREPARED[language]]:
            subprocess.run(command, cwd=project, check=True, stdout=subprocess.DEVNULL)
        command = MEASURED[language](str(-(-rounds // PROCESSES)))
        printed = [
            subprocess.run(command, cwd=project, check=True, capture_output=True, text=True).stdout.splitlines()
            for _ in range(PROCESSES)
        ]
    return [medians([json.loads(line) for line in same]) for same in zip(*printed, strict=True)]


def medians(lines: list[dict[str, Any]]) -> dict[str, Any]:
    """What several processes print of one candidate, as one line."""
    return lines[0] | {figure: statistics.median(line[figure] for line in lines) for figure in ("ns", "ratio")}


def main() -> None:
    """Measures each language and prints a table."""
    parser = argparse.ArgumentParser(description="What generated code costs without durability.")
    parser.add_argument("--language", choices=sorted(PREPARED), action="append")
    parser.add_argument("--rounds", type=int, default=101)
    arguments = parser.parse_args()
    conductor = os.environ.get("CONDUCTOR_BINARY", "conductor")
    print(f"{'language':<12}{'workflow':<18}{'candidate':<14}{'ns a run':>12}{'by hand = 1':>14}")
    holds, rows = True, Rows("direct", is_shown=False)
    for language in arguments.language or sorted(PREPARED):
        lines = measure(language, conductor, arguments.rounds)
        generated = {line["workflow"]: line["ratio"] for line in lines if line["candidate"] == "generated"}
        for line in lines:
            workflow, candidate, ratio = line["workflow"], line["candidate"], line["ratio"]
            print(f"{language:<12}{workflow:<18}{candidate:<14}{line['ns']:>12.0f}{ratio:>14.2f}")
            if candidate == "generated":
                rows.most(f"{language}, {workflow}: against code by hand", ratio, BY_HAND_AT_MOST, "times")
            elif candidate != "hand":
                faster = ratio / generated[workflow]
                rows.least(f"{language}, {workflow}: times faster than {candidate}", faster, 1, "times")
            if candidate != "hand":
                bound = BY_HAND_AT_MOST if candidate == "generated" else ratio
                holds &= generated[workflow] <= bound
    rows.keep()
    verdict = "holds" if holds else "does not hold"
    print(f"at most {BY_HAND_AT_MOST} times by hand, and faster than each library: {verdict}")
    sys.exit(0 if holds else 1)


if __name__ == "__main__":
    main()
