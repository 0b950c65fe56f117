"""Makes the calls that files ask for, and writes down what each came to."""

import asyncio
import sys
from pathlib import Path

import conductor_gen
from conductor_gen import WorkflowError


async def came_to(command: str, who: str) -> str:
    try:
        return await getattr(conductor_gen, command)(who=who)
    except WorkflowError as error:
        return type(error.__cause__).__name__


async def call(command: Path, result: Path, who: str) -> None:
    text = await came_to(command.read_text(), who)
    result.with_suffix(".new").write_text(text)
    result.with_suffix(".new").rename(result)


async def main(who: str) -> None:
    calls = []
    number = 1
    while True:
        command = Path(f"commands/{who}-{number}")
        while not command.exists():
            await asyncio.sleep(0.002)
        calls.append(asyncio.create_task(call(command, Path(f"results/{who}-{number}"), who)))
        number += 1


asyncio.run(main(sys.argv[1]))
