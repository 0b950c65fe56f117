from dataclasses import dataclass
from decimal import Decimal


@dataclass
class Price:
    sku: str
    amount: Decimal


class Session:
    def call(self, procedure: str, *args: object) -> list[Price]:
        return [Price(f"{procedure}-{len(args)}", Decimal(1))]


def connect() -> Session:
    return Session()


def disconnect(session: Session) -> None:
    session.call("bye")


def changed_prices(erp: Session) -> list[Price]:
    return erp.call("changed_prices")


def acknowledge(erp: Session, count: int) -> None:
    erp.call("acknowledge", count)
