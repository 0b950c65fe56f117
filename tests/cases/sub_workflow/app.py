from dataclasses import dataclass


@dataclass
class User:
    name: str


async def load(user_id: str) -> User:
    return User(user_id.title())


async def greet(user: User, greeting: str) -> str:
    return f"{greeting}, {user.name}"
