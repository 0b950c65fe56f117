class Session:
    name = "ann"


async def open_session() -> Session:
    return Session()


async def name_of(session: Session) -> str:
    return session.name
