"""Runs a workflow so many times at once and prints what came of each, as one line of JSON.

`--again FILE` (often): waits for the file, then does it once more. `--close`: closes the resources, says `closed`
and waits for the file `go`. `--stay`: when the event loop has ended, says `ended` and waits for the file `go`.
"""

import argparse
import asyncio
import json
import os
import time
import traceback
from typing import Any

import conductor_gen


async def one(workflow: str, inputs: dict[str, Any]) -> dict[str, Any]:
    try:
        return {"output": await getattr(conductor_gen, workflow)(**inputs)}
    except conductor_gen.WorkflowError as error:
        trace = "".join(traceback.format_exception(error))
        return {"error": str(error), "attempts": error.attempts, "trace": trace}


async def batch(arguments: argparse.Namespace) -> None:
    inputs = json.loads(arguments.input)
    calls = (one(arguments.workflow, inputs) for _ in range(arguments.times))
    print(json.dumps(await asyncio.gather(*calls)), flush=True)


async def all_batches(arguments: argparse.Namespace) -> None:
    await batch(arguments)
    for name in arguments.again:
        while not os.path.exists(name):
            await asyncio.sleep(0.01)
        await batch(arguments)
    if arguments.close:
        await conductor_gen.close()
        print("closed", flush=True)
        while not os.path.exists("go"):
            await asyncio.sleep(0.01)
        await batch(arguments)


parser = argparse.ArgumentParser()
parser.add_argument("workflow")
parser.add_argument("input")
parser.add_argument("--times", type=int, default=1)
parser.add_argument("--again", action="append", default=[])
parser.add_argument("--close", action="store_true")
parser.add_argument("--stay", action="store_true")
given = parser.parse_args()
asyncio.run(all_batches(given))
if given.stay:
    print("ended", flush=True)
    while not os.path.exists("go"):
        time.sleep(0.01)
