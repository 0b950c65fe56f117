"""Runs `order` and prints its output, or its error, as JSON.

python call.py USER RUN
"""

import asyncio
import json
import sys

from conductor_gen import WorkflowError, order

try:
    output = asyncio.run(order(user_id=sys.argv[1], currency="EUR", run_id=sys.argv[2]))
    print(json.dumps({"output": output}))
except WorkflowError as error:
    cause = error.__cause__
    code = getattr(cause, "code", None)
    print(
        json.dumps(
            {
                "step": error.step,
                "attempts": error.attempts,
                "code": code,
                "cause": str(cause),
            }
        )
    )
