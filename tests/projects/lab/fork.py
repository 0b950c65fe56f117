"""Calls a workflow, forks, and calls again in both processes: neither may disturb the other."""

import json
import os

from conductor_gen import blocking

first = blocking.tolerant(times=0, n=1, run_id="before")
child = os.fork()
name = "child" if child == 0 else "parent"
output = blocking.tolerant(times=0, n=2, run_id=name)
again = blocking.tolerant(times=0, n=1, run_id="before")
assert again == first, (again, first)
print(json.dumps({name: output}), flush=True)
if child == 0:
    os._exit(0)
_, status = os.waitpid(child, 0)
raise SystemExit(os.waitstatus_to_exitcode(status))
