from dataclasses import dataclass


@dataclass
class Workspace:
    id: str
    url: str
    owner: str


async def create_workspace(company: str, plan: str, idempotency_key: str) -> Workspace:
    return Workspace(idempotency_key, f"https://{company}.example.com", plan)


async def import_contacts(workspace: Workspace) -> int:
    return len(workspace.id)


async def send_tip(workspace: Workspace, number: int, idempotency_key: str) -> None:
    print("tip", number, workspace.owner, idempotency_key)
