"""What a journal sends, and when."""

import asyncio
import json
import unittest
from collections.abc import Coroutine
from typing import Any

from _conductor.journal import Journal


class Sending(unittest.TestCase):
    def run_with(self, sent: list[list[str]], work: Any) -> None:
        async def main() -> None:
            await work(Journal("r", 1, 1, self.taker(sent)))

        asyncio.run(main())

    @staticmethod
    def taker(sent: list[list[str]]) -> Any:
        def take(line: bytes) -> bool:
            entries = json.loads(line)["params"]["entries"]
            sent.append([next(iter(entry)) for entry in entries])
            return True

        return take

    def test_entries_for_which_nobody_waits_go_with_those_for_which_somebody_does(
        self,
    ) -> None:
        async def work(journal: Journal) -> None:
            journal.record("a")
            await asyncio.sleep(0)
            journal.record("b")
            await asyncio.sleep(0)
            waiting = asyncio.create_task(self.waits(journal))
            while sum(map(len, sent)) < 3:
                await asyncio.sleep(0)
            journal.acknowledged(len(sent))
            await waiting

        # A busy machine may take longer for a turn than a journal waits.
        sent: list[list[str]] = []
        for _ in range(100):
            sent = []
            self.run_with(sent, work)
            if sent == [["a", "b", "c"]]:
                return
        self.fail(f"{sent} each time")

    @staticmethod
    def waits(journal: Journal) -> Coroutine[Any, Any, None]:
        journal.record("c")
        return journal.barrier()

    def test_they_are_sent_by_themselves_a_moment_later(self) -> None:
        sent: list[list[str]] = []

        async def work(journal: Journal) -> None:
            journal.record("a")
            while not sent:
                await asyncio.sleep(0.001)
            journal.record("b")
            journal.flush()

        self.run_with(sent, work)
        self.assertEqual(sent, [["a"], ["b"]])


if __name__ == "__main__":
    unittest.main()
