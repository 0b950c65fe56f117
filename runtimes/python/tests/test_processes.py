"""Forks, worker threads and several event loops: nothing of one is used by another."""

import asyncio
import multiprocessing
import os
import subprocess
import sys
import tempfile
import textwrap
import threading
import unittest
from pathlib import Path

from _conductor import background
from _conductor.breaker import Breaker
from _conductor.cache import Cache
from _conductor.execute import call
from _conductor.permits import Pool, Using
from _conductor.run import Run
from _conductor.threads import in_thread
from _conductor.turns import Turns
from _conductor.workflow import Workflow

from .peer import Peer


async def _body(run: Run) -> object:
    step = run.step("one", effect="read")
    while await step.next_attempt():
        step.succeed(await step.in_thread(os.getpid))
    return step.output


WORKFLOW = Workflow("pids", plan="blake3:0", body=_body)
GUARD = Breaker("pids", failures=1, window=10.0, open_for=60.0)
KEPT = Cache("pids", ttl=60.0)
POOL = Pool("pids", limit=1)
TURNS = Turns(1)


def _in_child() -> tuple[int, bool]:
    """What a forked process does: runs durable workflows on a session of its own."""

    async def use() -> int:
        async with Using(POOL), TURNS.turn():
            GUARD.call()
            KEPT.of(lambda: 1).keep(1)
            pid = await call(WORKFLOW, {}, None)
            return pid if isinstance(pid, int) else 0

    pid = background.run(use())
    return pid, pid == os.getpid()


class Forked(unittest.TestCase):
    """Each child is made while the parent holds everything that can be held."""

    def setUp(self) -> None:
        self.peer = Peer()
        self.addCleanup(os.environ.pop, "CONDUCTOR_SOCKET", None)

    def test_a_fork_in_the_middle_of_everything(self) -> None:
        parent = background.run(call(WORKFLOW, {}, None))
        self.assertEqual(parent, os.getpid())
        goes_on = threading.Event()

        async def hold() -> None:
            async with Using(POOL), TURNS.turn():
                await in_thread(goes_on.wait)

        holding = threading.Thread(target=lambda: background.run(hold()))
        holding.start()
        context = multiprocessing.get_context("fork")
        with context.Pool(2) as pool:
            answers = pool.starmap_async(_in_child, [()] * 4).get(timeout=30)
        goes_on.set()
        holding.join(10)
        self.assertTrue(all(is_own for _, is_own in answers), answers)
        self.assertNotIn(os.getpid(), {pid for pid, _ in answers})
        self.assertEqual(background.run(call(WORKFLOW, {}, None)), os.getpid())

    def test_a_lock_that_was_held_at_the_fork_is_free_in_the_child(self) -> None:
        state = GUARD._state
        with state.lock, KEPT._entries.lock, TURNS._lock:
            child = os.fork()
            if child == 0:
                is_free = all(
                    lock.acquire(timeout=1)
                    for lock in (GUARD._state.lock, KEPT._entries.lock, TURNS._lock)
                )
                os._exit(0 if is_free else 1)
        _, status = os.waitpid(child, 0)
        self.assertEqual(os.waitstatus_to_exitcode(status), 0)


class Loops(unittest.TestCase):
    def setUp(self) -> None:
        self.peer = Peer()
        self.addCleanup(os.environ.pop, "CONDUCTOR_SOCKET", None)

    def test_several_event_loops_and_threads(self) -> None:
        results: list[object] = []

        def blocking() -> None:
            results.extend(background.run(call(WORKFLOW, {}, None)) for _ in range(5))

        def own_loop() -> None:
            async def several() -> list[object]:
                return list(
                    await asyncio.gather(*(call(WORKFLOW, {}, None) for _ in range(5)))
                )

            results.extend(asyncio.run(several()))

        threads = [
            threading.Thread(target=target) for target in (blocking, own_loop) * 4
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        self.assertEqual(results, [os.getpid()] * 40)

    def test_one_loop_after_the_other(self) -> None:
        for _ in range(3):
            self.assertEqual(asyncio.run(call(WORKFLOW, {}, None)), os.getpid())


class Preforked(unittest.TestCase):
    """What gunicorn does with `preload_app`: the parent imports and runs, then forks its workers."""

    def test_workers_of_a_parent_that_has_run_something(self) -> None:
        root = str(Path(__file__).resolve().parents[1])
        with tempfile.TemporaryDirectory() as folder:
            script = Path(folder, "preforked.py")
            script.write_text(
                textwrap.dedent(
                    f"""
                    import os, sys
                    sys.path.insert(0, {root!r})
                    from tests.peer import Peer
                    peer = Peer()
                    from tests.test_processes import _in_child
                    assert _in_child()[1]
                    children = []
                    for _ in range(3):
                        child = os.fork()
                        if child == 0:
                            code = 0 if all(_in_child()[1] for _ in range(3)) else 1
                            os._exit(code)
                        children.append(child)
                    codes = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
                    assert codes == [0, 0, 0], codes
                    assert _in_child()[1]
                    """
                )
            )
            done = subprocess.run(
                [sys.executable, str(script)],
                check=False,
                capture_output=True,
                text=True,
                timeout=60,
            )
        self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    unittest.main()
