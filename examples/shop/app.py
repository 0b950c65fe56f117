"""The shop's application: takes orders, runs the workflow for each, and carries on where a crash left it.

    python app.py --orders 50     places 50 orders, processes every open one, and ends
    python app.py                 serves until it is stopped: runs started from elsewhere, and those a crash left behind
"""

import argparse
import asyncio
import sys
from decimal import Decimal

import database
from conductor_gen import WorkflowError, process_order_workflow, serve

AT_A_TIME = 12


def place_orders(count: int) -> None:
    """Places `count` orders, each by a customer of its own; those that are there already stay as they are."""
    for number in range(1, count + 1):
        user = f"user-{number:03}"
        database.connect().execute(
            "INSERT OR IGNORE INTO users (id, name, email, tier) VALUES (?, ?, ?, ?)",
            (user, f"Customer {number}", f"{user}@example.com", "gold" if number % 5 == 0 else "basic"),
        )
        database.connect().execute(
            "INSERT OR IGNORE INTO orders (id, user_id, amount) VALUES (?, ?, ?)",
            (f"order-{number:03}", user, f"{10 + number}.50"),
        )


async def process(order: str, user_id: str, amount: str, free: asyncio.Semaphore) -> None:
    """Runs the workflow of one order. The order's id is the run's: after a crash this continues the same run."""
    state = "done"
    async with free:
        try:
            await process_order_workflow(user_id=user_id, amount=Decimal(amount), run_id=order)
        except WorkflowError as error:
            print(f"{order}: {error}", file=sys.stderr)
            state = "failed"
        database.connect().execute("UPDATE orders SET state = ? WHERE id = ?", (state, order))


async def process_open_orders() -> None:
    """Processes every order that is not done yet."""
    rows = database.connect().execute("SELECT id, user_id, amount FROM orders WHERE state = 'open' ORDER BY id").fetchall()
    free = asyncio.Semaphore(AT_A_TIME)
    async with asyncio.TaskGroup() as group:
        for order, user_id, amount in rows:
            group.create_task(process(order, user_id, amount, free))


async def main() -> None:
    """Places and processes orders, or serves."""
    parser = argparse.ArgumentParser(description="The shop's application.")
    parser.add_argument("--orders", type=int, help="place this many orders, process all open ones, and end")
    orders = parser.parse_args().orders
    database.create()
    if orders is None:
        await serve()
        return
    place_orders(orders)
    serving = asyncio.create_task(serve())
    try:
        await process_open_orders()
    finally:
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except KeyboardInterrupt:
        raise SystemExit(130) from None
