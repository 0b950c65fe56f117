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


if __name__ == "__main__":
    unittest.main()
