"""A store as a busy year leaves it: runs one every 30 seconds, of two workflows, of which one has failures and the other is
cancelled at times, and of a third that runs once a day.

It knows the tables of both stores, and no question that is asked of them.
"""

import os
import signal
import sqlite3
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from pathlib import Path

from rivals import install, systems
from rivals.processes import Server

HERE = Path(__file__).resolve().parent
# The newest are not noted yet, and 128 are noted together.
LAG, BLOCK = 1024, 128

FILL = """
    WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
    INSERT INTO runs (id, workflow, plan, language, state, epoch, next_seq, input_digest, started_at,
        finished_at, input, output, error)
    SELECT printf('old-%08d', i),
        CASE WHEN i % 2880 = 1 THEN 'reports' WHEN i % 2 = 0 THEN 'orders' ELSE 'invoices' END, 'p', 'python',
        CASE WHEN i % 20 = 0 THEN 'failed' WHEN i % 2 = 1 AND i % 11 = 0 THEN 'cancelled' ELSE 'succeeded' END,
        1, 12, 'd', 1750000000000 + 30000 * i, 1750000000500 + 30000 * i,
        printf('{"amount":"%d.50","user":{"id":"u%d"}}', i % 1000, i % 50021), '{"id":"ch_1"}',
        CASE WHEN i % 20 = 0 THEN printf('{"types":["shop.%s"],"message":"no funds on %d","code":"402","step":"charge",'
            || '"attempts":3}', CASE WHEN i % 100000 = 0 THEN 'Stolen' ELSE 'CardDeclined' END, i) END
    FROM n
"""


class Store(ABC):
    """One store in a folder; `arguments` are the sidecar's, `pause` is how often its notes are looked at, in seconds."""

    title: str
    pause: float

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.arguments: list[str] = []

    @abstractmethod
    def fill(self, runs: int) -> None:
        """While no sidecar runs; one has made the tables."""

    @abstractmethod
    def next_block(self) -> int:
        """The first one that a sidecar has not noted yet."""

    def end(self) -> None:
        """What runs beside the sidecar ends."""

    def noted(self, runs: int) -> float:
        """Seconds until the sidecar has noted what all runs but the newest hold."""
        began = time.perf_counter()
        while self.next_block() < (runs - LAG) // BLOCK:
            time.sleep(self.pause)
        return time.perf_counter() - began


class Sqlite(Store):
    title, pause = "SQLite", 0.1

    def fill(self, runs: int) -> None:
        database = sqlite3.connect(self.folder / "journal.db")
        database.execute("PRAGMA synchronous = OFF")
        database.execute(FILL, (runs,))
        database.commit()
        database.close()

    def next_block(self) -> int:
        database = sqlite3.connect(self.folder / "journal.db")
        row = database.execute("SELECT CAST(value AS INTEGER) FROM meta WHERE name = 'noted'").fetchone()
        database.close()
        return int(row[0]) if row else 0


class Postgres(Store):
    """A cluster of its own, as `initdb` makes it. The statistics are made once it is filled, as its autovacuum would."""

    title, pause = "PostgreSQL", 1.0

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        # The server's own user may not enter the sidecar's folder.
        self.place = tempfile.TemporaryDirectory(prefix="cdct")
        os.chmod(self.place.name, 0o755)
        self.cluster = systems.Postgres(Path(self.place.name))
        self.server: Server = self.cluster.start()
        self.arguments = ["--store", self.cluster.url()]

    def asked(self, what: str, *more: str) -> str:
        command = [str(install.python("psycopg")), str(HERE / "busy_year_postgres.py"), self.cluster.url(), what]
        return subprocess.run([*command, *more], check=True, stdout=subprocess.PIPE, text=True).stdout

    def fill(self, runs: int) -> None:
        self.asked("fill", str(runs))

    def next_block(self) -> int:
        return int(self.asked("noted"))

    def end(self) -> None:
        self.server.end(signal.SIGINT)
        self.place.cleanup()
