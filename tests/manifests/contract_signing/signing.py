from dataclasses import dataclass


@dataclass
class Envelope:
    id: str
    url: str


async def create_envelope(contract: str, buyer: str, seller: str, idempotency_key: str) -> Envelope:
    return Envelope(idempotency_key, f"https://sign.example.com/{contract}/{buyer}/{seller}")


async def remind(envelope: Envelope, idempotency_key: str) -> None:
    print("remind", envelope.url, idempotency_key)


async def archive(envelope: Envelope) -> str:
    return f"/archive/{envelope.id}"


async def void_envelope(envelope: Envelope) -> None:
    print("void", envelope.id)
