from dataclasses import dataclass
from decimal import Decimal


class NotAvailable(Exception):
    pass


@dataclass
class Trip:
    traveller: str
    city: str
    nights: int


@dataclass
class Booking:
    reference: str
    price: Decimal


async def book_flight(trip: Trip, idempotency_key: str) -> Booking:
    return Booking(f"F-{idempotency_key}", Decimal(200))


async def book_hotel(trip: Trip, idempotency_key: str) -> Booking:
    if trip.nights < 1:
        raise NotAvailable(trip.city)
    return Booking(f"H-{idempotency_key}", Decimal(90) * trip.nights)


async def book_car(trip: Trip, idempotency_key: str) -> Booking:
    return Booking(f"C-{idempotency_key}", Decimal(40) * trip.nights)


async def cancel_flight(booking: Booking) -> None:
    print("cancel", booking.reference)


async def cancel_hotel(booking: Booking) -> None:
    print("cancel", booking.reference)


async def cancel_car(booking: Booking) -> None:
    print("cancel", booking.reference)


async def charge(trip: Trip, amount: Decimal, idempotency_key: str) -> str:
    return f"{trip.traveller} {amount} {idempotency_key}"


async def send_itinerary(trip: Trip, flight: Booking, hotel: Booking, car: Booking | None, idempotency_key: str) -> None:
    print(trip.traveller, flight.reference, hotel.reference, car and car.reference, idempotency_key)
