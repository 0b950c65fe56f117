from dataclasses import dataclass
from decimal import Decimal
from enum import Enum


class Topic(Enum):
    REFUND = "refund"
    QUESTION = "question"
    OTHER = "other"


@dataclass
class Ticket:
    id: str
    text: str
    amount: Decimal


@dataclass
class Verdict:
    topic: Topic
    confidence: float


async def classify(ticket: Ticket) -> Verdict:
    return Verdict(Topic.REFUND if "money" in ticket.text else Topic.QUESTION, 0.95)


async def draft_reply(ticket: Ticket, verdict: Verdict) -> str:
    return f"Dear customer, about your {verdict.topic.value} {ticket.id}"


async def send_reply(ticket: Ticket, text: str, idempotency_key: str) -> str:
    return f"{ticket.id} {text} {idempotency_key}"


async def refund(ticket: Ticket, idempotency_key: str) -> str:
    return f"refund {ticket.amount} {idempotency_key}"


async def assign(ticket: Ticket, team: str) -> None:
    print(ticket.id, "to", team)
