"""The shop's SQLite database: users, orders, payments, receipts, and a log of every call of a business function.

It knows nothing of workflows. The path comes from the environment variable SHOP_DB.
"""

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

SCHEMA = """
CREATE TABLE IF NOT EXISTS users (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, email TEXT NOT NULL, tier TEXT NOT NULL, blocked INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS orders (
    id TEXT PRIMARY KEY, user_id TEXT NOT NULL REFERENCES users (id), amount TEXT NOT NULL,
    state TEXT NOT NULL DEFAULT 'open'
);
CREATE TABLE IF NOT EXISTS payments (
    id INTEGER PRIMARY KEY, idempotency_key TEXT NOT NULL UNIQUE, user_id TEXT NOT NULL, amount TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS receipts (
    id INTEGER PRIMARY KEY, recipient TEXT NOT NULL, body TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS calls (
    id INTEGER PRIMARY KEY, function TEXT NOT NULL, user_id TEXT NOT NULL, pid INTEGER NOT NULL,
    started_at REAL NOT NULL, finished_at REAL, outcome TEXT
);
"""

_local = threading.local()


def connect() -> sqlite3.Connection:
    """This thread's connection; every statement commits by itself."""
    connection: sqlite3.Connection | None = getattr(_local, "connection", None)
    if connection is None:
        path = os.environ.get("SHOP_DB", "shop.db")
        connection = sqlite3.connect(path, timeout=10, isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        _local.connection = connection
    return connection


def create() -> None:
    """Creates the tables that are missing."""
    connect().executescript(SCHEMA)


@contextmanager
def logged(function: str, user_id: str) -> Iterator[None]:
    """Writes down that a business function is called, before it does anything, and how the call ended."""
    started = connect().execute(
        "INSERT INTO calls (function, user_id, pid, started_at) VALUES (?, ?, ?, ?)",
        (function, user_id, os.getpid(), time.time()),
    )
    outcome = "cancelled"
    try:
        yield
        outcome = "ok"
    except Exception as error:
        outcome = type(error).__name__
        raise
    finally:
        connect().execute(
            "UPDATE calls SET finished_at = ?, outcome = ? WHERE id = ?", (time.time(), outcome, started.lastrowid)
        )
