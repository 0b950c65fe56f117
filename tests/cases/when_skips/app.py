from dataclasses import dataclass


@dataclass
class User:
    name: str


async def find(user_id: str) -> User | None:
    return User(user_id) if user_id else None


async def score(user: User) -> int:
    return len(user.name)


async def greet(name: str, score: int) -> str:
    return f"{name} has {score}"
