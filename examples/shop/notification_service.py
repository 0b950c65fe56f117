"""Writes to customers."""

import time
from dataclasses import dataclass
from decimal import Decimal

import database
from user_service import User


@dataclass(frozen=True)
class Receipt:
    """A letter that was sent."""

    id: int
    recipient: str


def send_email(user: User, amount: Decimal) -> Receipt:
    """Sends the customer a receipt."""
    with database.logged("send_email", user.id):
        time.sleep(0.02)  # the mail server
        sent = database.connect().execute(
            "INSERT INTO receipts (recipient, body) VALUES (?, ?)",
            (user.email, f"Dear {user.name}, we have received your order over {amount}."),
        )
        return Receipt(id=sent.lastrowid or 0, recipient=user.email)
