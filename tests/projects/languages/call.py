"""Calls a workflow and prints its result, or its error, as JSON."""

import asyncio
import json
import sys

import conductor_gen
from conductor_gen import WorkflowError


async def main(workflow: str, run: str, user: str) -> None:
    try:
        call = getattr(conductor_gen, workflow)
        result = await call(user_id=user, amount=1250, run_id=run)
    except WorkflowError as error:
        told = {"step": error.step, "message": str(error)}
        print(json.dumps({"error": told}), flush=True)
    else:
        print(json.dumps({"output": result}), flush=True)


asyncio.run(main(*sys.argv[1:]))
