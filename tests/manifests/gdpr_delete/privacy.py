async def freeze_account(person_id: str) -> None:
    print("freeze", person_id)


async def thaw_account(person_id: str) -> None:
    print("thaw", person_id)


async def delete_profile(person_id: str) -> None:
    print("delete the profile of", person_id)


async def delete_orders(person_id: str) -> int:
    return len(person_id)


async def delete_backups(person_id: str) -> None:
    print("delete the backups of", person_id)


async def confirm(email: str, idempotency_key: str) -> None:
    print("confirm to", email, idempotency_key)
