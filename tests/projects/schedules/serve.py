import asyncio

import conductor_gen

asyncio.run(conductor_gen.serve())
