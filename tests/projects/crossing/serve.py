"""Serves what is written in Python, and its workflows."""

import asyncio

import conductor_gen

asyncio.run(conductor_gen.serve())
