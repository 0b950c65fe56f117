"""The end of an event loop: clients of resources are closed with it, and nothing of theirs keeps it from ending."""

import asyncio
import contextlib
import gc
import socket
import subprocess
import sys
import threading
import unittest
from pathlib import Path

from _conductor.permits import Pool, Taken
from _conductor.resources import Custom

PACKAGE = Path(__file__).parent.parent

OPENS_AND_ENDS = """
import asyncio, sys
from _conductor.permits import Pool, Taken
from _conductor.resources_psycopg import AsyncPostgres

resource = AsyncPostgres(
    Pool("db"), address=lambda env: sys.argv[1], min_size=2, max_size=4
)

async def main():
    taken = Taken()
    await resource.open(taken)
    resource.client()
    taken.over()
    await asyncio.sleep(0.2)  # the pool is connecting

asyncio.run(main())
"""


class Deaf:
    """Takes connections, but speaks with the first only, as PostgreSQL does with one whom it trusts."""

    def __init__(self) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._kept: list[socket.socket] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def address(self) -> str:
        port = self._listening.getsockname()[1]
        return f"postgresql://nobody@127.0.0.1:{port}/none?sslmode=disable&gssencmode=disable"

    def _serve(self) -> None:
        with contextlib.suppress(OSError):  # closed
            while True:
                connection, _ = self._listening.accept()
                self._kept.append(connection)
                if len(self._kept) == 1:
                    connection.recv(1024)
                    authentication_ok = b"R\0\0\0\x08\0\0\0\0"
                    ready_for_query = b"Z\0\0\0\x05I"
                    connection.sendall(authentication_ok + ready_for_query)

    def close(self) -> None:
        for one in [self._listening, *self._kept]:
            one.close()


class Stubborn:
    """A client whose own task outlives being cancelled, until the client is closed."""

    def __init__(self) -> None:
        self._closed = asyncio.Event()
        self._task = asyncio.create_task(self._work())

    async def _work(self) -> None:
        while not self._closed.is_set():
            with contextlib.suppress(asyncio.CancelledError):
                await self._closed.wait()

    async def close(self) -> None:
        self._closed.set()
        await self._task


class AtTheEndOfALoop(unittest.TestCase):
    def test_a_pool_that_is_connecting_does_not_keep_the_process_from_ending(
        self,
    ) -> None:
        server = Deaf()
        self.addCleanup(server.close)
        ended = subprocess.run(
            [sys.executable, "-c", OPENS_AND_ENDS, server.address()],
            cwd=PACKAGE,
            timeout=20,
            capture_output=True,
            text=True,
            check=False,
        )
        self.assertEqual(ended.returncode, 0, ended.stderr)
        self.assertNotIn("Traceback", ended.stderr)

    def test_a_client_with_tasks_of_its_own_is_closed_while_they_are_cancelled(
        self,
    ) -> None:
        closed: list[Stubborn] = []

        async def close(client: Stubborn) -> None:
            await client.close()
            closed.append(client)

        async def make() -> Stubborn:
            return Stubborn()

        resource = Custom(Pool("stubborn"), open=make, close=close)

        async def use() -> None:
            taken = Taken()
            await resource.open(taken)
            taken.over()

        async def main() -> None:
            await use()
            await resource.close_here()
            await use()

        for _ in range(2):  # two loops
            asyncio.run(main())
        self.assertEqual(len(closed), 4)

    def test_whoever_cleans_up_may_open_again(self) -> None:
        events: list[str] = []

        async def make() -> int:
            events.append("open")
            return len(events)

        async def close(_: int) -> None:
            events.append("close")

        resource = Custom(Pool("again"), open=make, close=close)
        background: list[asyncio.Task[None]] = []

        async def cleaning() -> None:
            try:
                await asyncio.sleep(60)
            finally:
                await asyncio.sleep(0.1)
                taken = Taken()
                await resource.open(taken)
                await asyncio.sleep(0.1)
                taken.over()

        async def main() -> None:
            taken = Taken()
            await resource.open(taken)
            taken.over()
            background.append(asyncio.create_task(cleaning()))
            await asyncio.sleep(0)

        asyncio.run(main())
        gc.collect()
        self.assertEqual(events, ["open", "close"] * 2)
