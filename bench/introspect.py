"""How long it takes to read a large code base for a manifest, beside ruff on the same tree.

The code base is Django's wheel (PyPI). `conductor check` gets a manifest with 50 refs to functions drawn by a seed; ruff
checks the whole tree for undefined names, without its cache. `conductor init --dry-run` scans the whole tree for
annotations. All are whole processes; rounds are interleaved and the medians shown. Ratios of one run count.
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

from rows import Rows

DJANGO = "Django==5.2.19"
REFS = 50
ANNOTATED = '''# conductor: task greet effect=read
def greet(name: str) -> str:
    return f"Hello, {name}!"
'''


def unpack(folder: Path) -> Path:
    """Django's sources, below a folder that is also the project's."""
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), DJANGO]
    subprocess.run([*command, "--disable-pip-version-check"], check=True)
    tree = folder / "tree"
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        wheel.extractall(tree)
    (tree / "annotated.py").write_text(ANNOTATED)
    return tree


def functions(tree: Path) -> list[str]:
    """Refs to plain functions of every module that Python can parse."""
    found = []
    for path in sorted((tree / "django").rglob("*.py")):
        module = ".".join(path.relative_to(tree).with_suffix("").parts).removesuffix(".__init__")
        if not all(part.isidentifier() for part in module.split(".")):
            continue
        try:
            body = ast.parse(path.read_bytes()).body
        except SyntaxError:
            continue
        for node in body:
            if isinstance(node, ast.FunctionDef) and not node.decorator_list and not node.name.startswith("_"):
                if not any(isinstance(inner, (ast.Yield, ast.YieldFrom)) for inner in ast.walk(node)):
                    found.append(f"{module}.{node.name}")
    return found


def manifest(refs: list[str]) -> str:
    """A task and a workflow for each ref."""
    lines = ['version: "1.0"', "tasks:"]
    lines += [f"  - {{id: task_{n}, ref: {ref}, effect: read}}" for n, ref in enumerate(refs)]
    lines += ["workflows:"]
    lines += [f"  - {{id: flow_{n}, durable: false, steps: [{{task: task_{n}}}]}}" for n in range(len(refs))]
    return "\n".join(lines) + "\n"


def timed(command: list[str], folder: Path, accepted: tuple[int, ...]) -> float:
    """Seconds of one whole process."""
    start = time.perf_counter()
    done = subprocess.run(command, cwd=folder, capture_output=True, check=False)
    took = time.perf_counter() - start
    if done.returncode not in accepted:
        sys.exit(f"{' '.join(command)} ended with {done.returncode}\n{done.stdout.decode()}{done.stderr.decode()}")
    return took


def main() -> None:
    """Prints a table of medians and ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--seed", type=int, default=4)
    options = parser.parse_args()
    conductor = os.environ["CONDUCTOR_BINARY"]
    with tempfile.TemporaryDirectory() as name:
        tree = unpack(Path(name))
        refs = random.Random(options.seed).sample(functions(tree), REFS)
        (tree / "concurrency.yaml").write_text(manifest(refs))
        binary = Path(sys.executable).with_name("ruff")
        commands: dict[str, Callable[[], float]] = {
            "ruff": lambda: timed([str(binary), "check", "--no-cache", "--select", "F821", "django"], tree, (0, 1)),
            "check": lambda: timed([conductor, "check"], tree, (0,)),
            "init": lambda: timed([conductor, "init", "--dry-run", "--update"], tree, (0,)),
        }
        times: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(options.rounds):
            for name, run in commands.items():
                times[name].append(run())
        rival = statistics.median(times["ruff"])
        about = {
            "ruff": "ruff check --no-cache --select F821, the whole tree",
            "check": f"conductor check, {REFS} refs into the tree",
            "init": "conductor init --update --dry-run, the whole tree scanned for annotations",
        }
        print(f"{DJANGO}, {options.rounds} rounds, seed {options.seed}; median (least to most) in ms, ratio to ruff")
        for name, all_times in times.items():
            middle, least, most = statistics.median(all_times), min(all_times), max(all_times)
            print(f"{middle * 1e3:8.1f} ({least * 1e3:.1f} to {most * 1e3:.1f})  {middle / rival:5.2f}  {about[name]}")
        rows = Rows("introspect", is_shown=False)
        beside = f"{statistics.median(times['check']) * 1e3:.0f} ms against {rival * 1e3:.0f} ms"
        ratio = statistics.median(one / other for one, other in zip(times["check"], times["ruff"], strict=True))
        rows.most(f"{REFS} refs into Django checked, against ruff check over its tree", ratio, 1, "times", beside)
        rows.keep()


if __name__ == "__main__":
    main()
