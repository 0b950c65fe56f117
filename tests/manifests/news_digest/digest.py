async def new_articles() -> list[str]:
    return ["first", "second"]


async def summarize(articles: list[str], language: str) -> str:
    return f"[{language}] {'; '.join(articles)}"


async def readers(language: str) -> list[str]:
    return [f"reader@{language}.example.com"]


async def send(reader: str, text: str, idempotency_key: str) -> str:
    return f"{reader} {text} {idempotency_key}"
