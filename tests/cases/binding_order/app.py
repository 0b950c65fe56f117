from dataclasses import dataclass


@dataclass
class User:
    name: str


async def load(user_id: str) -> User:
    return User(user_id)


async def act(written: int, idempotency_key: str, named: str, someone: User, inferred: int, optional: str = "x") -> str:
    return f"{written} {idempotency_key} {named} {someone.name} {optional} {inferred}"
