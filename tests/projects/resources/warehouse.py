"""What the steps do with what they are handed; those that take part in a limit write down when."""

from __future__ import annotations

import asyncio
import json
import os
import threading
import time
from typing import Any

import asyncpg
import psycopg
import psycopg_pool
import redis
import redis.asyncio

CONNECTIONS = "select count(*) from pg_stat_activity where application_name = 'conductor-test'"


def log(**entry: Any) -> None:
    with open("warehouse.log", "a") as file:
        file.write(json.dumps({"pid": os.getpid(), "at": time.time(), **entry}) + "\n")


async def counted(db: psycopg.AsyncConnection) -> int:
    await db.execute("select pg_sleep(0.02)")
    row = await (await db.execute(CONNECTIONS)).fetchone()
    assert row is not None
    return int(row[0])


async def count(db: psycopg.AsyncConnection) -> int:
    return await counted(db)


def count_blocking(db: psycopg.Connection) -> int:
    db.execute("select pg_sleep(0.02)")
    row = db.execute(CONNECTIONS).fetchone()
    assert row is not None
    return int(row[0])


async def count_pool(db: psycopg_pool.AsyncConnectionPool) -> int:
    async with db.connection() as connection:
        return await counted(connection)


def count_any(db) -> int:
    with db.connection() as connection:
        return count_blocking(connection)


async def count_asyncpg(db: asyncpg.Pool) -> int:
    await db.execute("select pg_sleep(0.02)")
    return int(await db.fetchval(CONNECTIONS))


async def count_lent(db: asyncpg.Connection) -> int:
    await db.execute("select pg_sleep(0.02)")
    return int(await db.fetchval(CONNECTIONS))


async def insert(n: int, fails: bool, db: psycopg.AsyncConnection) -> int:
    await db.execute("create table if not exists goods (n int)")
    await db.execute("insert into goods values (%s)", (n,))
    if fails:
        raise ValueError("no such goods")
    return n


def dawdle(n: int, db: psycopg.Connection) -> int:
    log(event="dawdles", step=n)
    db.execute("select pg_sleep(0.5)")
    log(event="is done", step=n)
    return n


async def hit(key: str, cache: redis.asyncio.Redis) -> int:
    return int(await cache.incr(key))


def hit_blocking(key: str, cache: redis.Redis) -> int:
    return int(cache.incr(key))  # type: ignore[arg-type]


class Ledger:
    def __init__(self) -> None:
        self.lines: list[str] = []


async def open_ledger() -> Ledger:
    await asyncio.sleep(0.05)
    log(event="ledger opened")
    return Ledger()


async def close_ledger(ledger: Ledger) -> None:
    log(event="ledger closed", lines=len(ledger.lines))


async def note(text: str, ledger: Ledger) -> int:
    await asyncio.sleep(0.01)
    ledger.lines.append(text)
    return len(ledger.lines)


def open_archive() -> list[str]:
    log(event="archive opened", thread=threading.current_thread().name)
    return []


def close_archive(archive: list[str]) -> None:
    log(event="archive closed", lines=len(archive))


def note_blocking(text: str, archive: list[str]) -> int:
    archive.append(text)
    return len(archive)


def enter(name: str) -> str:
    log(event="enters", name=name)
    while name == "stays" and not os.path.exists("leave"):
        time.sleep(0.005)
    time.sleep(0.02)
    log(event="leaves", name=name)
    return name


def knock() -> float:
    return time.monotonic()


async def limited() -> float:
    log(event="begins")
    await asyncio.sleep(0.03)
    log(event="ends")
    return time.monotonic()


async def lost(nowhere: psycopg.AsyncConnection) -> int:
    return await counted(nowhere)
