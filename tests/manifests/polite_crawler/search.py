async def index_page(path: str, text: str) -> int:
    return len(text) + len(path)
