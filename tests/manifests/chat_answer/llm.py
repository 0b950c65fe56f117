from chat import Document, Message


class Overloaded(Exception):
    pass


async def complete(question: str, history: list[Message], documents: list[Document]) -> str:
    return f"{question}: {len(history)} messages, {len(documents)} documents"


async def complete_small(question: str, history: list[Message], documents: list[Document]) -> str:
    return f"{question}, in short"
