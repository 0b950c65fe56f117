"""Permits: in turn, never lost, never too many; rates; and what an attempt that runs on keeps."""

import asyncio
import threading
import time
import unittest

from _conductor.permits import Permits, Pool, Starts, Taken, Using, take
from _conductor.rates import Rate
from _conductor.settle import start
from _conductor.threads import submit


class InTurn(unittest.IsolatedAsyncioTestCase):
    async def test_first_come_first_served(self) -> None:
        permits = Permits(1)
        await permits.take()
        served: list[int] = []

        async def one(number: int) -> None:
            await permits.take()
            served.append(number)
            permits.give_back()

        waiting = [start(one(number)) for number in range(5)]
        await asyncio.sleep(0)
        permits.give_back()
        await asyncio.gather(*waiting)
        self.assertEqual(served, [0, 1, 2, 3, 4])

    async def test_whoever_is_cancelled_loses_nothing(self) -> None:
        permits = Permits(1)
        await permits.take()
        queued = start(permits.take())
        granted = start(permits.take())
        await asyncio.sleep(0)
        queued.cancel()
        await asyncio.sleep(0)
        permits.give_back()  # to the second, which is cancelled before it runs
        granted.cancel()
        await asyncio.wait((queued, granted))
        async with asyncio.timeout(1):
            await permits.take()
        self.assertTrue(granted.cancelled())

    async def test_a_storm_of_cancellations_keeps_the_number_of_permits(self) -> None:
        permits = Permits(3)
        inside = 0
        most = 0

        async def one(number: int) -> None:
            nonlocal inside, most
            await permits.take()
            inside += 1
            most = max(most, inside)
            try:
                await asyncio.sleep(0.001 * (number % 3))
            finally:
                inside -= 1
                permits.give_back()

        tasks = [start(one(number)) for number in range(300)]
        for number, task in enumerate(tasks):
            if number % 2:
                await asyncio.sleep(0)
                task.cancel()
        await asyncio.wait(tasks)
        self.assertEqual((most, inside), (3, 0))
        async with asyncio.timeout(1):
            for _ in range(3):
                await permits.take()
        with self.assertRaises(TimeoutError):
            async with asyncio.timeout(0.02):
                await permits.take()

    async def test_event_loops_of_one_process_share(self) -> None:
        pool = Pool("db", limit=2)
        lock = threading.Lock()
        inside = 0
        most = 0

        async def one() -> None:
            nonlocal inside, most
            async with Using(pool):
                with lock:
                    inside += 1
                    most = max(most, inside)
                await asyncio.sleep(0.001)
                with lock:
                    inside -= 1

        async def many() -> None:
            await asyncio.gather(*(one() for _ in range(40)))

        threads = [threading.Thread(target=lambda: asyncio.run(many())) for _ in "ab"]
        for thread in threads:
            thread.start()
        await many()
        for thread in threads:
            await asyncio.to_thread(thread.join)
        self.assertEqual((most, inside), (2, 0))

    async def test_a_loop_that_ended_while_it_waited_takes_no_permit_along(
        self,
    ) -> None:
        permits = Permits(1)
        await permits.take()

        def abandon() -> None:
            loop = asyncio.new_event_loop()
            task = loop.create_task(permits.take())
            loop.run_until_complete(asyncio.sleep(0))
            loop.close()
            task._log_destroy_pending = False  # type: ignore[attr-defined]

        await asyncio.to_thread(abandon)
        permits.give_back()
        async with asyncio.timeout(1):
            await permits.take()


class Held(unittest.IsolatedAsyncioTestCase):
    async def test_an_attempt_keeps_its_permit_while_its_thread_runs(self) -> None:
        pool = Pool("db", limit=1)
        goes_on = threading.Event()
        async with Using(pool):
            work = submit(goes_on.wait)
        with self.assertRaises(TimeoutError):
            await take((pool,), seconds=0.05)
        goes_on.set()
        await work
        (await take((pool,), seconds=1)).over()

    async def test_an_attempt_keeps_its_permit_while_its_task_runs(self) -> None:
        pool = Pool("db", limit=1)
        goes_on = asyncio.Event()
        async with Using(pool):
            work = start(goes_on.wait())
        with self.assertRaises(TimeoutError):
            await take((pool,), seconds=0.05)
        goes_on.set()
        await work
        (await take((pool,), seconds=1)).over()

    async def test_what_runs_in_a_thread_starts_nothing_for_the_attempt(self) -> None:
        pool = Pool("db", limit=1)
        inner_goes_on = threading.Event()
        inner: list[asyncio.Future[bool]] = []

        def outer() -> None:
            async def leave() -> None:
                inner.append(submit(inner_goes_on.wait))

            asyncio.run(leave())

        async with Using(pool):
            await submit(outer)
        (await take((pool,), seconds=1)).over()
        inner_goes_on.set()

    async def test_out_of_time_gives_back_what_was_taken_before(self) -> None:
        first, second = Pool("a", limit=1), Pool("b", limit=1)
        blocker = await take((second,))
        with self.assertRaises(TimeoutError):
            await take((first, second), seconds=0.02)
        taken = await take((first,), seconds=1)
        taken.over()
        taken.over()
        blocker.over()
        (await take((first, second), seconds=1)).over()

    async def test_nothing_taken_is_nothing_to_give_back(self) -> None:
        Taken().over()
        (await take((Pool("free"),))).over()


class Rates(unittest.IsolatedAsyncioTestCase):
    def test_no_span_has_more_starts_than_permits(self) -> None:
        starts = Starts(Rate(2, 0.1))
        got = [
            round(starts.reserve(now), 3) for now in (0.0, 0.0, 0.0, 0.01, 0.01, 0.4)
        ]
        self.assertEqual(got, [0.0, 0.0, 0.1, 0.1, 0.2, 0.4])

    async def test_a_rate_is_waited_for(self) -> None:
        pool = Pool("api", rate=Rate(2, 0.1))
        began = time.monotonic()
        for _ in range(5):
            async with Using(pool):
                pass
        self.assertGreaterEqual(time.monotonic() - began, 0.2)


if __name__ == "__main__":
    unittest.main()
