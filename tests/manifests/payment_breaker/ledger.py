from payments import Payment


async def record(payment: Payment, idempotency_key: str) -> None:
    print("booked", payment.id, payment.amount, idempotency_key)
