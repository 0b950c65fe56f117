"""Who the customers are."""

from dataclasses import dataclass
from enum import Enum

import database


class Tier(Enum):
    """What a customer has signed up for."""

    BASIC = "basic"
    GOLD = "gold"


@dataclass(frozen=True)
class User:
    """A customer of the shop."""

    id: str
    name: str
    email: str
    tier: Tier
    blocked: bool = False


class UserNotFound(LookupError):
    """Nobody has this id."""


def get_user_by_id(user_id: str) -> User:
    """Looks a customer up."""
    with database.logged("get_user_by_id", user_id):
        row = (
            database.connect()
            .execute("SELECT id, name, email, tier, blocked FROM users WHERE id = ?", (user_id,))
            .fetchone()
        )
        if row is None:
            raise UserNotFound(f"there is no user {user_id!r}")
        return User(id=row[0], name=row[1], email=row[2], tier=Tier(row[3]), blocked=bool(row[4]))
