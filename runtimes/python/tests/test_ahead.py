"""What a process puts into its log, and when it does not."""

import asyncio
import json
import os
import tempfile
import unittest
import zlib
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from _conductor.ahead import ALONE, HEAD, STILL_ALONE, STUCK, Ahead
from _conductor.journal import Journal

SESSION = "s-1"


class Logged(unittest.IsolatedAsyncioTestCase):
    def setUp(self) -> None:
        file, self.path = tempfile.mkstemp()
        self.addCleanup(os.unlink, self.path)
        self.asked = 0
        self.sent: list[bytes] = []
        self.size = 64 << 10
        os.close(file)
        # However long the disk takes here, its flushes are quick.
        self.now = 0.0
        clock = SimpleNamespace(monotonic=lambda: self.now)
        self.enterContext(patch("_conductor.ahead.time", clock))

    async def asyncSetUp(self) -> None:
        self.ahead = Ahead(asyncio.get_running_loop(), self.ask, self.send)

    def ask(self) -> None:
        self.asked += 1

    def send(self, line: bytes) -> bool:
        self.sent.extend((self.ahead.unsent() + line).splitlines())
        return True

    def open(
        self, head: str = f"open   conductor-log 1 {SESSION} 7 8 python\n"
    ) -> None:
        with open(self.path, "wb") as file:
            file.write(head.encode().ljust(self.size, b"\0"))
        self.ahead.opened({"log": {"path": self.path, "bytes": self.size}}, SESSION)

    def journal(self, start: dict[str, Any] | None = None) -> Journal:
        loop = asyncio.get_running_loop()
        return Journal("r", 1, 1, self.send, loop.call_soon, self.ahead, start)

    def close(self) -> None:
        with open(self.path, "r+b") as file:
            file.write(b"closed ")

    def bytes(self) -> bytes:
        with open(self.path, "rb") as file:
            return file.read()

    def lines(self) -> list[Any]:
        frames = self.bytes()[HEAD:].split(b"\n")
        found, generation = [], frames[0][9:17]
        for frame in frames:
            body = frame[9:] + b"\n"
            if frame[:8] != b"%08x" % zlib.crc32(body) or body[:8] != generation:
                break
            found.append(json.loads(body[9:]))
        return found

    async def alone(self, journal: Journal, waits: int) -> None:
        """So many waits, one after the other, of which each is answered."""
        for _ in range(waits):
            journal.record("a")
            waiting = asyncio.create_task(journal.barrier())
            await asyncio.sleep(0.001)
            journal.acknowledged(journal._next_seq - 1)
            await waiting

    async def opened(self, journal: Journal) -> None:
        """A log, and waits enough for its use."""
        await self.alone(journal, ALONE)
        self.open()
        await self.alone(journal, STILL_ALONE - 1)
        self.sent.clear()

    async def begun(self) -> Journal:
        """The journal of a run that was begun here, while a log is in use."""
        last = self.journal()
        await self.opened(last)
        last.end("finished")
        return self.journal({"run": "r", "input": {}})

    async def test_a_log_is_asked_for_after_many_waits_of_one_run(self) -> None:
        journal = self.journal()
        await self.alone(journal, ALONE - 1)
        self.assertEqual(self.asked, 0)
        await self.alone(journal, ALONE)
        self.assertEqual(self.asked, 1)

    async def test_runs_that_wait_in_turns_need_no_log(self) -> None:
        runs = [self.journal(), self.journal()]
        for _ in range(ALONE):
            for journal in runs:
                await self.alone(journal, 1)
        self.assertEqual(self.asked, 0)

    async def test_what_is_in_the_log_waits_for_nobody_and_is_sent_all_the_same(
        self,
    ) -> None:
        journal = self.journal()
        await self.opened(journal)
        journal.record("b")
        await journal.barrier()
        self.assertEqual(self.sent, [])
        (line,) = self.lines()
        self.assertEqual(line["params"]["seq"], ALONE + STILL_ALONE)
        await asyncio.sleep(0.05)
        self.assertEqual([json.loads(line) for line in self.sent], [line])
        self.assertTrue(line["params"]["logged"])

    async def test_the_end_of_a_run_that_was_begun_here_stands_in_the_log(self) -> None:
        journal = await self.begun()
        journal.record("b")
        await journal.concluded()
        self.assertEqual(len(self.lines()), 2)
        self.assertEqual(self.sent, [])
        journal.end("finished")
        await asyncio.sleep(0.05)
        self.assertEqual([json.loads(line) for line in self.sent], self.lines()[1:])
        self.assertEqual(self.ahead._outstanding, 1)
        self.assertIs(self.ahead.ended["r"], journal)
        journal.acknowledged(1)
        self.assertEqual((self.ahead._outstanding, self.ahead.ended), (0, {}))

    async def test_an_end_waits_for_the_store_where_the_log_is_half_full(self) -> None:
        self.size = HEAD + 1000
        journal = await self.begun()
        journal.record("b", text="x" * 400)
        await journal.barrier()
        journal.record("c")
        waiting = asyncio.create_task(journal.concluded())
        await asyncio.sleep(0.05)
        self.assertFalse(waiting.done())
        journal.acknowledged(2)
        await waiting
        journal.end("finished")
        self.assertEqual(self.ahead.ended, {})

    async def test_a_half_full_log_begins_anew_where_the_store_has_all_of_it(
        self,
    ) -> None:
        self.size = HEAD + 1500
        journal = self.journal()
        await self.opened(journal)
        for _ in range(8):
            journal.record("b", text="x" * 900)
            await journal.barrier()
            journal.acknowledged(journal._next_seq - 1)
        self.assertEqual(self.bytes()[HEAD + 9 : HEAD + 17], b"00000008")
        self.assertEqual(len(self.lines()), 1)

    async def test_what_was_lost_with_the_connection_is_not_kept(self) -> None:
        journal = await self.begun()
        journal.record("b")
        await journal.concluded()
        self.ahead.lost()
        journal.end("finished")
        self.assertEqual(self.ahead.ended, {})

    async def test_the_end_of_a_run_that_others_began_waits_for_the_store(self) -> None:
        journal = self.journal()
        await self.opened(journal)
        journal.record("b")
        await journal.barrier()
        journal.record("c")
        waiting = asyncio.create_task(journal.concluded())
        await asyncio.sleep(0.05)
        self.assertFalse(waiting.done())
        self.assertEqual(len(self.lines()), 1)
        self.assertNotIn("logged", json.loads(self.sent[-1])["params"])
        journal.acknowledged(journal._next_seq - 1)
        await waiting

    async def test_the_start_of_a_run_stands_before_its_records(self) -> None:
        journal = await self.begun()
        journal.record("b")
        await journal.barrier()
        self.assertEqual(
            [line["method"] for line in self.lines()], ["run.start", "step.record"]
        )
        journal.record("c")
        await journal.barrier()
        self.assertEqual(len(self.lines()), 3)
        journal.acknowledged(2)
        self.assertEqual(self.ahead._outstanding, 0)

    async def test_branches_of_one_turn_are_two_flushes_at_most(self) -> None:
        journal = self.journal()
        await self.opened(journal)

        async def branch() -> None:
            journal.record("b")
            await journal.barrier()

        await asyncio.gather(*(branch() for _ in range(10)))
        records = [len(line["params"]["entries"]) for line in self.lines()]
        self.assertEqual(records, [1, 9])

    async def test_a_log_that_was_closed_is_not_believed(self) -> None:
        journal = self.journal()
        await self.opened(journal)
        self.close()
        journal.record("b")
        waiting = asyncio.create_task(journal.barrier())
        await asyncio.sleep(0.05)
        self.assertFalse(waiting.done())
        journal.acknowledged(journal._next_seq - 1)
        await waiting

    async def test_a_log_on_a_slow_disk_rests(self) -> None:
        journal = self.journal()
        await self.opened(journal)
        self.assertTrue(self.ahead.may_keep(journal))

        def slowly(file: int) -> None:
            self.now += 0.001

        with patch("_conductor.ahead.os.fdatasync", slowly):
            for _ in range(3):
                self.assertTrue(self.ahead.keep([b"{}\n"], 1))
        self.now += 0.19
        self.assertFalse(self.ahead.may_keep(journal))
        self.now += 0.02
        self.assertTrue(self.ahead.may_keep(journal))

    async def test_the_log_of_another_session_is_none(self) -> None:
        journal = self.journal()
        await self.alone(journal, ALONE)
        self.open("open   conductor-log 1 s-11 7 8 python\n")
        self.assertFalse(self.ahead.may_keep(journal))

    async def test_a_full_log_begins_anew_when_the_store_has_all_of_it(self) -> None:
        self.size = HEAD + 330
        journal = self.journal()
        await self.opened(journal)
        for _ in range(2):
            journal.record("b")
            await journal.barrier()
        journal.record("b")
        # There is no room: it waits for the sidecar.
        waiting = asyncio.create_task(journal.barrier())
        await asyncio.wait((waiting,), timeout=0.05)
        self.assertFalse(waiting.done())
        journal.acknowledged(journal._next_seq - 1)
        await waiting
        journal.record("c")
        await journal.barrier()
        self.assertEqual(self.bytes()[HEAD + 9 : HEAD + 17], b"00000002")
        self.assertEqual(len(self.lines()), 1)

    async def test_a_log_that_stays_full_is_given_up_for_another(self) -> None:
        self.size = HEAD + 600
        journal = self.journal()
        await self.opened(journal)
        large, asked = b'{"a":"%b"}\n' % (b"x" * 400), self.asked
        # Records of a run that was given back are never acknowledged here.
        self.assertTrue(self.ahead.keep([large], 1))
        for _ in range(STUCK):
            self.assertFalse(self.ahead.keep([large], 1))
        await self.alone(journal, ALONE)
        self.assertEqual(self.asked, asked + 1)

    async def test_what_is_left_to_the_sidecar_is_not_said_to_stand_in_the_log(
        self,
    ) -> None:
        journal = self.journal()
        await self.opened(journal)
        journal.record("b", text="x" * 5000)
        waiting = asyncio.create_task(journal.barrier())
        await asyncio.sleep(0.05)
        (line,) = self.sent
        self.assertNotIn("logged", json.loads(line)["params"])
        journal.acknowledged(journal._next_seq - 1)
        await waiting

    async def test_many_short_numbers_are_taken(self) -> None:
        self.open()
        line = b'{"at":[%b]}\n' % b",".join([b"1790000000000"] * 40)
        self.assertTrue(self.ahead.keep([line], 1))

    async def test_what_the_sidecar_may_refuse_is_left_to_it(self) -> None:
        self.open()
        for line in (
            b'{"a":"\\ud800"}\n',
            b'{"a":1%b}\n' % (b"0" * 400),
            b'{"a":%b%b}\n' % (b"[" * 121, b"]" * 121),
            b'{"a":"%b"}\n' % (b"x" * 5000),
        ):
            self.assertFalse(self.ahead.keep([line], 1), line[:40])
        self.assertTrue(self.ahead.keep([b'{"a":"\\u00e9"}\n'], 1))
