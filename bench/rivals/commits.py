"""The least that ten writes take on a PostgreSQL: eleven commits of one row, one after the other, over one connection.

Run by an interpreter that has psycopg: `commits.py URL TIMES`. It prints milliseconds, one figure for each eleven: `alone`, and
`asked` for by another process over a socket, which waits for each as an application waits for a process beside it.
"""

import json
import os
import socket
import sys
import time
from collections.abc import Callable

import psycopg

TABLE = "CREATE TABLE IF NOT EXISTS commits (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, line TEXT)"
INSERT = "INSERT INTO commits (line) VALUES (%s)"
LINE = "x" * 300


def connected(url: str) -> psycopg.Connection:
    connection = psycopg.connect(url, autocommit=True, prepare_threshold=1)
    connection.execute(TABLE)
    return connection


def measured(times: int, commit: Callable[[], object]) -> list[float]:
    figures = []
    for _number in range(times + 1):
        began = time.perf_counter()
        for _commit in range(11):
            commit()
        figures.append((time.perf_counter() - began) * 1000)
    # The statement is prepared in the first ones.
    return figures[1:]


def serve(asked: socket.socket, url: str) -> None:
    with connected(url) as connection:
        while line := asked.recv(4096):
            connection.execute(INSERT, (line.decode(),))
            asked.send(b"done")


def main(url: str, times: int) -> None:
    with connected(url) as connection:
        alone = measured(times, lambda: connection.execute(INSERT, (LINE,)))
    asking, asked = socket.socketpair()
    child = os.fork()
    if child == 0:
        asking.close()
        serve(asked, url)
        os._exit(0)
    asked.close()

    def commit() -> None:
        asking.send(LINE.encode())
        assert asking.recv(4096) == b"done"

    print(json.dumps({"alone": alone, "asked": measured(times, commit)}))
    asking.close()
    os.waitpid(child, 0)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
