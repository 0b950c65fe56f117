from dataclasses import dataclass


class Broken(Exception):
    pass


@dataclass
class Reservation:
    id: str
    count: int


async def reserve(count: int, idempotency_key: str) -> Reservation:
    return Reservation(idempotency_key, count)


async def release(reservation: Reservation, count: int) -> None:
    print("release", reservation.id, count)


async def broken() -> None:
    raise Broken("always")
