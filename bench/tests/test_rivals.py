"""The comparison itself: what it counts, what it says of it, and that a killed system is started again.

python -m unittest discover -s bench/tests -t bench
"""

import json
import os
import signal
import tempfile
import unittest
from pathlib import Path
from typing import Any

from rivals import install, report
from rivals.found import Found
from rivals.processes import Disk, tally
from rivals.systems import HandPython
from rivals.targets import all_targets
from rows import Rows
from side_by_side import FIGURES


def figures(values: dict[str, dict[str, list[float]]]) -> dict[str, Any]:
    about = {"at": "now", "quick": True, "measured_s": 60, "machine": {"cores": "2"}, "failed": [], "parts": {}}
    return {**about, "values": values}


class ReportTest(unittest.TestCase):
    def test_ratio_is_of_rounds(self) -> None:
        values = {"ten_steps.ms": {"conductor-python": [2.0, 20.0, 2.0], "restate-python": [20.0, 100.0, 22.0]}}
        targets = {target.what: target for target in all_targets(Found(figures(values)))}
        target = targets["Python: ten writes against the fastest engine, times faster"]
        self.assertEqual((target.figure, target.verdict()), (10.0, "held"))
        self.assertEqual(
            targets["TypeScript: ten writes against the fastest engine, times faster"].verdict(), "not measured"
        )

    def test_fastest_engine_counts_and_a_loss_is_said(self) -> None:
        values = {
            "ten_steps.ms": {
                "conductor-python": [10.0],
                "hand-python": [3.0],
                "dbos-python": [9.0],
                "restate-python": [40.0],
            }
        }
        page = report.page(figures(values))
        self.assertIn("| at least 5 | 0.90 | **missed** | 10.0 ms against 9.00 ms of DBOS, SQLite |", page)
        self.assertIn("- Python, 10 steps: DBOS, SQLite is ahead, 9.00 against Conductor's 10.0.", page)
        self.assertIn("by hand, SQLite in the process is ahead, 3.00", page)
        self.assertNotIn("Restate is ahead", page)

    def test_better_width_of_a_rival_counts(self) -> None:
        values: dict[str, dict[str, list[float]]] = {
            "wide.per_s": {"conductor-python": [1000.0], "dbos-python": [20.0]},
            "narrow.per_s": {"conductor-python": [500.0], "dbos-python": [50.0]},
        }
        page = report.page(figures(values))
        self.assertIn("| at least 10 | 20.0 | held | 1,000/s against 50.0/s of DBOS, SQLite, 8 at a time |", page)

    def test_rows_of_other_parts_are_in_it(self) -> None:
        rows = Rows("compile", is_shown=False)
        rows.most("10,000 tasks checked", 300.0, 250, "ms")
        rows.least("times faster", 2.0, 1, "times", "a beside b")
        part = {"compile": {"at": "today", "rows": rows.rows}}
        page = report.page({**figures({}), "parts": part})
        self.assertIn("| 10,000 tasks checked, ms | at most 250 | 300 | **missed** | today |", page)
        self.assertIn("| times faster, times | at least 1 | 2.00 | held | a beside b; today |", page)
        self.assertIn("| `cargo xtask bench direct` | its own | - | not measured |  |", page)
        self.assertEqual(rows.missed, 1)

    def test_lines_are_those_of_the_application(self) -> None:
        page = report.page(figures({}))
        self.assertRegex(page, r"\| DBOS \| TypeScript \| \d+ \|  \|")
        self.assertRegex(page, r"\| Conductor \| Python \| 1\d\d \| \d of 6 need fewer \|")

    def test_page_is_of_the_figures_beside_it(self) -> None:
        self.assertEqual((report.DOCS / "benchmarks.md").read_text(), report.page(json.loads(FIGURES.read_text())))


class CountTest(unittest.TestCase):
    def test_interrupted_calls_count_once(self) -> None:
        lines = [
            "11 pwrite64(7</d/a.db-wal>, ...) = 4096",
            "11 write(3<socket:[1]>, ...) = 99",
            "12 pwrite64(7</d/a.db-wal>,  <unfinished ...>",
            "11 fdatasync(7</d/a.db-wal> <unfinished ...>",
            "12 <... pwrite64 resumed> ...)  = 24",
            "11 <... fdatasync resumed>)     = 0",
            "12 write(2</d/server.log>, ...) = 50",
            "12 fsync(7</d/a.db>)            = 0",
            "13 write(9</d/data/000012.log>, ...) = 7",
            "13 write(9</e/a.db>, ...) = 8",
        ]
        self.assertEqual(tally(lines, "/d"), (2, 4127))

    def test_checkpoints_by_hand_are_seen(self) -> None:
        with tempfile.TemporaryDirectory(dir=place()) as folder:
            system = HandPython(Path(folder) / "hand-python")
            system.start()
            system.client().ask(do="one", work="ten_steps", runs=1)
            disk = Disk(system.pids(), system.folder)
            counts = []
            for _ in range(2):
                system.client().ask(do="one", work="ten_steps", runs=1)
                counts.append(disk.since())
            disk.end()
            system.end()
        # A start and ten ends, of which nine ride with the next start.
        self.assertEqual([flushes for flushes, _ in counts], [11, 11])
        self.assertGreater(min(wrote for _, wrote in counts), 11 * 4096)


class CrashTest(unittest.TestCase):
    def test_killed_runs_come_to_their_end(self) -> None:
        with tempfile.TemporaryDirectory(dir=place()) as folder:
            system = HandPython(Path(folder) / "hand-python")
            system.start()
            system.client().ask(do="open", work="held", runs=5)
            system.served().ask(do="until", place="gate", runs=5)
            pid = system.workers[0].process.pid
            system.stop(signal.SIGKILL)
            self.assertRaises(ProcessLookupError, os.kill, pid, 0)
            system.start(RELEASED="1")
            system.served().ask(do="until", place="mark", runs=5)
            system.end()


def place() -> Path:
    install.PLACE.mkdir(parents=True, exist_ok=True)
    return install.PLACE


if __name__ == "__main__":
    unittest.main()
