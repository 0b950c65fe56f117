from dataclasses import dataclass


@dataclass
class User:
    name: str


async def find(user_id: str) -> User | None:
    return User("Ann") if user_id == "a" else None


async def greet(name: str) -> str:
    return f"Hello, {name}"


async def invite(user_id: str) -> str:
    return f"Join us, {user_id}"
