async def remind() -> None:
    print("anybody there?")
