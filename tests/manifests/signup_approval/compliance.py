from dataclasses import dataclass
from enum import Enum

from accounts import Account


class Risk(Enum):
    LOW = "low"
    HIGH = "high"


@dataclass
class Screening:
    risk: Risk
    reasons: list[str]


async def screen(account: Account) -> Screening:
    risky = account.country in {"XX", "YY"}
    return Screening(Risk.HIGH if risky else Risk.LOW, ["country"] if risky else [])


async def open_ticket(account: Account, screening: Screening, idempotency_key: str) -> str:
    return f"ticket {idempotency_key} for {account.email}: {', '.join(screening.reasons)}"
