"""Waits for the server and registers the namespace `default`, as its command line does: python register.py ADDRESS."""

import asyncio
import os
import sys
from datetime import timedelta

from google.protobuf.duration_pb2 import Duration
from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest, RegisterNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

PATIENCE = 60.0


async def ready(client: Client) -> None:
    period = Duration()
    period.FromTimedelta(timedelta(days=1))
    request = RegisterNamespaceRequest(namespace="default", workflow_execution_retention_period=period)
    try:
        await client.workflow_service.register_namespace(request)
    except RPCError as error:
        if error.status != RPCStatusCode.ALREADY_EXISTS:
            raise
    await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace="default"))
    await client.count_workflows()


async def main(address: str) -> None:
    deadline = asyncio.get_running_loop().time() + PATIENCE
    while True:
        try:
            return await ready(await Client.connect(address))
        except (RPCError, RuntimeError):
            if asyncio.get_running_loop().time() > deadline:
                raise
            await asyncio.sleep(0.05)


asyncio.run(main(sys.argv[1]))
# The client's own threads can break the end of an interpreter that is taken down in order.
os._exit(0)
