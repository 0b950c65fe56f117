class Connection:
    def __init__(self) -> None:
        self.values: list[int] = []


def connect() -> Connection:
    return Connection()


def disconnect(connection: Connection) -> None:
    connection.values.clear()


async def write(db: Connection, value: int) -> None:
    db.values.append(value)


async def read(db: Connection) -> int:
    return len(db.values)
