"""Takes money, at most once for an idempotency key, as real payment providers do."""

import asyncio
import random
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

import database
from user_service import User


class PaymentStatus(Enum):
    """What became of a charge."""

    CAPTURED = "captured"
    CAPTURED_BEFORE = "captured_before"


@dataclass(frozen=True)
class Charge:
    """A payment that was taken."""

    id: int
    user_id: str
    amount: Decimal
    status: PaymentStatus


class CardDeclined(Exception):
    """The bank said no."""


async def charge(user: User, amount: Decimal, idempotency_key: str) -> Charge:
    """Takes `amount` from the customer; a second call with the same key takes nothing and answers the same."""
    with database.logged("charge", user.id):
        if amount <= 0:
            raise CardDeclined(f"{amount} cannot be charged")
        await asyncio.sleep(random.uniform(0.02, 0.08))  # the way to the provider
        taken = database.connect().execute(
            "INSERT INTO payments (idempotency_key, user_id, amount) VALUES (?, ?, ?) "
            "ON CONFLICT (idempotency_key) DO NOTHING",
            (idempotency_key, user.id, str(amount)),
        )
        payment = (
            database.connect().execute("SELECT id FROM payments WHERE idempotency_key = ?", (idempotency_key,)).fetchone()
        )
        await asyncio.sleep(random.uniform(0.02, 0.08))  # and back: a crash here has charged, and nobody knows
        status = PaymentStatus.CAPTURED if taken.rowcount == 1 else PaymentStatus.CAPTURED_BEFORE
        return Charge(id=payment[0], user_id=user.id, amount=amount, status=status)
