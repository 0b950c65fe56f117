from dataclasses import dataclass


@dataclass
class Rota:
    primary: str
    secondary: str
    manager: str


async def on_call(severity: int) -> Rota:
    return Rota("ann", "bob", "eve" if severity == 1 else "zoe")


async def page(person: str, incident: str, idempotency_key: str) -> None:
    print("page", person, incident, idempotency_key)


async def open_bridge(incident: str, idempotency_key: str) -> str:
    return f"https://bridge.example.com/{incident}?key={idempotency_key}"
