from datetime import timedelta


async def pause(factor: int) -> timedelta:
    return timedelta(milliseconds=10 * factor)
