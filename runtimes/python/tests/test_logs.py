"""Lines of `logging` find their step, in tasks and threads that it starts, too."""

import asyncio
import io
import logging
import unittest

from _conductor import current
from _conductor.logs import log_steps

TRACE = "00-82f3e9c695dc6b8d1b11818d5701919e-3247f61bb78213bb-01"
FORMAT = "%(message)s|%(conductor_run)s|%(conductor_step)s|%(conductor_attempt)s|%(conductor_trace_id)s|%(conductor_span_id)s"
PLACE = "|order-1|charge|2|82f3e9c695dc6b8d1b11818d5701919e|3247f61bb78213bb"


class Lines(unittest.TestCase):
    def setUp(self) -> None:
        before = logging.getLogRecordFactory()
        self.addCleanup(logging.setLogRecordFactory, before)
        self.said = io.StringIO()
        handler = logging.StreamHandler(self.said)
        handler.setFormatter(logging.Formatter(FORMAT))
        self.logger = logging.getLogger(f"shop.{self.id()}")
        self.logger.propagate = False
        self.logger.addHandler(handler)
        log_steps()
        log_steps()
        self.step = current.CurrentStep("shop", "order-1", "charge", 2, lambda: TRACE)

    def test_a_line_says_its_step_and_a_line_outside_none(self) -> None:
        self.logger.warning("before")
        with current.inside(self.step):
            self.logger.warning("inside", extra={"run": "of the application"})
        self.assertEqual(
            self.said.getvalue().splitlines(), ["before|||||", f"inside{PLACE}"]
        )

    def test_tasks_and_threads_are_in_the_step(self) -> None:
        async def work() -> None:
            with current.inside(self.step):
                await asyncio.create_task(self.later())
                await asyncio.to_thread(self.logger.warning, "thread")
            self.logger.warning("after")

        asyncio.run(work())
        lines = [f"task{PLACE}", f"thread{PLACE}", "after|||||"]
        self.assertEqual(self.said.getvalue().splitlines(), lines)

    async def later(self) -> None:
        self.logger.warning("task")


if __name__ == "__main__":
    unittest.main()
