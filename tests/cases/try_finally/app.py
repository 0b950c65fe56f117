class Broken(Exception):
    pass


async def work(fail: bool) -> str:
    if fail:
        raise Broken("asked to")
    return "done"


async def clean() -> None:
    print("clean")
