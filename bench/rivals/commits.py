"""The least that ten writes take on a PostgreSQL: eleven commits of one row, one after the other, over one connection.

Run by an interpreter that has psycopg: `commits.py URL TIMES`. It prints milliseconds, one figure for each eleven.
"""

import json
import sys
import time

import psycopg

TABLE = "CREATE TABLE IF NOT EXISTS commits (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, line TEXT)"
INSERT = "INSERT INTO commits (line) VALUES (%s)"

_, url, times = sys.argv
with psycopg.connect(url, autocommit=True, prepare_threshold=1) as connection:
    connection.execute(TABLE)
    figures = []
    for _number in range(int(times) + 1):
        began = time.perf_counter()
        for _commit in range(11):
            connection.execute(INSERT, ("x" * 300,))
        figures.append((time.perf_counter() - began) * 1000)
    # The statement is prepared in the first ones.
    print(json.dumps(figures[1:]))
