"""The runtime on the event loop of uvloop: calls, forks, threads and several loops, as on asyncio's own."""

import subprocess
import sys
import unittest
from pathlib import Path

ON_UVLOOP = """
import asyncio, unittest, uvloop, warnings
warnings.simplefilter("ignore", DeprecationWarning)
asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
assert isinstance(asyncio.new_event_loop(), uvloop.Loop)
unittest.main(module=None, argv=["uvloop", "tests.test_processes", "tests.test_calls"])
"""


class OnUvloop(unittest.TestCase):
    def test_calls_and_processes(self) -> None:
        done = subprocess.run(
            [sys.executable, "-c", ON_UVLOOP],
            check=False,
            capture_output=True,
            cwd=Path(__file__).resolve().parents[1],
            text=True,
            timeout=120,
        )
        self.assertEqual(done.returncode, 0, done.stderr[-5000:])


if __name__ == "__main__":
    unittest.main()
