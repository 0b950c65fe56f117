"""Breakers, hedges, caches, time limits, turns: each by itself, in one process."""

import asyncio
import itertools
import threading
import unittest
from unittest import mock

from _conductor import breaker, cache
from _conductor.breaker import Breaker
from _conductor.cache import Cache
from _conductor.compensate import Compensating, Undoable
from _conductor.deadline import Deadline, within
from _conductor.errors import (
    CircuitOpen,
    DeadlineExceeded,
    ExpressionError,
    RunPaused,
    StepFailed,
)
from _conductor.hedge import hedged
from _conductor.limits import time_left
from _conductor.settle import over_time
from _conductor.turns import Turns

_names = (f"task_{number}" for number in itertools.count())


class Clock:
    """A clock that goes on when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def monotonic(self) -> float:
        return self.now


class Breakers(unittest.TestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        patch = mock.patch("time.monotonic", self.clock.monotonic)
        patch.start()
        self.addCleanup(patch.stop)

    def play(self, events: list[tuple[float, str]], half_open_calls: int = 1) -> str:
        """The state after events at seconds: `!` calls, `+` and `-` end one, `0` abandons it."""
        guard = Breaker(
            next(_names),
            failures=2,
            window=10.0,
            open_for=5.0,
            half_open_calls=half_open_calls,
        )
        state = "closed"
        for at, event in events:
            self.clock.now = 1000.0 + at
            try:
                {
                    "!": guard.call,
                    "+": guard.succeed,
                    "-": guard.fail,
                    "0": guard.abandon,
                }[event]()
                state = "allowed"
            except CircuitOpen:
                state = "refused"
        return state

    def test_the_states_are_those_of_the_interpreter(self) -> None:
        self.assertEqual(self.play([(0, "-"), (0, "!")]), "allowed")
        self.assertEqual(self.play([(0, "-"), (1, "-"), (2, "!")]), "refused")
        self.assertEqual(self.play([(0, "-"), (30, "-"), (30, "!")]), "allowed")
        self.assertEqual(self.play([(0, "-"), (1, "-"), (6, "!")]), "allowed")
        opened = [(0.0, "-"), (1.0, "-"), (6.0, "!")]
        self.assertEqual(self.play([*opened, (6, "!")]), "refused")
        self.assertEqual(self.play([*opened, (7, "-"), (8, "!")]), "refused")
        self.assertEqual(self.play([*opened, (7, "+"), (7, "!")]), "allowed")
        self.assertEqual(self.play([*opened, (7, "0"), (7, "!")]), "allowed")
        two = [*opened, (6, "!")]
        self.assertEqual(self.play(two, half_open_calls=2), "allowed")
        self.assertEqual(self.play([*two, (6, "!")], half_open_calls=2), "refused")
        both = [*two, (7, "+"), (7, "+"), (7, "!"), (7, "!"), (7, "!")]
        self.assertEqual(self.play(both, half_open_calls=2), "allowed")

    def test_a_rate_counts_with_enough_calls(self) -> None:
        guard = Breaker(
            next(_names), failure_rate=0.5, min_calls=4, window=10.0, open_for=5.0
        )
        ends = [guard.succeed, guard.succeed, guard.fail, guard.succeed]
        for end in [*ends, guard.fail, guard.fail]:
            guard.call()
            end()
        with self.assertRaises(CircuitOpen):
            guard.call()

    def test_steps_of_one_task_share_its_state_and_keys_do_not(self) -> None:
        name = next(_names)
        one = Breaker(name, failures=1, window=10.0, open_for=5.0)
        other = Breaker(name, failures=9, window=10.0, open_for=5.0)
        one.of("a").fail()
        with self.assertRaises(CircuitOpen):
            other.of("a").call()
        for fine in (other.of("b"), other.of(["a"]), other):
            fine.call()

        def no_key() -> object:
            raise ExpressionError("no such field")

        self.assertIs(one.of_key(no_key), one)

    def test_keys_that_say_nothing_any_more_are_forgotten(self) -> None:
        name = next(_names)
        guard = Breaker(name, failures=2, window=10.0, open_for=5.0)
        for number in range(3 * breaker.KEPT):
            guard.of(number).fail()
            self.clock.now += 1
        self.assertLessEqual(len(breaker._states[name]), breaker.KEPT + 1)

    def test_a_cancelled_attempt_and_an_error_of_the_domain_say_nothing(self) -> None:
        guard = Breaker(
            next(_names), failures=1, window=10.0, open_for=5.0, abort_on=("KeyError",)
        )

        async def attempt(error: BaseException) -> None:
            async with guard.attempt():
                raise error

        for error in (asyncio.CancelledError(), KeyError("no such user"), TypeError()):
            with self.assertRaises(type(error)):
                asyncio.run(attempt(error))
            guard.call()
        with self.assertRaises(ValueError):
            asyncio.run(attempt(ValueError()))
        with self.assertRaises(CircuitOpen):
            asyncio.run(attempt(ValueError()))

    def test_threads_share_a_breaker(self) -> None:
        guard = Breaker(next(_names), failures=1000, window=10.0, open_for=5.0)

        def fail() -> None:
            for _ in range(100):
                guard.fail()

        threads = [threading.Thread(target=fail) for _ in range(10)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        with self.assertRaises(CircuitOpen):
            guard.call()


class Caches(unittest.TestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        patch = mock.patch("time.monotonic", self.clock.monotonic)
        patch.start()
        self.addCleanup(patch.stop)

    def test_a_result_is_used_until_its_time_is_over(self) -> None:
        kept = Cache(next(_names), ttl=10.0)
        self.assertIsNone(kept.of(lambda: {"a": 1}).found())
        kept.of(lambda: {"a": 1}).keep(None)
        found = kept.of(lambda: {"a": 1}).found()
        self.assertIsNotNone(found)
        self.assertIsNone(kept.of(lambda: {"a": 2}).found())
        self.clock.now += 10.0
        self.assertIsNone(kept.of(lambda: {"a": 1}).found())

    def test_it_does_not_grow_for_ever(self) -> None:
        name = next(_names)
        kept = Cache(name, ttl=10.0)
        for number in range(10_000):
            kept.of(lambda number=number: number).keep(number)  # type: ignore[misc]
            self.clock.now += 1.0
        self.assertLess(len(cache._tasks[name].by_key), 2 * cache.SWEPT)

    def test_a_key_without_a_value_keeps_nothing(self) -> None:
        def no_key() -> object:
            raise ExpressionError("no such field")

        slot = Cache(next(_names), ttl=10.0).of(no_key)
        slot.keep(1)
        self.assertIsNone(slot.found())


class Hedges(unittest.IsolatedAsyncioTestCase):
    async def play(
        self, *ends: tuple[float, int | Exception], max: int = 2
    ) -> tuple[object, list[str]]:
        """What comes of calls that take so long and end so, and what was heard of them."""
        heard: list[str] = []
        number = itertools.count()

        async def call() -> int:
            mine = next(number)
            seconds, end = ends[mine]
            heard.append(f"begin {mine}")
            try:
                await asyncio.sleep(seconds)
            except asyncio.CancelledError:
                heard.append(f"cancelled {mine}")
                raise
            if isinstance(end, Exception):
                raise end
            return end

        try:
            result: object = await hedged(call, after=0.1, max=max)
        except ValueError as error:
            result = str(error)
        await asyncio.sleep(0)
        return result, heard

    async def test_the_first_success_counts(self) -> None:
        self.assertEqual(await self.play((0.0, 7)), (7, ["begin 0"]))
        slow = await self.play((9.0, 1), (0.05, 2))
        self.assertEqual(slow, (2, ["begin 0", "begin 1", "cancelled 0"]))

    async def test_no_further_call_once_one_has_ended(self) -> None:
        broken = ValueError("first")
        result, heard = await self.play((0.15, broken), (0.3, 2), (0.0, 3))
        self.assertEqual((result, heard), (2, ["begin 0", "begin 1"]))

    async def test_it_fails_as_the_last_one_to_end(self) -> None:
        result, _ = await self.play(
            (0.6, ValueError("a")), (0.15, ValueError("b")), max=1
        )
        self.assertEqual(result, "a")

    async def test_a_cancellation_reaches_every_call(self) -> None:
        ends = asyncio.create_task(self.play((9.0, 1), (9.0, 2), (9.0, 3)))
        await asyncio.sleep(0.35)
        ends.cancel()
        with self.assertRaises(asyncio.CancelledError):
            await ends


class TimeLimits(unittest.IsolatedAsyncioTestCase):
    async def test_in_time(self) -> None:
        async def work() -> float | None:
            return time_left()

        left = await within(5.0, work())
        assert left is not None
        self.assertTrue(4.0 < left <= 5.0)
        self.assertIsNone(time_left())

    async def test_out_of_time(self) -> None:
        with self.assertRaisesRegex(TimeoutError, "no answer within 20 ms"):
            await within(0.02, asyncio.sleep(9))
        task = asyncio.current_task()
        assert task is not None
        self.assertEqual(task.cancelling(), 0)

    async def test_the_inner_of_two_is_over_first(self) -> None:
        async def inner() -> str:
            try:
                await within(0.02, asyncio.sleep(9))
            except TimeoutError:
                return "inner"
            return "none"

        self.assertEqual(await within(1.0, inner()), "inner")

    async def test_the_outer_of_two_is_over_first(self) -> None:
        with self.assertRaisesRegex(TimeoutError, "20 ms"):
            await within(0.02, within(5.0, asyncio.sleep(9)))

    async def test_a_cancellation_from_outside_is_none(self) -> None:
        task = asyncio.create_task(within(5.0, asyncio.sleep(9)))
        await asyncio.sleep(0.01)
        task.cancel("by somebody")
        with self.assertRaises(asyncio.CancelledError):
            await task

    async def test_a_late_result_is_a_result(self) -> None:
        async def stubborn() -> str:
            try:
                await asyncio.sleep(9)
            except asyncio.CancelledError:
                return "late"
            return "never"

        self.assertEqual(await within(0.02, stubborn()), "late")
        await asyncio.sleep(0)

    async def test_an_error_after_the_time_is_that_error(self) -> None:
        async def broken() -> None:
            try:
                await asyncio.sleep(9)
            finally:
                raise ValueError("cleaning up failed")

        with self.assertRaises(ValueError):
            await within(0.02, broken())
        async with asyncio.timeout(1):  # nothing of the cancellation is left
            await asyncio.sleep(0.01)

    async def test_a_deadline_is_around_all(self) -> None:
        with self.assertRaises(StepFailed) as failed:
            async with Deadline("step", 0.02):
                await within(5.0, asyncio.sleep(9))
        self.assertIsInstance(failed.exception.error, DeadlineExceeded)


class Undone(unittest.IsolatedAsyncioTestCase):
    def setUp(self) -> None:
        self.log: list[str] = []

    def undo(self, name: str) -> Undoable:
        async def run(result: object) -> None:
            self.log.append(f"undo {name} {result}")
            await asyncio.sleep(0.01)
            if name == "stuck":
                raise StepFailed("stuck.compensate", 1, ValueError("lost"))

        return Undoable(name, lambda result: lambda: run(result))

    async def test_in_reverse_order_and_not_where_it_succeeds(self) -> None:
        async with Compensating("w", "r"):
            self.undo("a").completed(1)
        self.assertEqual(self.log, [])
        with self.assertRaises(StepFailed):
            async with Compensating("w", "r"):
                self.undo("a").completed(1)
                self.undo("b").completed(2)
                raise StepFailed("c", 1, ValueError())
        self.assertEqual(self.log, ["undo b 2", "undo a 1"])

    async def test_a_cancellation_undoes_and_does_not_reach_what_undoes(self) -> None:
        async def run() -> None:
            async with Compensating("w", "r"):
                self.undo("a").completed(1)
                self.undo("b").completed(2)
                await asyncio.sleep(9)

        task = asyncio.create_task(run())
        await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.sleep(0.005)
        task.cancel()
        with self.assertRaises(asyncio.CancelledError):
            await task
        self.assertEqual(self.log, ["undo b 2", "undo a 1"])

    async def test_what_may_have_happened_is_undone_without_a_result(self) -> None:
        for error in (over_time(1.0), asyncio.CancelledError(), ValueError()):
            with self.assertRaises(type(error)):
                async with Compensating("w", "r"):
                    with self.undo(type(error).__name__) as step, step.attempt():
                        raise error
        self.assertEqual(
            self.log, ["undo TimeoutError None", "undo CancelledError None"]
        )

    async def test_a_child_is_undone_as_one(self) -> None:
        with self.assertRaises(StepFailed):
            async with Compensating("w", "r"):
                self.undo("a").completed(1)
                async with Compensating("child", "r/c"):
                    self.undo("x").completed(1)
                    self.undo("y").completed(2)
                self.undo("b").completed(2)
                raise StepFailed("c", 1, ValueError())
        self.assertEqual(self.log, ["undo b 2", "undo y 2", "undo x 1", "undo a 1"])

    async def test_an_undoing_that_fails_pauses(self) -> None:
        with self.assertRaisesRegex(RunPaused, "what `stuck` did could not be undone"):
            async with Compensating("w", "r"):
                self.undo("a").completed(1)
                self.undo("stuck").completed(2)
                raise StepFailed("c", 1, ValueError())
        self.assertEqual(self.log, ["undo stuck 2"])


class InTurn(unittest.IsolatedAsyncioTestCase):
    async def test_at_most_so_many_of_a_key(self) -> None:
        turns = Turns(2)
        inside = {"a": 0, "b": 0}
        most = {"a": 0, "b": 0}

        async def one(key: str) -> None:
            async with turns.turn(lambda: key):
                inside[key] += 1
                most[key] = max(most[key], inside[key])
                await asyncio.sleep(0.001)
                inside[key] -= 1

        await asyncio.gather(*(one(key) for key in "ab" * 20))
        self.assertEqual(most, {"a": 2, "b": 2})
        self.assertEqual(turns._by_key, {})

    async def test_whoever_is_cancelled_leaves_nothing(self) -> None:
        turns = Turns(1)
        async with turns.turn():
            waiting = asyncio.create_task(turns.turn().__aenter__())
            await asyncio.sleep(0)
            waiting.cancel()
            await asyncio.wait((waiting,))
        self.assertEqual(turns._by_key, {})


if __name__ == "__main__":
    unittest.main()
