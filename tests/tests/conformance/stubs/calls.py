import asyncio
import json

import conductor_gen
import stubs


async def call(one, gate, log):
    async with gate:
        result = {"run": one["run"]}
        try:
            result["output"] = await asyncio.wait_for(
                getattr(conductor_gen, one["function"])(**one["input"], run_id=one["run"]), 30
            )
        except conductor_gen.WorkflowError as error:
            cause = error.__cause__
            code = getattr(cause, "code", None)
            types = list(getattr(cause, "types", [type(cause).__name__]))
            result["error"] = {"types": types, "message": str(cause), "code": code}
            result["step"] = error.step
        except BaseException as error:
            result["error"] = {"types": [type(error).__name__], "message": str(error)}
        log.write(json.dumps(result, default=stubs.encoded) + "\n")


async def main():
    starts = json.loads((stubs.FOLDER / "starts.json").read_text())
    gate = asyncio.Semaphore(starts["at_a_time"])
    with (stubs.FOLDER / "results.jsonl").open("w") as log:
        await asyncio.gather(*(call(one, gate, log) for one in starts["calls"]))


asyncio.run(main())
