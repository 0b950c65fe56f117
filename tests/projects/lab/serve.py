"""Takes runs that others started, until it is stopped."""

import asyncio

import conductor_gen

if __name__ == "__main__":
    try:
        asyncio.run(conductor_gen.serve())
    except KeyboardInterrupt:
        raise SystemExit(130) from None
