class Ledger:
    balance = 0


def open_ledger() -> Ledger:
    return Ledger()


def close_ledger(ledger: Ledger) -> None:
    ledger.balance = 0


async def book(ledger: Ledger, amount: int) -> int:
    ledger.balance += amount
    return ledger.balance
