from stock import Booking


async def print_label(booking: Booking, idempotency_key: str) -> None:
    print("label", booking.id, booking.quantity, idempotency_key)
