from dataclasses import dataclass
from decimal import Decimal


@dataclass
class Customer:
    id: str
    email: str


@dataclass
class Usage:
    hours: int
    total: Decimal


@dataclass
class Invoice:
    number: str
    total: Decimal


async def active_customers() -> list[Customer]:
    return [Customer("c1", "c1@example.com")]


async def usage(customer: Customer, month: str) -> Usage:
    return Usage(len(month), Decimal(len(customer.id)))


async def create_invoice(customer: Customer, usage: Usage, idempotency_key: str) -> Invoice:
    return Invoice(f"{customer.id}-{idempotency_key}", usage.total)


async def render_pdf(invoice: Invoice) -> str:
    return f"/invoices/{invoice.number}.pdf"


async def send_invoice(customer: Customer, pdf: str, idempotency_key: str) -> None:
    print(customer.email, pdf, idempotency_key)
