async def plan_waves(version: str) -> list[list[str]]:
    return [[f"{version}-{wave}-{device}" for device in range(10**wave)] for wave in range(4)]


async def install(device: str, version: str) -> str:
    return f"{device}@{version}"


async def health(version: str) -> float:
    return 0.99 if version else 0.5


async def roll_back(version: str) -> None:
    print("back from", version)
