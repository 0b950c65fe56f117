class Down(Exception):
    pass


async def ask(question: str, language: str = "en") -> str:
    raise Down(question + language)


async def guess(question: str) -> str:
    return f"perhaps {question}"
