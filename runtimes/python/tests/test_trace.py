"""The trace of a run. The other languages' runtimes have the same texts in their tests."""

import unittest

from _conductor import trace

CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"


class Traces(unittest.TestCase):
    def test_a_trace_is_the_same_in_every_language(self) -> None:
        own = trace.of_run("r1")
        self.assertEqual(
            trace.of_attempt(own, "r1/charge", 1),
            "00-82f3e9c695dc6b8d1b11818d5701919e-3247f61bb78213bb-01",
        )
        self.assertEqual(
            trace.of_attempt(CALLER, "r1/charge", 1),
            "00-0af7651916cd43dd8448eb211c80319c-3247f61bb78213bb-00",
        )

    def test_what_is_no_trace_is_ignored(self) -> None:
        self.assertIsNone(trace.given("nonsense"))
        self.assertIsNone(trace.given(None))
        self.assertEqual(trace.given(CALLER), CALLER)


if __name__ == "__main__":
    unittest.main()
