"""Calls one workflow and prints, as one JSON object, what the caller is given.

    python call.py WORKFLOW INPUT [--run ID] [--blocking] [--cancel-after SECONDS]
"""

import argparse
import asyncio
import json
import os
import time
from typing import Any

import conductor_gen

SHIFT_NS = int(os.environ.get("LAB_CLOCK_HOURS", "0")) * 3_600_000_000_000
true_time_ns = time.time_ns
time.time_ns = lambda: true_time_ns() + SHIFT_NS
time.time = lambda: time.time_ns() / 1e9


def told(error: BaseException) -> dict[str, object]:
    """An error as a test wants to read it."""
    names = ("workflow", "run", "step", "attempts")
    cause = error.__cause__
    return {
        "type": type(error).__name__,
        "message": str(error),
        "cause": None if cause is None else {"type": type(cause).__name__, "message": str(cause)},
        **{name: getattr(error, name, None) for name in names},
    }


async def call(workflow: str, inputs: dict[str, Any], cancel_after: float | None) -> object:
    awaited = asyncio.ensure_future(getattr(conductor_gen, workflow)(**inputs))
    if cancel_after is not None:
        await asyncio.sleep(cancel_after)
        awaited.cancel()
    return await awaited


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("workflow")
    parser.add_argument("input", type=json.loads)
    parser.add_argument("--run")
    parser.add_argument("--blocking", action="store_true")
    parser.add_argument("--cancel-after", type=float)
    given = parser.parse_args()
    inputs = given.input if given.run is None else {**given.input, "run_id": given.run}
    try:
        if given.blocking:
            output = getattr(conductor_gen.blocking, given.workflow)(**inputs)
        else:
            output = asyncio.run(call(given.workflow, inputs, given.cancel_after))
    except (Exception, asyncio.CancelledError) as error:
        print(json.dumps({"error": told(error)}))
        return 1
    print(json.dumps({"output": output}))
    return 0


if __name__ == "__main__":
    try:
        raise SystemExit(main())
    except KeyboardInterrupt:
        raise SystemExit(130) from None
