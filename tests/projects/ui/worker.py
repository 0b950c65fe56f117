"""Carries runs on until it is told to stop."""

import asyncio

import conductor_gen

asyncio.run(conductor_gen.serve())
