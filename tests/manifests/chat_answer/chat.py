from dataclasses import dataclass


@dataclass
class Message:
    author: str
    text: str


@dataclass
class Document:
    id: str
    snippet: str


async def load_history(conversation_id: str) -> list[Message]:
    return [Message("user", f"earlier in {conversation_id}")]


async def search_documents(question: str) -> list[Document]:
    return [Document("doc-1", question)]


async def save_answer(conversation_id: str, text: str, idempotency_key: str) -> None:
    print(conversation_id, idempotency_key, text)
