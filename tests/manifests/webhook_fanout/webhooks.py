from dataclasses import dataclass


@dataclass
class Subscriber:
    id: str
    host: str
    path: str


class Gone(Exception):
    pass


async def subscribers(kind: str) -> list[Subscriber]:
    return [Subscriber("s1", "hooks.example.com", f"/{kind}")]


async def deliver(subscriber: Subscriber, event_id: str, payload: dict[str, str], idempotency_key: str) -> int:
    print("POST", subscriber.host, subscriber.path, event_id, payload, idempotency_key)
    return 202


async def note_failures(event_id: str) -> None:
    print("not everybody got", event_id)
