"""Calls the workflow for each user, one run each, whose id is the user's."""

import asyncio
import sys

from conductor_gen import WorkflowError, order


async def one(user: str) -> None:
    try:
        print(await order(user_id=user, run_id=user), flush=True)
    except WorkflowError as error:
        print(error, flush=True)


async def main() -> None:
    await asyncio.gather(*(one(user) for user in sys.argv[1:]))


asyncio.run(main())
