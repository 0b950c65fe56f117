"""The network of one process: what comes to one port goes on to another."""

import asyncio
import sys


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65536):
        writer.write(data)
    writer.close()


async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    there, back = await asyncio.open_connection("127.0.0.1", int(sys.argv[2]))
    await asyncio.gather(pump(reader, back), pump(there, writer), return_exceptions=True)


async def main() -> None:
    server = await asyncio.start_server(carry, "127.0.0.1", int(sys.argv[1]))
    await server.serve_forever()


asyncio.run(main())
