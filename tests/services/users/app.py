"""A service as teams write them with FastAPI: it serves its own OpenAPI 3.1 document."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import Enum
from typing import Annotated
from uuid import UUID

from fastapi import FastAPI, Form, Header, Query, Response
from fastapi.responses import JSONResponse, PlainTextResponse
from pydantic import BaseModel


class Plan(str, Enum):
    free = "free"
    pro_plus = "pro-plus"


class Address(BaseModel):
    city: str
    zip: str | None = None


class NewUser(BaseModel):
    name: str
    plan: Plan = Plan.free
    address: Address | None = None
    tags: list[str] = []


class User(NewUser):
    id: int
    created_at: datetime
    manager: User | None = None


class NotFound(BaseModel):
    detail: str


app = FastAPI(title="Users")
USERS: dict[int, User] = {}
SEEN: dict[str, int] = {}
CALLS: list[dict[str, str | None]] = []


def failed(status: int, detail: str) -> JSONResponse:
    return JSONResponse({"detail": detail}, status)


@app.get("/users/{user_id}", responses={404: {"model": NotFound}})
async def get_user(user_id: int, verbose: bool = False) -> User:
    """One user by its number."""
    if user_id not in USERS:
        return failed(404, f"there is no user {user_id}")  # type: ignore[return-value]
    return USERS[user_id]


@app.post("/users", status_code=201)
async def create_user(
    new: NewUser,
    idempotency_key: Annotated[str, Header()],
    traceparent: Annotated[str | None, Header()] = None,
) -> User:
    CALLS.append({"key": idempotency_key, "traceparent": traceparent})
    if idempotency_key not in SEEN:
        SEEN[idempotency_key] = len(USERS) + 1
        made = User(id=len(USERS) + 1, created_at=datetime.now(UTC), **new.model_dump())
        USERS[made.id] = made
    return USERS[SEEN[idempotency_key]]


@app.get("/users")
async def find_users(
    plan: Annotated[list[Plan] | None, Query()] = None,
    limit: int = 10,
    x_tenant: Annotated[str | None, Header()] = None,
) -> list[User]:
    found = [user for user in USERS.values() if plan is None or user.plan in plan]
    return found[:limit]


@app.delete("/users/{user_id}", status_code=204)
async def delete_user(user_id: int) -> Response:
    USERS.pop(user_id, None)
    return Response(status_code=204)


@app.post("/sessions")
async def open_session(
    name: Annotated[str, Form()], device: Annotated[UUID | None, Form()] = None
) -> dict[str, str]:
    return {"session": f"{name}-{device}"}


@app.get("/motd", response_class=PlainTextResponse)
async def message_of_the_day() -> str:
    return "hello"


@app.get("/calls")
async def calls() -> list[dict[str, str | None]]:
    return CALLS
