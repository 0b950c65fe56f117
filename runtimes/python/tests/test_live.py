"""Numbers of policies that people change: what is taken over, and what is not there to be changed."""

import asyncio
import math
import unittest

from _conductor import live
from _conductor.live import LivePolicy
from _conductor.permits import Pool
from _conductor.rates import Rate


class Numbers(unittest.IsolatedAsyncioTestCase):
    def setUp(self) -> None:
        self.policy = LivePolicy(
            "provider",
            retries=3,
            initial=0.2,
            max_delay=30.0,
            timeout=2.0,
            bulkhead=1,
            rate_limit=Rate(50, 1.0),
        )

    def test_what_is_set_takes_the_place_of_what_was_built_until_it_is_taken_back(
        self,
    ) -> None:
        numbers = {"retries": "forever", "initial_ms": 500, "timeout_ms": 10_000}
        live.told({"policy": "provider", "numbers": numbers})
        policy = self.policy
        self.assertEqual((policy.retries, policy.initial), (math.inf, 0.5))
        self.assertEqual((policy.timeout, policy.max_delay), (10.0, 30.0))
        live.told({"policy": "provider", "numbers": {}})
        self.assertEqual((policy.retries, policy.timeout), (3, 2.0))

    def test_numbers_that_it_was_not_built_with_and_unknown_ones_are_left_out(
        self,
    ) -> None:
        numbers = {"deadline_ms": 1, "multiplier": 9.0, "patience": 1, "retries": 4}
        self.policy.told(numbers)
        self.assertEqual(self.policy.deadline, math.inf)
        self.assertEqual((self.policy.multiplier, self.policy.retries), (1.0, 4))

    def test_it_says_what_it_was_built_with(self) -> None:
        self.policy.told({"retries": 9})
        self.assertEqual(
            self.policy.report(),
            {
                "policy": "provider",
                "numbers": {
                    "retries": 3,
                    "initial_ms": 200,
                    "max_delay_ms": 30_000,
                    "timeout_ms": 2000,
                    "rate_limit": {"permits": 50, "per_ms": 1000},
                    "bulkhead": 1,
                },
            },
        )

    async def test_a_wider_bulkhead_lets_in_who_waits_and_one_that_comes_later_is_as_wide(
        self,
    ) -> None:
        pool = self.policy.limiting(Pool("task:pay", limit=1, rate=Rate(50, 1.0)))
        first = await pool._take_here()
        second = asyncio.create_task(pool._take_here())
        await asyncio.sleep(0.01)
        self.assertFalse(second.done())
        self.policy.told({"bulkhead": 2})
        await asyncio.wait_for(second, 5)
        later = self.policy.limiting(Pool("task:ask", limit=1, rate=Rate(50, 1.0)))
        self.assertEqual((pool.limit, later.limit), (2, 2))
        first()


if __name__ == "__main__":
    unittest.main()
