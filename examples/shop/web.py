"""The shop behind FastAPI: an order is a request, its id is the run's, and asking again continues the same run.

    pip install fastapi uvicorn
    uvicorn web:app --port 8080
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal

import database
from conductor_gen import WorkflowError, process_order_workflow, serve
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel
from user_service import Tier


class Order(BaseModel):
    """What a customer wants to pay for."""

    user_id: str
    amount: Decimal


class Customer(BaseModel):
    """Who wants to order."""

    name: str
    email: str
    tier: Tier = Tier.BASIC


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    """Takes up what a crash left behind; at the end, requests have been answered when the session with the sidecar ends."""
    database.create()
    serving = asyncio.create_task(serve())
    yield
    serving.cancel()
    await asyncio.gather(serving, return_exceptions=True)


app = FastAPI(title="The shop", lifespan=lifespan)


@app.put("/users/{user_id}", status_code=201)
def register(user_id: str, customer: Customer) -> None:
    """Registers a customer."""
    database.connect().execute(
        "INSERT OR REPLACE INTO users (id, name, email, tier) VALUES (?, ?, ?, ?)",
        (user_id, customer.name, customer.email, customer.tier.value),
    )


@app.put("/orders/{order_id}", status_code=201)
async def place(order_id: str, order: Order) -> object:
    """Processes an order: 201 with what became of it, 422 with the reason where it cannot be done."""
    try:
        return await process_order_workflow(user_id=order.user_id, amount=order.amount, run_id=order_id)
    except WorkflowError as error:
        raise HTTPException(status_code=422, detail=str(error)) from error
