"""The steps that Python makes itself."""

from dataclasses import dataclass


@dataclass
class Reservation:
    seats: list[str]


async def reserve(user_id: str) -> Reservation:
    return Reservation(seats=[f"{user_id}-1", f"{user_id}-2"])
