"""What a process that serves makes of the runs that it is handed."""

import asyncio
import contextlib
import os
import unittest

from _conductor.run import Run
from _conductor.serve import serve
from _conductor.workflow import Workflow

from .peer import Peer


class Serving(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self) -> None:
        self.peer = Peer()
        self.addCleanup(os.environ.pop, "CONDUCTOR_SOCKET", None)

    async def test_a_run_that_is_handed_out_again_is_executed_by_its_last_life_alone(
        self,
    ) -> None:
        lives, looked, gate = 0, [], asyncio.Event()

        async def look(life: int) -> int:
            looked.append(life)
            return life

        async def body(run: Run) -> object:
            nonlocal lives
            lives += 1
            life = lives
            # It does not listen: only what it does afterwards can be stopped.
            with contextlib.suppress(asyncio.CancelledError):
                await gate.wait()
            step = run.step("look", effect="read")
            while await step.next_attempt():
                step.succeed(await step.awaited(look(life)))
            return step.output

        serving = asyncio.create_task(serve([Workflow("w", "blake3:0", body)]))
        # Others had it between the two, and nobody has told this process.
        for life, epoch in enumerate((1, 3), 1):
            while not self.peer.dispatch("r", "w", epoch):
                await asyncio.sleep(0.001)
            while lives < life:
                await asyncio.sleep(0.001)
        await asyncio.sleep(0.01)
        gate.set()
        while "run_succeeded" not in self.peer.kinds("r"):
            await asyncio.sleep(0.001)
        serving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await serving
        self.assertEqual(looked, [2])

    async def test_what_comes_with_a_run_is_not_asked_for_and_what_follows_it_is(
        self,
    ) -> None:
        def done(key: str, seq: int) -> dict[str, object]:
            started = {"key": key, "task": key, "attempt": 1, "at": 0}
            succeeded = {"key": key, "attempt": 1, "output": key, "at": 0}
            entries = [{"step_started": started}, {"step_succeeded": succeeded}]
            return {"seq": seq, "entries": entries}

        made = []

        async def make(what: str) -> str:
            made.append(what)
            return what

        async def body(run: Run) -> object:
            for key in ("one", "two", "three"):
                step = run.step(key, effect="read")
                while await step.next_attempt():
                    step.succeed(await step.awaited(make(f"{run.id} {key}")))
            return None

        serving = asyncio.create_task(serve([Workflow("w", "blake3:0", body)]))
        begun = {"seq": 0, "entries": [{"run_started": {"input": {}, "at": 0}}]}
        for run, more in (("whole", False), ("begun", True)):
            # Of what the peer would answer only the second step is news.
            self.peer.records[run] = [{"seq": 1, "entries": []}, done("two", 2)]
            history = {"records": [begun, done("one", 1)], "more": more}
            while not self.peer.dispatch(run, "w", 1, next_seq=3, history=history):
                await asyncio.sleep(0.001)
            while "run_succeeded" not in self.peer.kinds(run):
                await asyncio.sleep(0.001)
        serving.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await serving
        self.assertEqual(made, ["whole two", "whole three", "begun three"])


if __name__ == "__main__":
    unittest.main()
