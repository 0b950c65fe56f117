"""What a customer may do."""

from dataclasses import dataclass
from decimal import Decimal

import database
from user_service import Tier, User


@dataclass(frozen=True)
class Permissions:
    """What a customer may do, and up to which amount."""

    may_order: bool
    limit: Decimal


class PermissionDenied(Exception):
    """The customer may not order."""


async def check_permissions(user: User) -> Permissions:
    """Says what the customer may order, or refuses."""
    with database.logged("check_permissions", user.id):
        if user.blocked:
            raise PermissionDenied(f"{user.name} may not order")
        return Permissions(may_order=True, limit=Decimal(10_000 if user.tier is Tier.GOLD else 1_000))
