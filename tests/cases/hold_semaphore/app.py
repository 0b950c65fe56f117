async def load(sheet: int) -> None:
    print("load", sheet)


async def print_sheet(sheet: int) -> int:
    return sheet
