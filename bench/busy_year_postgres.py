"""The statements of `busy_year.py` on PostgreSQL, for an interpreter that has psycopg: `busy_year_postgres.py URL fill RUNS` or
`busy_year_postgres.py URL noted`, which prints the first block of runs that is not noted yet."""

import sys

import psycopg

FILL = """
    INSERT INTO conductor.runs (id, workflow, plan, language, state, epoch, next_seq, batch, input_digest, started_at,
        finished_at, input, output, error)
    SELECT format('old-%%s', lpad(i::text, 8, '0')),
        CASE WHEN i %% 2880 = 1 THEN 'reports' WHEN i %% 2 = 0 THEN 'orders' ELSE 'invoices' END, 'p', 'python',
        CASE WHEN i %% 20 = 0 THEN 'failed' WHEN i %% 2 = 1 AND i %% 11 = 0 THEN 'cancelled' ELSE 'succeeded' END,
        1, 12, 0, 'd', 1750000000000 + 30000 * i, 1750000000500 + 30000 * i,
        format('{"amount":"%%s.50","user":{"id":"u%%s"}}', i %% 1000, i %% 50021), '{"id":"ch_1"}',
        CASE WHEN i %% 20 = 0 THEN format('{"types":["shop.%%s"],"message":"no funds on %%s","code":"402","step":"charge",'
            '"attempts":3}', CASE WHEN i %% 100000 = 0 THEN 'Stolen' ELSE 'CardDeclined' END, i) END
    FROM generate_series(1, %s::bigint) AS n (i) ORDER BY i
"""
NOTED = "SELECT value FROM conductor.meta WHERE name = 'noted'"

_, url, what, *more = sys.argv
with psycopg.connect(url, autocommit=True) as connection:
    if what == "fill":
        connection.execute(FILL, (int(more[0]),))
        connection.execute("VACUUM ANALYZE conductor.runs")
    else:
        row = connection.execute(NOTED).fetchone()
        print(row[0] if row else 0)
